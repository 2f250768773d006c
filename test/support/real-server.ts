import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../../src/server/cache-folder.js';
import { serverPath } from '../../src/server/install/cached.js';
import { PREBUILT_SERVER, SOURCE_SERVER } from '../../src/server/install/pins.js';
import { smolLm2Path } from '../../src/server/install/smollm2.js';
import { ensureTinyModel } from '../../src/server/tiny-gguf.js';
import { noteRealServer } from './real-server-count.js';

/** The builds that tests run against; `LLAMACTL_TEST_BUILD` says which one this run is for. */
export type Build = 'v0.6.0' | 'v0.1.0';

export interface ServerOptions {
  readonly args?: readonly string[];
  /** A path; `null` for a router. Default the tiny model. */
  readonly model?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Where `/health` is asked, for `--api-prefix`. */
  readonly prefix?: string;
  /** `ready` (default), or `started` for one that loads, or fails. */
  readonly until?: 'ready' | 'started';
  readonly build?: Build;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has written so far. */
  log(): string;
  /** Ends it (SIGKILL unless told otherwise), stopped or not, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: accepts connections and answers nothing. */
  pause(): void;
  resume(): void;
}

/** Threads of a step wait for one another busily: on a full machine two are a hundred times slower than one. */
const ONE_THREAD = { LLAMA_ARG_THREADS: '1' };

const live = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of live) child.kill('SIGKILL');
});

/** The build of this run. */
export const build: Build = process.env['LLAMACTL_TEST_BUILD'] === 'v0.1.0' ? 'v0.1.0' : 'v0.6.0';

/**
 * The llama-server under test: LLAMA_SERVER_BIN, else the pinned copy in the cache; never a stray one on PATH.
 * @throws Error where there is none: in CI nothing is skipped (bin/test.js gets one before any test)
 */
export function serverBinary(wanted: Build = build): string {
  const given = process.env['LLAMA_SERVER_BIN'];
  if (given && wanted === 'v0.6.0') return given;
  const path = serverPath(cacheFolder(), wanted === 'v0.1.0' ? PREBUILT_SERVER : SOURCE_SERVER);
  if (!existsSync(path))
    throw new Error(`no llama-server ${wanted} in the cache (${path}): npm test gets one`);
  return path;
}

/** The built-in model's file. */
export function tinyModel(): Promise<string> {
  return ensureTinyModel(cacheFolder());
}

/** SmolLM2-135M, where bin/test.js has put it. @throws Error where it has not */
export function smolModel(): string {
  const path = smolLm2Path(cacheFolder());
  if (!existsSync(path)) throw new Error(`SmolLM2 is not in the cache (${path}): npm test gets it`);
  return path;
}

/** A port of loopback that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Starts a real llama-server, in well under a second with the tiny model. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  noteRealServer();
  const port = options.port ?? (await freePort());
  const model = options.model === undefined ? await tinyModel() : options.model;
  const args = [
    ...(model === null ? [] : ['-m', model]),
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...(options.args ?? []),
  ];
  const child = spawn(serverBinary(options.build), args, {
    env: { ...ONE_THREAD, PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  live.add(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-200_000);
    });
  }
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void exited.then(() => live.delete(child));
  const url = `http://127.0.0.1:${port}`;
  const server: TestServer = {
    url,
    port,
    pid: child.pid ?? 0,
    child,
    log: () => log,
    stop: async (signal = 'SIGKILL') => {
      child.kill('SIGCONT');
      child.kill(signal);
      await exited;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
  if (options.until !== 'started') await untilReady(server, options.prefix ?? '');
  return server;
}

/** One server for a suite: started before its first test, ended after its last. Read it inside tests only. */
export function shareServer(options: ServerOptions = {}): { readonly current: TestServer } {
  let server: TestServer | undefined;
  before(async () => {
    server = await startServer(options);
  });
  after(() => server?.stop());
  return {
    get current() {
      if (server === undefined) throw new Error('the server is only there inside tests');
      noteRealServer();
      return server;
    },
  };
}

async function untilReady(server: TestServer, prefix: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (server.child.exitCode !== null)
      throw new Error(`llama-server ended with ${server.child.exitCode}:\n${server.log().slice(-1000)}`);
    const status = await statusOf(`${server.url}${prefix}/health`);
    if (status === 200 || status === 401) return;
    await sleep(15);
  }
  throw new Error(`llama-server was not ready in 20 s:\n${server.log().slice(-1000)}`);
}

/** Asked with node:http, so that no test of our client waits for our client. */
function statusOf(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const asked = request(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? null);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(null));
    asked.end();
  });
}
