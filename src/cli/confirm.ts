import { usageError } from '../errors/llamactl-error.js';
import { ask, canAsk } from './ask.js';

export interface ConfirmOptions {
  /** The user has agreed beforehand. */
  readonly yes: boolean;
  /** The command that agrees beforehand, for where there is nobody to ask. */
  readonly agreeing: string;
  readonly signal: AbortSignal;
}

/**
 * Asks whether to do something.
 * @param situation a sentence: `There is no llama-server here`
 * @param deed what is asked for: `download it`
 * @returns true for yes; for anything else, and for no answer, false
 * @throws LlamactlError (usage) where there is nobody to ask; what the signal was aborted with
 */
export async function confirm(situation: string, deed: string, options: ConfirmOptions): Promise<boolean> {
  const { yes, agreeing, signal } = options;
  if (yes) return true;
  if (!canAsk()) {
    throw usageError(`${situation}, and nobody to ask whether to ${deed}`, [
      { text: 'Agree to it beforehand:', commands: [agreeing] },
    ]);
  }
  const answer = await ask(`${situation}. Shall llamactl ${deed}? [y/N] `, signal);
  return /^y(es)?$/i.test(answer.trim());
}
