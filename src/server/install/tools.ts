import { lookUp } from '../look-up.js';
import type { InstallContext } from './progress.js';
import { runTool } from './run-tool.js';

/** A command that is several words: `python3 -m pip`. */
export type Words = readonly [string, ...string[]];

/** What downloads packages, and the Python that unpacks them. */
export interface Downloader {
  readonly pip: Words;
  readonly python: Words;
  /** Whether it can tell its progress line by line (pip 24.1 and newer). */
  readonly rawProgress: boolean;
}

const PYTHONS = process.platform === 'win32' ? ['py', 'python', 'python3'] : ['python3', 'python'];
const COMPILERS = process.platform === 'darwin' ? ['c++', 'clang++'] : ['c++', 'g++', 'clang++'];

/** pip, else uv (which brings both when asked); null where neither is there. */
export async function findDownloader(context: InstallContext): Promise<Downloader | null> {
  for (const name of PYTHONS) {
    const python = await lookUp(name, context.env);
    if (python === null) continue;
    const version = await pipVersion([python, '-m', 'pip'], context);
    if (version !== null) {
      return { pip: [python, '-m', 'pip'], python: [python], rawProgress: isAtLeast(version, [24, 1]) };
    }
  }
  const uv = await lookUp('uv', context.env);
  if (uv === null) return null;
  return {
    pip: [uv, 'tool', 'run', 'pip'],
    python: [uv, 'run', '--no-project', '--quiet', 'python'],
    rawProgress: true,
  };
}

/** `pip 23.2.1 from …` → `[23, 2]`. */
async function pipVersion(pip: Words, { env, signal }: InstallContext): Promise<readonly number[] | null> {
  const [command, ...args] = pip;
  try {
    const lines = await runTool(command, [...args, '--version'], { env, signal });
    const found = /^pip (\d+)\.(\d+)/m.exec(lines.join('\n'));
    return found === null ? null : [Number(found[1]), Number(found[2])];
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function isAtLeast(version: readonly number[], [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version;
  return a > major || (a === major && b >= minor);
}

/** A C++ compiler's path. llama.cpp's CMake finds it by itself; this is to know before the download. */
export async function findCompiler(env: NodeJS.ProcessEnv): Promise<string | null> {
  if (env['CXX']) return env['CXX'];
  for (const name of COMPILERS) {
    const path = await lookUp(name, env);
    if (path !== null) return path;
  }
  return null;
}
