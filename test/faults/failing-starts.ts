import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { CatalogueCode } from '../../src/errors/codes.js';
import { writeFirstShard, writeWithArchitecture } from '../support/altered-gguf.js';
import { type Build, freePort, serverBinary, smolModel, tinyModel } from '../support/real-server.js';
import type { Lab } from './lab.js';

/** A way in which llama-server fails to start here, for real. */
export interface FailingStart {
  readonly id: string;
  readonly title: string;
  readonly code: CatalogueCode;
  readonly also?: readonly CatalogueCode[];
  /** Default both. */
  readonly builds?: readonly Build[];
  /** What is run; default the build's binary with these arguments. */
  readonly start: (lab: Lab, build: Build) => Promise<Start>;
}

interface Start {
  readonly command?: string;
  readonly args: readonly string[];
}

/** Milliseconds after which a start has not failed. */
const LONGEST_START = 15_000;
/** Bytes of address space: enough to load SmolLM2, and not for 32,768 tokens of its KV cache (755 MB). */
const SCARCE_MEMORY = 650_000_000;

const withModel =
  (...args: readonly string[]) =>
  async () => ({ args: ['-m', await tinyModel(), ...args] });
const withFile = (write: (path: string) => unknown) => async (lab: Lab) => {
  const path = join(lab.folder(), 'model.gguf');
  await write(path);
  return { args: ['-m', path] };
};

export const FAILING_STARTS: readonly FailingStart[] = [
  {
    id: 'model-missing',
    title: 'the model file is not there',
    code: 'model.file-missing',
    start: async () => ({ args: ['-m', '/srv/models/absent.gguf'] }),
  },
  {
    id: 'model-cut-short',
    title: 'the model file is cut short',
    code: 'model.corrupt',
    start: withFile(async (path) =>
      writeFileSync(path, readFileSync(await tinyModel()).subarray(0, 1_000_000)),
    ),
  },
  {
    id: 'model-is-html',
    title: 'the model file is a web page',
    code: 'model.corrupt',
    start: withFile((path) => writeFileSync(path, '<!doctype html><title>Not found</title>')),
  },
  {
    id: 'model-empty',
    title: 'the model file is empty',
    code: 'model.corrupt',
    start: withFile((path) => writeFileSync(path, '')),
  },
  {
    id: 'model-is-folder',
    title: 'the model is a folder',
    code: 'model.corrupt',
    also: ['model.file-missing', 'model.load-failed'],
    start: async (lab) => ({ args: ['-m', lab.folder()] }),
  },
  {
    id: 'unknown-architecture',
    title: 'the architecture is one of the future',
    code: 'model.unsupported-architecture',
    start: withFile((path) => writeWithArchitecture(path, 'futur')),
  },
  {
    id: 'shard-missing',
    title: 'the second of three shards is not there',
    code: 'model.missing-shard',
    start: async (lab) => {
      const path = join(lab.folder(), 'model-00001-of-00003.gguf');
      await writeFirstShard(path, 3);
      return { args: ['-m', path] };
    },
  },
  {
    id: 'unknown-flag',
    title: 'a flag that there is not',
    code: 'server.bad-argument',
    start: withModel('--no-such-flag'),
  },
  {
    id: 'bad-value',
    title: 'a flag with a word where a number is wanted',
    code: 'server.bad-argument',
    start: withModel('--ctx-size', 'lots'),
  },
  {
    id: 'removed-flag',
    title: 'a flag that was removed',
    code: 'server.bad-argument',
    start: withModel('--draft', '3'),
  },
  {
    id: 'key-file-missing',
    title: 'the file of the API keys is not there',
    code: 'server.bad-argument',
    start: withModel('--api-key-file', '/srv/absent.keys'),
  },
  {
    id: 'models-folder-missing',
    title: "the router's folder of models is not there",
    code: 'server.bad-argument',
    also: ['model.file-missing'],
    start: async () => ({ args: ['--models-dir', '/srv/absent'] }),
  },
  {
    id: 'port-taken',
    title: 'the port is taken',
    code: 'server.port-in-use',
    start: async (lab) => {
      const holder = createServer();
      lab.defer(() => new Promise((resolve) => holder.close(resolve)));
      const port = await new Promise<number>((resolve) =>
        holder.listen(0, '127.0.0.1', () => {
          const address = holder.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        }),
      );
      return { args: ['-m', await tinyModel(), '--port', String(port)] };
    },
  },
  {
    id: 'address-of-another',
    title: '--host is no address of this machine',
    code: 'server.port-in-use',
    also: ['server.bad-argument'],
    start: withModel('--host', '192.0.2.1'),
  },
  {
    id: 'too-little-memory',
    title: 'too little memory for the KV cache (prlimit)',
    code: 'memory.host',
    start: async (_lab, build) => ({
      command: 'prlimit',
      args: [`--as=${SCARCE_MEMORY}`, serverBinary(build), '-m', smolModel(), '-c', '32768', '-np', '4'],
    }),
  },
  {
    id: 'template-raises',
    title: 'the chat template raises an exception at the start',
    code: 'request.template-error',
    start: withModel('--chat-template', "{{ raise_exception('System role not supported') }}"),
  },
  {
    id: 'lora-missing',
    title: 'the LoRA adapter is not there',
    code: 'model.file-missing',
    also: ['model.load-failed'],
    start: withModel('--lora', '/srv/models/absent-lora.gguf'),
  },
  {
    id: 'mmproj-missing',
    title: 'the multimodal projector is not there',
    code: 'model.file-missing',
    also: ['model.load-failed'],
    start: withModel('--mmproj', '/srv/models/absent-mmproj.gguf'),
  },
  {
    id: 'download-fails',
    title: 'the model cannot be fetched',
    code: 'model.download-failed',
    start: async (lab) => ({
      args: [
        '-mu',
        `http://127.0.0.1:${await freePort()}/model.gguf`,
        '-m',
        join(lab.folder(), 'model.gguf'),
      ],
    }),
  },
  {
    id: 'library-missing',
    title: 'the program was copied without its libraries',
    code: 'server.missing-library',
    builds: ['v0.1.0'],
    start: async (lab, build) => {
      const command = join(lab.folder(), 'llama-server');
      copyFileSync(serverBinary(build), command);
      return { command, args: [] };
    },
  },
  {
    id: 'illegal-instruction',
    title: 'the program was built for another processor, as the shell tells it',
    code: 'server.illegal-instruction',
    builds: ['v0.6.0'],
    start: async (_lab, build) => ({
      command: 'bash',
      args: ['-c', `"${serverBinary(build)}" --version; bash -c 'kill -ILL $$'; exit $?`],
    }),
  },
];

