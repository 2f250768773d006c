import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isCatalogueCode } from '../errors/codes.js';
import { type LlamactlError, usageError } from '../errors/llamactl-error.js';
import type { ExplainInput } from './explain.js';

/** Longer arguments are texts, not names of files. */
const LONGEST_PATH = 1024;

/**
 * What somebody means by the argument of `explain`: `-` or nothing is stdin, a code of the catalogue is that, the name of
 * a file is its content, and anything else is the text itself.
 * @throws LlamactlError (usage) for nothing at all, a folder, an unreadable file, and what looks like a code but is none
 */
export async function inputOf(
  argument: string | undefined,
  stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean },
): Promise<ExplainInput> {
  if (argument === '-' || (argument === undefined && stdin.isTTY !== true))
    return { kind: 'stream', chunks: stdin };
  if (argument === undefined) {
    throw usageError('there is nothing to explain: give a log, an error message or a code', [
      {
        text: 'Paste or pipe a log',
        commands: ['llamactl explain server.log', 'docker logs llama 2>&1 | llamactl explain -'],
      },
      { text: 'See all failures that are known', commands: ['llamactl explain --list'] },
    ]);
  }
  if (isCatalogueCode(argument)) return { kind: 'code', code: argument };
  const file = await fileOf(argument);
  if (file !== null) return file;
  if (/^[a-z0-9]{2,12}\.[a-z-]{2,30}$/.test(argument)) {
    throw usageError(`there is neither a code nor a file "${argument}"`, [
      { text: 'See all codes', commands: ['llamactl explain --list'] },
    ]);
  }
  return { kind: 'text', text: argument };
}

/**
 * A log as a stream.
 * @param path `-` is stdin
 * @throws LlamactlError (usage) where there is no such file, or nobody writes to stdin
 */
export async function logOf(
  path: string,
  stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean },
): Promise<AsyncIterable<Uint8Array | string>> {
  if (path === '-') {
    if (stdin.isTTY !== true) return stdin;
    throw usageError('--logs -: nothing is piped in', [
      { text: 'For example:', commands: ['docker logs llama 2>&1 | llamactl diagnose --logs -'] },
    ]);
  }
  const file = await fileOf(path);
  if (file?.kind === 'stream') return file.chunks;
  throw usageError(`--logs: there is no file ${path}`);
}

async function fileOf(path: string): Promise<ExplainInput | null> {
  if (path === '' || path.length > LONGEST_PATH || /[\n\0]/.test(path)) return null;
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  if (found.isDirectory()) throw usageError(`${path} is a folder, not a log file`);
  return { kind: 'stream', chunks: readable(path) };
}

async function* readable(path: string): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 });
  } catch (error) {
    throw usageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The refusal of an empty log: that nothing is wrong does not follow from it. @param command what would read the log from stdin */
export function nothingToRead(command: string): LlamactlError {
  return usageError('there is nothing to read: what was given is empty', [
    {
      text: 'A log that another program writes to stderr needs 2>&1:',
      commands: [`docker logs llama 2>&1 | ${command}`],
    },
  ]);
}
