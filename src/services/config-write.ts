import { existsSync, statSync } from 'node:fs';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../client/make-folder.js';
import { usageError } from '../errors/llamactl-error.js';

/**
 * Writes a configuration whole or not at all; a file that was there is kept beside it.
 * @param label how the file is named to the user
 * @param mode of a new file; one that is there keeps its own
 * @returns the backup, named as the file is; null where there was nothing to keep
 * @throws LlamactlError (usage) where it cannot be written
 */
export async function writeConfig(
  path: string,
  label: string,
  text: string,
  mode: number,
): Promise<string | null> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await makeFolder(dirname(path), 0o700);
    const backup = existsSync(path) ? freeName(`${path}.bak`) : null;
    if (backup !== null) await copyFile(path, backup);
    const kept = backup === null ? mode : statSync(path).mode & 0o777;
    await writeFile(temporary, text, { mode: kept });
    await rename(temporary, path);
    return backup === null ? null : label + backup.slice(path.length);
  } catch (error) {
    await rm(temporary, { force: true });
    throw usageError(`${label} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function freeName(name: string): string {
  if (!existsSync(name)) return name;
  let number = 2;
  while (existsSync(`${name}${number}`)) number++;
  return `${name}${number}`;
}