/** A server that ends at once may lose the last lines of its log (v0.1.0, one in hundreds): such a log proves nothing. */
const MOST_STARTS = 3;
const SAYS_WHY = / E |error|what\(\)|illegal/i;

/**
 * Runs a start that fails and writes down what it said.
 * @returns the log's path
 * @throws Error where it does not fail, or says nothing
 */
export async function failStart(lab: Lab, { id, start }: FailingStart, build: Build): Promise<string> {
  lab.usedServer = true;
  const given = await start(lab, build);
  for (let starts = 0; starts < MOST_STARTS; starts++) {
    const log = await logOf(lab, id, given, build);
    if (!SAYS_WHY.test(log)) continue;
    const path = join(lab.folder(), 'server.log');
    writeFileSync(path, log);
    return path;
  }
  throw new Error(`${id} says nothing`);
}

async function logOf(lab: Lab, id: string, { command, args }: Start, build: Build): Promise<string> {
  const port = ['--host', '127.0.0.1', '--port', String(await freePort())];
  const child = spawn(
    command ?? serverBinary(build),
    command === undefined ? [...port, ...args] : [...args, ...(command === 'prlimit' ? port : [])],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: lab.folder(), LC_ALL: 'C' },
    },
  );
  lab.defer(() => child.kill('SIGKILL'));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_START);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => resolve(ended));
  });
  clearTimeout(timer);
  if (signal === 'SIGKILL' || code === 0) throw new Error(`${id} did not fail:\n${log.slice(-500)}`);
  return log;
}
