import { LlamactlError } from '../../errors/llamactl-error.js';
import { type Fact, failureFact } from '../facts.js';

/**
 * Asks a question, and keeps its answer or its failure as data.
 * @throws what is no failure of a server's: Ctrl-C, and bugs of ours
 */
export async function ask<T>(question: () => Promise<T>): Promise<Fact<T>> {
  const started = performance.now();
  const durationMs = () => Math.round((performance.now() - started) * 10) / 10;
  try {
    return { state: 'known', value: await question(), durationMs: durationMs() };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { state: 'failed', error: failureFact(error), durationMs: durationMs() };
  }
}
