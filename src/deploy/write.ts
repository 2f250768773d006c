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
      if (before !== null && isKept(file, before))
        return { ...file, content: before, before, state: 'unchanged' };
      const state = before === null ? 'new' : before === file.content ? 'unchanged' : 'changed';
      return { ...file, before, state };
    }),
  );
}

/** Whether only a key that was made up is another: clients know the one that is there. */
function isKept({ content, key }: GeneratedFile, before: string): boolean {
  if (key?.random !== true) return false;
  const [start = '', end = ''] = content.split(key.text);
  return before.startsWith(start) && before.endsWith(end) && before.length > start.length + end.length;
}

/** A Secret with the values hidden: they stand at its end. */
function hidden(text: string, which: string): string {
  const [head = '', ...values] = text.split(/(?<=^(?:stringD|d)ata:\n)/m);
  return head + values.join('').replace(/^( +[^\s:#]+:) .+$/gm, `$1 '***' # the key ${which}`);
}

/** What would change, as a patch; empty where nothing would. */
export function diffOf(files: readonly PlannedFile[]): string {
  return files
    .map(({ path, before, content, key }) =>
      key === undefined || before === content
        ? unifiedDiff(path, before, content)
        : unifiedDiff(path, before && hidden(before, 'that is there'), hidden(content, 'that would be')),
    )
    .join('');
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
  for (const { path, content, state, key } of files) {
    if (state === 'unchanged') continue;
    const target = join(folder, path);
    try {
      await makeFolder(dirname(target), 0o777);
      const temporary = `${target}.${process.pid}.tmp`;
      await writeFile(temporary, content, { mode: key === undefined ? 0o666 : 0o600 });
      await rename(temporary, target);
    } catch (error) {
      throw usageError(
        `${target} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
