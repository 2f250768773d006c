import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../client/make-folder.js';
import { withLock } from './lock.js';
import type { InstallContext } from './progress.js';

/** Where something is made: `output` becomes the finished thing, the rest is thrown away. */
export interface Workshop {
  readonly folder: string;
  /** A path that does not exist yet. */
  readonly output: string;
}

/**
 * Makes a file or folder that others see whole or not at all, while no other process makes the same.
 * @param target what it will be called in the end
 * @param find tells whether it is there; asked again once the lock is held
 * @param make fills {@link Workshop.output}
 */
export async function makeOnce<T>(
  target: string,
  context: InstallContext,
  find: () => Promise<T | null>,
  make: (workshop: Workshop) => Promise<void>,
): Promise<T> {
  const known = await find();
  if (known !== null) return known;
  const onWait = (pid: number | null) =>
    context.report({
      step: 'wait',
      message: `waiting for another llamactl${pid === null ? '' : ` (process ${pid})`} that is at it`,
    });
  return withLock(`${target}.lock`, { signal: context.signal, onWait }, async () => {
    const meanwhile = await find();
    if (meanwhile !== null) return meanwhile;
    const folder = await openWorkshop(target);
    try {
      const workshop = { folder, output: join(folder, 'output') };
      await make(workshop);
      context.signal.throwIfAborted();
      await rename(workshop.output, target);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
    const made = await find();
    if (made === null) throw new Error(`${target} was made, and is not there`);
    return made;
  });
}

/** An empty folder beside the target, on the same file system. What a killed process left is taken away. */
async function openWorkshop(target: string): Promise<string> {
  const parent = dirname(target);
  const prefix = `.${basename(target)}-`;
  await makeFolder(parent, 0o777);
  for (const name of await readdir(parent)) {
    // We hold the lock: nobody works in these any more.
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
  return mkdtemp(join(parent, prefix));
}
