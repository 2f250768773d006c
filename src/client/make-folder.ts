import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, like a recursive `mkdir`, which in Node 20 never ends where the system answers "no such
 * file" for a folder that is there (anything in /proc, so with HOME=/proc).
 * @param mode of each folder that is made
 * @throws the system's error where it cannot be made
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const make = () =>
    mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await make();
  });
}
