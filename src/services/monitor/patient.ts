import { sleep } from '../../client/backoff.js';

/** A question that is out, and not asked again before it is answered. */
export interface Patient<T> {
  /**
   * Asks, or goes on waiting for the answer to the question before.
   * @param patienceMs milliseconds; the question stays out after them
   * @returns null where there is no answer yet
   */
  ask(question: () => Promise<T>, patienceMs: number, signal: AbortSignal): Promise<T | null>;
}

/**
 * For what a server answers between two batches only: a deadline would leave its question in the server's queue, and the next
 * one beside it.
 */
export function patient<T>(): Patient<T> {
  let out: Promise<{ readonly value: T } | { readonly error: unknown }> | null = null;
  return {
    ask: async (question, patienceMs, signal) => {
      out ??= question().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const waited = new AbortController();
      const answer = await Promise.race([
        out,
        sleep(patienceMs, [waited.signal, signal]).then(
          () => null,
          () => null,
        ),
      ]);
      waited.abort();
      if (answer === null) return null;
      out = null;
      if ('error' in answer) throw answer.error;
      return answer.value;
    },
  };
}
