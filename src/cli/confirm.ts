import { createInterface } from 'node:readline/promises';
import { usageError } from '../errors/llamactl-error.js';
import { isTerminal } from './stdin.js';

export interface ConfirmOptions {
  /** The user has agreed beforehand. */
  readonly yes: boolean;
  /** The command that agrees beforehand, for where there is nobody to ask. */
  readonly agreeing: string;
  readonly signal: AbortSignal;
}

/**
 * Asks on the terminal; the question goes to stderr, since stdout may be somebody's input.
 * @param situation a sentence: `There is no llama-server here`
 * @param deed what is asked for: `download it`
 * @returns true for yes; for anything else, and for no answer, false
 * @throws LlamactlError (usage) where there is nobody to ask; what the signal was aborted with
 */
export async function confirm(situation: string, deed: string, options: ConfirmOptions): Promise<boolean> {
  const { yes, agreeing, signal } = options;
  if (yes) return true;
  if (!isTerminal() || process.stderr.isTTY !== true) {
    throw usageError(`${situation}, and nobody to ask whether to ${deed}`, [
      { text: 'Agree to it beforehand:', commands: [agreeing] },
    ]);
  }
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  const noAnswer = new Promise<string>((resolve) => readline.once('close', () => resolve('')));
  // readline takes the terminal raw, so Ctrl-C comes to it and not as a signal.
  readline.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const question = `${situation}. Shall llamactl ${deed}? [y/N] `;
    const answer = await Promise.race([readline.question(question, { signal }), noAnswer]);
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    readline.close();
  }
}
