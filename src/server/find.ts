import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { cacheFolder } from './cache-folder.js';
import { cachedServers } from './install/cached.js';
import { waysToInstall } from './install/guidance.js';
import { isExecutable, lookUp } from './look-up.js';

/** A llama-server that can be started. */
export interface ServerBinary {
  readonly command: string;
  /** What must come before llama-server's own arguments: `serve` for the unified `llama`. */
  readonly args: readonly string[];
  readonly origin: '--bin' | 'LLAMA_SERVER_BIN' | 'PATH' | 'cache';
  /** As it tells it, e.g. `0.6.0-dev (build 11434, commit …)`; null where it could not be asked. */
  readonly version: string | null;
}

export interface FindOptions {
  /** `--bin`: a path, or a name on PATH. */
  readonly bin?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the user's cache folder. */
  readonly cacheDirectory?: string;
  /** Whether it must run any model, or the built-in one is enough (which more builds can run). Default true. */
  readonly anyModel?: boolean;
}

/** Milliseconds: a GPU build enumerates its devices before it tells its version. */
const VERSION_TIMEOUT = 15_000;
const execFileAsync = promisify(execFile);

/**
 * Finds a llama-server: `--bin`, then `LLAMA_SERVER_BIN`, `llama-server` and `llama serve` on PATH, and the copy in the cache.
 * What was named must be usable; it is never passed over for another.
 * @returns null where there is none
 * @throws LlamactlError (usage) where a named one is missing or cannot be executed
 */
export async function findServer(options: FindOptions = {}): Promise<ServerBinary | null> {
  const env = options.env ?? process.env;
  const named = namedServer(options.bin, env);
  if (named !== null) {
    const command = await resolveNamed(named.value, named.origin, env);
    return identify({ command, args: [], origin: named.origin }, env);
  }
  const onPath = await lookUp('llama-server', env);
  if (onPath !== null) return identify({ command: onPath, args: [], origin: 'PATH' }, env);
  const unified = await lookUp('llama', env);
  if (unified !== null) {
    // Other programs are called `llama` too: only one that tells llama-server's version under `serve` is ours.
    const found = await identify({ command: unified, args: ['serve'], origin: 'PATH' }, env);
    if (found.version !== null) return found;
  }
  const [cached] = await cachedServers(options.cacheDirectory ?? cacheFolder(env), {
    anyModel: options.anyModel ?? true,
  });
  return cached === undefined ? null : identify({ command: cached.path, args: [], origin: 'cache' }, env);
}

/** {@link findServer}, where there must be one. @throws LlamactlError (exit 2) with the ways to get one */
export async function requireServer(options: FindOptions = {}): Promise<ServerBinary> {
  const found = await findServer(options);
  if (found !== null) return found;
  throw await notInstalled();
}

/** That there is no llama-server, and how to get one here. */
export async function notInstalled(): Promise<LlamactlError> {
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'server.not-installed',
    message: 'no llama-server was found: not by --bin, LLAMA_SERVER_BIN or PATH, nor in the cache',
    remedies: [
      { text: 'Let llamactl fetch one into its cache folder:', commands: ['llamactl up --tiny --install'] },
      ...(await waysToInstall()),
      { text: 'Or say where yours is:', commands: ['llamactl up --tiny --bin /path/to/llama-server'] },
    ],
  });
}

function namedServer(
  bin: string | undefined,
  env: NodeJS.ProcessEnv,
): { readonly value: string; readonly origin: '--bin' | 'LLAMA_SERVER_BIN' } | null {
  if (bin !== undefined) return { value: bin, origin: '--bin' };
  const value = env['LLAMA_SERVER_BIN'];
  return value ? { value, origin: 'LLAMA_SERVER_BIN' } : null;
}

async function resolveNamed(value: string, origin: string, env: NodeJS.ProcessEnv): Promise<string> {
  const isPath = /[\\/]/.test(value);
  const path = isPath ? resolve(value) : ((await lookUp(value, env)) ?? resolve(value));
  const remedies = [
    { text: 'Find where it is:', commands: ['command -v llama-server'] },
    {
      text: 'Or leave it out, and PATH and the cache are searched:',
      commands: [origin === '--bin' ? 'llamactl up --tiny' : 'unset LLAMA_SERVER_BIN'],
    },
  ];
  const facts = await stat(path).catch(() => null);
  if (facts === null) throw usageError(`${origin} names ${value}, which does not exist`, remedies);
  if (facts.isDirectory()) {
    throw usageError(`${origin} names ${value}, which is a folder: name the program in it`, remedies);
  }
  if (!(await isExecutable(path))) {
    throw usageError(`${origin} names ${value}, which cannot be executed`, [
      { text: 'Where it is the program, allow that:', commands: [`chmod +x ${value}`] },
      ...remedies,
    ]);
  }
  return path;
}

async function identify(
  binary: Omit<ServerBinary, 'version'>,
  env: NodeJS.ProcessEnv,
): Promise<ServerBinary> {
  return { ...binary, version: await versionOf(binary, env) };
}

/** What it prints for `--version` (most builds to stderr): `version: 0.6.0-dev (build 0, commit unknown)`. */
async function versionOf(
  { command, args }: Pick<ServerBinary, 'command' | 'args'>,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  try {
    const { stdout, stderr } = await execFileAsync(command, [...args, '--version'], {
      env,
      timeout: VERSION_TIMEOUT,
      windowsHide: true,
    });
    return /^version: (\S.*)$/m.exec(`${stderr}\n${stdout}`)?.[1]?.trim() ?? null;
  } catch {
    // A library is missing, or an instruction: starting it will show, and is explained.
    return null;
  }
}
