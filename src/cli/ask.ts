import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { isTerminal } from './stdin.js';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return isTerminal() && process.stderr.isTTY === true;
}

/**
 * Asks on the terminal; the question goes to stderr, since stdout may be somebody's input.
 * @returns what was typed; empty for no answer
 * @throws what the signal was aborted with
 */
export async function ask(question: string, signal: AbortSignal): Promise<string> {
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  const noAnswer = new Promise<string>((resolve) => readline.once('close', () => resolve('')));
  // readline takes the terminal raw, so Ctrl-C comes to it and not as a signal.
  readline.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await Promise.race([readline.question(question, { signal }), noAnswer]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    readline.close();
  }
}

/** Asks with a proposal, which an empty answer takes. */
export function asker(signal: AbortSignal): (question: string, proposal: string) => Promise<string> {
  return async (question, proposal) => (await ask(`${question} [${proposal}] `, signal)).trim() || proposal;
}

/**
 * Asks for a secret: what is typed is not shown, and Backspace and Ctrl-U work as anywhere.
 * @returns what was typed; empty for no answer
 * @throws what the signal was aborted with
 */
export async function askSecret(question: string, signal: AbortSignal): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const readline = createInterface({ input: process.stdin, output: unseen, terminal: true });
  // Only now does the terminal itself show nothing of what is typed.
  process.stderr.write(question);
  const noAnswer = new Promise<string>((resolve) => readline.once('close', () => resolve('')));
  readline.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await Promise.race([readline.question('', { signal }), noAnswer]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    readline.close();
    process.stderr.write('\n');
  }
}
