import { fstatSync } from 'node:fs';
import { usageError } from '../errors/llamactl-error.js';

/** Milliseconds to wait for the first byte of a socket beside a given prompt: ssh leaves stdin open without ever writing. */
const SOCKET_PATIENCE = 1000;

/** Bytes of stdin that are read at most: no context holds as much, and a whole disk piped in by mistake ends here. */
const LARGEST_INPUT = 64 * 1024 * 1024;

/** What is asked for, for the error where it is not given. */
export interface Wanted {
  /** `a prompt`. */
  readonly what: string;
  /** Default `as an argument or on stdin`. */
  readonly how?: string;
  readonly examples: readonly string[];
}

/**
 * The text of an argument, of stdin, or of both (the argument first: `git diff | llamactl chat 'Review this'`).
 * @throws LlamactlError (usage) where there is neither, or too much
 */
export async function readPrompt(
  argument: string | undefined,
  { what, how = 'as an argument or on stdin', examples }: Wanted,
): Promise<string> {
  const piped = await readPiped(argument !== undefined);
  const parts = [argument, piped].filter((part) => part !== undefined && part.trim() !== '');
  if (parts.length === 0) {
    throw usageError(`there is no text: give ${what} ${how}`, [{ text: 'For example:', commands: examples }]);
  }
  return parts.join('\n\n');
}

/** Whether somebody types at this process. */
export function isTerminal(): boolean {
  return process.stdin.isTTY === true;
}

async function readPiped(isOptional: boolean): Promise<string | undefined> {
  if (isTerminal()) return undefined;
  let kind: 'stream' | 'socket' | 'other' = 'other';
  try {
    const stat = fstatSync(0);
    kind = stat.isFIFO() || stat.isFile() ? 'stream' : stat.isSocket() ? 'socket' : 'other';
  } catch {
    // A closed stdin.
    return undefined;
  }
  if (isOptional && kind === 'other') return undefined;
  if (isOptional && kind === 'socket' && !(await somethingComes())) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    chunks.push(bytes);
    length += bytes.length;
    if (length > LARGEST_INPUT)
      throw usageError('stdin holds more than 64 MiB, which no context does: give a part of it');
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function somethingComes(): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (comes: boolean) => {
      clearTimeout(timer);
      process.stdin.off('readable', onReadable);
      process.stdin.off('end', onEnd);
      if (!comes) process.stdin.destroy();
      resolve(comes);
    };
    const onReadable = () => done(true);
    const onEnd = () => done(false);
    const timer = setTimeout(onEnd, SOCKET_PATIENCE);
    process.stdin.once('readable', onReadable);
    process.stdin.once('end', onEnd);
  });
}
