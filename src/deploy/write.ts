import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shellQuote } from '../catalogue/fill.js';
import { makeFolder } from '../client/make-folder.js';
import { usageError } from '../errors/llamactl-error.js';
import { unifiedDiff } from './diff.js';
import type { GeneratedFile } from './target.js';

/** A file, against what is there. */
export interface PlannedFile extends GeneratedFile {
  readonly state: 'new' | 'changed' | 'unchanged';
  /** What is there; null where nothing is. */
  readonly before: string | null;
}

/** Compares files with those in a folder. */
export function compareFiles(folder: string, files: readonly GeneratedFile[]): Promise<PlannedFile[]> {
  return Promise.all(
    files.map(async (file): Promise<PlannedFile> => {
      const before = await readFile(join(folder, file.path), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw usageError(`${join(folder, file.path)} cannot be read: ${error.message}`);
      });
      const state = before === null ? 'new' : before === file.content ? 'unchanged' : 'changed';
      return { ...file, before, state };
    }),
  );
}

/** What would change, as a patch; empty where nothing would. */
export function diffOf(files: readonly PlannedFile[]): string {
  return files.map(({ path, before, content }) => unifiedDiff(path, before, content)).join('');
}

/**
 * Writes the files; each appears whole or not at all.
 * @throws LlamactlError (usage) where one is there and different, unless `force`
 */
export async function writeFiles(
  folder: string,
  files: readonly PlannedFile[],
  { force }: { readonly force: boolean },
): Promise<void> {
  const changed = files.filter(({ state }) => state === 'changed');
  if (changed.length > 0 && !force) {
    const names = changed.map(({ path }) => join(folder, path)).join(', ');
    throw usageError(
      `${names} ${changed.length === 1 ? 'is' : 'are'} there already, and different: nothing was written`,
      [
        { text: 'See what would change, then write it:', commands: ['--diff', '--force'] },
        { text: 'Or choose another folder:', commands: [`--output ${shellQuote(`${folder}-new`)}`] },
      ],
    );
  }
  for (const { path, content, state } of files) {
    if (state === 'unchanged') continue;
    const target = join(folder, path);
    try {
      await makeFolder(dirname(target), 0o777);
      const temporary = `${target}.${process.pid}.tmp`;
      await writeFile(temporary, content);
      await rename(temporary, target);
    } catch (error) {
      throw usageError(
        `${target} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
