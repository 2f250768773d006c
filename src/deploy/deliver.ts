import { usageError } from '../errors/llamactl-error.js';
import type { Generated } from './generate.js';
import type { NextStep } from './target.js';
import { compareFiles, diffOf, type PlannedFile, writeFiles } from './write.js';

export interface DeliverOptions {
  /** A folder, or `-` for stdout. */
  readonly output: string;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly diff: boolean;
  /** Whether stdout is taken by the JSON document. */
  readonly json: boolean;
}

/** What became of the files. */
export type Outcome =
  | { readonly kind: 'stream'; readonly text: string; readonly next: readonly NextStep[] }
  /** The document holds them. */
  | { readonly kind: 'document' }
  /** A patch; empty where nothing would change. */
  | { readonly kind: 'diff'; readonly text: string; readonly folder: string }
  | {
      readonly kind: 'files';
      readonly folder: string;
      readonly written: boolean;
      readonly files: readonly PlannedFile[];
      readonly next: readonly NextStep[];
    };

/**
 * Hands the files over: as a stream, as files of a folder, or as what would change there.
 * @throws LlamactlError (usage) where that cannot be done, or files are there that differ
 */
export async function deliver(generated: Generated, options: DeliverOptions): Promise<Outcome> {
  if (options.output === '-') return toStdout(generated, options);
  const folder = options.output.replace(/(?<=.)\/+$/, '');
  const files = await compareFiles(folder, generated.files);
  if (options.diff) return { kind: 'diff', text: diffOf(files), folder };
  if (!options.dryRun) await writeFiles(folder, files, options);
  return { kind: 'files', folder, written: !options.dryRun, files, next: generated.next(folder) };
}

/** Files that are named in an error. */
const MOST_NAMES = 6;

function toStdout({ stream, files, next }: Generated, options: DeliverOptions): Outcome {
  if (options.diff || options.dryRun) {
    throw usageError(`--${options.diff ? 'diff' : 'dry-run'} compares with files, and needs their folder`, [
      { text: 'For example:', commands: ['--output deploy'] },
    ]);
  }
  if (files.some(({ key }) => key !== undefined)) {
    throw usageError(
      '--generate-secret makes a key, which is written into a folder and nowhere else: there it is kept from run to run',
      [{ text: 'For example:', commands: ['--output deploy'] }],
    );
  }
  if (options.json) return { kind: 'document' };
  if (stream === null) {
    const names = files.slice(0, MOST_NAMES).map(({ path }) => path);
    const rest = files.length > MOST_NAMES ? ' …' : '';
    throw usageError(
      `these are ${files.length} files, which stdout cannot hold: ${names.join(', ')}${rest}`,
      [{ text: 'Name a folder for them, or take them as JSON:', commands: ['--output deploy', '--json'] }],
    );
  }
  return { kind: 'stream', text: stream, next: next(null) };
}
