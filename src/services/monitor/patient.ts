import { sleep } from '../../client/backoff.js';

/** A question of which only one is out at a time. */
export interface Patient<T> {
  /**
   * Asks, once the question before is answered.
   * @param patienceMs milliseconds; a question stays out after them, and its answer is then too old to be of use
   * @returns null where there is no answer yet
   */
  ask(question: () => Promise<T>, patienceMs: number, signal: AbortSignal): Promise<T | null>;
}

type Answer<T> = { readonly value: T } | { readonly error: unknown };

/**
 * For what a server answers between two batches only: a deadline would leave its question in the server's queue, and the next
 * one beside it.
 */
export function patient<T>(): Patient<T> {
  let out: Promise<Answer<T>> | null = null;
  return {
    ask: async (question, patienceMs, signal) => {
      const started = performance.now();
      if (out !== null) {
        if ((await within(out, patienceMs, signal)) === null) return null;
        out = null;
      }
      out = question().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const answer = await within(out, patienceMs - (performance.now() - started), signal);
      if (answer === null) return null;
      out = null;
      if ('error' in answer) throw answer.error;
      return answer.value;
    },
  };
}

/** @returns null where it takes longer */
async function within<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T | null> {
  const waited = new AbortController();
  const late = sleep(Math.max(0, ms), [waited.signal, signal]).then(
    () => null,
    () => null,
  );
  const first = await Promise.race([work, late]);
  waited.abort();
  return first;
}
