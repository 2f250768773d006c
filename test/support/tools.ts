import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../src/server/cache-folder.js';

/** Where tests keep the programs of others, beside the servers and models. */
export const TOOLS = join(cacheFolder(), 'tools');

/** Runs a program at low priority. @returns its output; null where it failed or is not there */
export function output(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): string | null {
  const { status, stdout } = spawnSync('nice', [command, ...args], {
    encoding: 'utf8',
    ...options,
    env: { ...process.env, ...options.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? stdout : null;
}

/** What a step makes takes its place only when it is whole. @returns whether it did */
export function whole(place: string, make: (folder: string) => boolean): boolean {
  mkdirSync(TOOLS, { recursive: true });
  const folder = mkdtempSync(join(TOOLS, '.new-'));
  try {
    if (!make(folder)) return false;
    rmSync(place, { recursive: true, force: true });
    renameSync(folder, place);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds the program of a Go module, `path@version`, so that it is found at `place`. */
export function goInstall(module: string, place: string): boolean {
  // Outside of any module, so that the version asked for is the one that is built.
  return whole(
    dirname(place),
    (folder) => output('go', ['install', module], { cwd: TOOLS, env: { GOBIN: folder } }) !== null,
  );
}

/** Fetches a Go module, `path@version`. @returns the folder of its files, which is read-only; null where it cannot be had */
export function goModule(module: string): string | null {
  mkdirSync(TOOLS, { recursive: true });
  const found = output('go', ['mod', 'download', '-json', module], { cwd: TOOLS });
  return found === null ? null : z.object({ Dir: z.string() }).parse(JSON.parse(found)).Dir;
}

/** Fetches the wheel of a PyPI package, `name==version`, into a folder. @returns the file; null where it cannot be had */
export function pipDownload(requirement: string, folder: string, sha256?: string): string | null {
  const pip = ['-m', 'pip', 'download', '-q', '--no-deps', '--dest', folder, requirement];
  if (output('python3', pip) === null) return null;
  const name = readdirSync(folder).find((file) => file.endsWith('.whl'));
  if (name === undefined) return null;
  const file = join(folder, name);
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  return sha256 === undefined || found === sha256 ? file : null;
}
