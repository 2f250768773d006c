import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlamactlError } from '../errors/llamactl-error.js';
import { signalChild, spawnChild } from './children.js';
import type { ServerBinary } from './find.js';
import { type LoadProgress, LoadProgressReader } from './load-progress.js';
import { LogBuffer } from './log-buffer.js';

export interface StartOptions {
  readonly binary: Pick<ServerBinary, 'command' | 'args'>;
  /** llama-server's own arguments, `--host` and `--port` among them. */
  readonly args: readonly string[];
  /** Where it will answer, with its path prefix. */
  readonly url: string;
  /** Handed over by LLAMA_API_KEY: arguments can be read by everybody on the machine. */
  readonly apiKey?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** How a server ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not even be started. */
  readonly error: Error | null;
  /** Whether we had asked for it. */
  readonly requested: boolean;
}

/** Milliseconds from SIGTERM to SIGKILL: with an answer under way llama-server would hang on for 30 s, sending nothing. */
const STOP_GRACE = 5000;
/** Milliseconds between two looks at a server that starts: short at first, as a small model loads in no time. */
const FIRST_POLL = 25;
const LONGEST_POLL = 300;
const POLL_TIMEOUT = 2000;

/** Failures of `/health` that pass while a server starts. */
const NOT_YET: ReadonlySet<string> = new Set([
  'connection.refused',
  'connection.reset',
  'connection.timeout',
  'server.loading',
  'server.busy',
  'server.wedged',
]);

/** A llama-server of ours, from start to end. It never outlives this process. */
export class RunningServer {
  readonly url: string;
  /** Settles when it has ended, however it did; never rejects. */
  readonly exited: Promise<ServerExit>;
  readonly #child: ChildProcess;
  readonly #log = new LogBuffer();
  readonly #progress = new LoadProgressReader();
  readonly #apiKey: string | undefined;
  readonly #exit = new AbortController();
  #stopping: Promise<ServerExit> | undefined;

  /** Starts it; whether it comes up is for {@link waitUntilReady} to tell. */
  constructor(options: StartOptions) {
    this.url = options.url;
    this.#apiKey = options.apiKey;
    const env = { ...(options.env ?? process.env) };
    if (options.apiKey !== undefined) env['LLAMA_API_KEY'] = options.apiKey;
    this.#child = spawnChild(options.binary.command, [...options.binary.args, ...options.args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log.push(chunk);
        this.#progress.push(chunk);
      });
    }
    this.exited = new Promise((resolve) => {
      let failure: Error | null = null;
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#exit.abort();
        resolve({ code, signal, error: failure, requested: this.#stopping !== undefined });
      };
      this.#child.once('error', (error) => {
        failure = error;
        if (this.#child.pid === undefined) end(null, null);
      });
      // `close` and not `exit`: the last lines of the log tell why.
      this.#child.once('close', end);
    });
  }

  /** Undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#exit.signal.aborted;
  }

  /** Its output: the first lines and the last ones. */
  log(): readonly string[] {
    return this.#log.lines();
  }

  /**
   * Waits until it answers that it is ready.
   * @param options.onProgress told at each look how far it is, as its log shows
   * @returns null once it is ready, else how it ended
   * @throws what the signal was aborted with; LlamactlError where something else answers in its place
   */
  async waitUntilReady({
    signal,
    onProgress,
  }: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  } = {}): Promise<ServerExit | null> {
    const { LlamaCppClient } = await import('../client/llama-client.js');
    const client = new LlamaCppClient({
      baseUrl: this.url,
      maxRetries: 0,
      timeout: POLL_TIMEOUT,
      // It is on this machine: no proxy has a part in it.
      env: {},
      insecure: true,
      ...(this.#apiKey === undefined ? {} : { apiKey: this.#apiKey }),
    });
    try {
      for (let pause = FIRST_POLL; ; pause = Math.min(LONGEST_POLL, pause * 1.5)) {
        signal?.throwIfAborted();
        if (this.hasExited) return await this.exited;
        if (await isReady(() => client.health(signal === undefined ? {} : { signal }), signal)) return null;
        onProgress?.(this.#progress.state);
        await pauseFor(pause, [this.#exit.signal, ...(signal === undefined ? [] : [signal])]);
      }
    } finally {
      await client.destroy();
    }
  }

  /** Ends it: SIGTERM, and SIGKILL where that does not do soon. */
  stop(graceMs: number = STOP_GRACE): Promise<ServerExit> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** Ends it at once. */
  kill(): Promise<ServerExit> {
    return this.stop(0);
  }

  async #stop(graceMs: number): Promise<ServerExit> {
    if (this.hasExited) return this.exited;
    // A stopped process (SIGSTOP) would not see the signal.
    if (process.platform !== 'win32') signalChild(this.#child, 'SIGCONT');
    signalChild(this.#child, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    const timer = setTimeout(() => signalChild(this.#child, 'SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }
}

async function isReady(health: () => Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await health();
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LlamactlError)) throw error;
    // While loading, 503 comes before any look at the key: who asks for a key is up.
    if (error.type === 'AUTHENTICATION_ERROR') return true;
    if (NOT_YET.has(error.code)) return false;
    throw error;
  }
}

async function pauseFor(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  // An abort only shortens the pause; the loop looks at what it means.
  await sleep(ms, undefined, { signal: AbortSignal.any([...signals]) }).catch(() => undefined);
}
