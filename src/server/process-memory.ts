import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** What of a process is where, bytes; null where the system does not tell. */
export interface ProcessMemory {
  readonly residentBytes: number | null;
  /** Of these: its own, which can only go to swap (KV cache, buffers, weights under --no-mmap). */
  readonly anonymousBytes: number | null;
  /** Of these: pages of files, which can be dropped and read again (mapped weights). */
  readonly fileBytes: number | null;
  readonly swappedBytes: number | null;
  /** What its control group may hold, as a container's limit or systemd's MemoryMax; null without a limit. */
  readonly limitBytes: number | null;
}

/** From `/proc/PID/status`, and the limit of its control group. */
export async function memoryOf(pid: string, status: string): Promise<ProcessMemory> {
  return {
    residentBytes: kilobytes(status, 'VmRSS'),
    anonymousBytes: kilobytes(status, 'RssAnon'),
    fileBytes: kilobytes(status, 'RssFile'),
    swappedBytes: kilobytes(status, 'VmSwap'),
    limitBytes: await limitOf(pid),
  };
}

/** Groups without a limit say `max`, or in version 1 a number near 2^63. */
const UNLIMITED = 2 ** 60;

/**
 * The tightest limit of the control groups that a process is in, by versions 1 and 2.
 * @param root of the file system, for tests
 */
export async function limitOf(pid: string, root = '/'): Promise<number | null> {
  const groups = await readFile(join(root, 'proc', pid, 'cgroup'), 'utf8').catch(() => '');
  const limits: number[] = [];
  for (const line of groups.split('\n')) {
    // `0::/system.slice/llama.service`, `4:memory:/docker/0123…`
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isSecond = controllers === '' && path !== '';
    if (!isSecond && !controllers.split(',').includes('memory')) continue;
    const [base, file] = isSecond
      ? [join(root, 'sys/fs/cgroup'), 'memory.max']
      : [join(root, 'sys/fs/cgroup/memory'), 'memory.limit_in_bytes'];
    // Seen from inside a container the path is the host's, and the group's own files stand at the top.
    for (let at = path; ; at = dirname(at)) {
      const text = (await readFile(join(base, at, file), 'utf8').catch(() => '')).trim();
      if (/^\d+$/.test(text) && Number(text) < UNLIMITED) limits.push(Number(text));
      if (at === '/' || at === '.') break;
    }
  }
  return limits.length === 0 ? null : Math.min(...limits);
}

/**
 * How large the files are that a model consists of, as the process names it: all shards of one that is split.
 * @param given what stands after `-m`
 * @param folder that the process runs in
 * @param root of the file system that it sees: a container's is another
 * @returns null where they cannot be seen
 */
export async function modelBytes(given: string, folder: string, root = '/'): Promise<number | null> {
  const path = join(root, resolve(folder, given));
  const [, head, , total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path)) ?? [];
  const names =
    head === undefined
      ? [basename(path)]
      : (await readdir(dirname(path)).catch(() => [])).filter(
          (name) => name.startsWith(`${head}-`) && name.endsWith(`-of-${total}.gguf`),
        );
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(dirname(path), name)).then(
        ({ size }) => size,
        () => null,
      ),
    ),
  );
  return sizes.length === 0 || sizes.includes(null)
    ? null
    : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

function kilobytes(status: string, field: string): number | null {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return found === undefined ? null : Number(found) * 1024;
}
