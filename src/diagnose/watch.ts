import { setTimeout as sleep } from 'node:timers/promises';
import { type Comparison, compareDiagnoses, hasChanged } from './compare.js';
import type { Diagnosis } from './runner.js';

/** A server's diagnosis that is new, or otherwise than the one before. */
export interface WatchEvent {
  readonly time: Date;
  readonly diagnosis: Diagnosis;
  /** Null for the first one. */
  readonly comparison: Comparison | null;
}

/**
 * Diagnoses again and again; tells the first diagnosis of each server, and then what changed.
 * @param everyMs milliseconds from the end of one look to the next
 * @throws what the signal is aborted with: there is no other end
 */
export async function* watchDiagnoses(
  ask: () => Promise<readonly Diagnosis[]>,
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, never> {
  const last = new Map<string, Diagnosis>();
  for (;;) {
    const diagnoses = await ask();
    const time = new Date();
    for (const diagnosis of diagnoses) {
      const before = last.get(diagnosis.url);
      last.set(diagnosis.url, diagnosis);
      const comparison = before === undefined ? null : compareDiagnoses(before, diagnosis);
      if (comparison === null || hasChanged(comparison)) yield { time, diagnosis, comparison };
    }
    await sleep(everyMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
