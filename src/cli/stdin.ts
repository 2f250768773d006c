import { fstatSync } from 'node:fs';
import { usageError } from '../errors/llamactl-error.js';

/** Milliseconds to wait for the first byte of a socket beside a given prompt: ssh leaves stdin open without ever writing. */
const SOCKET_PATIENCE = 1000;

/**
 * The text of an argument, of stdin, or of both (the argument first: `git diff | llamactl chat 'Review this'`).
 * @param what names it in the error: `a prompt`
 * @throws LlamactlError (usage) where there is neither
 */
export async function readPrompt(argument: string | undefined, what: string): Promise<string> {
  const piped = await readPiped(argument !== undefined);
  const parts = [argument, piped].filter((part) => part !== undefined && part !== '');
  if (parts.length === 0) {
    throw usageError(`there is no text: give ${what} as an argument or on stdin`, [
      { text: 'For example:', commands: ["llamactl chat 'Hello'", "echo 'Hello' | llamactl chat"] },
    ]);
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
  for await (const chunk of process.stdin)
    chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
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
