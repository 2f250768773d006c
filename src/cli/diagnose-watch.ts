import { setTimeout as sleep } from 'node:timers/promises';
import type { Diagnosis } from '../diagnose/runner.js';
import type { Output } from './output.js';

export interface WatchOptions {
  /** Milliseconds from the end of one look to the next. */
  readonly everyMs: number;
  readonly output: Output;
  readonly width: number;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/**
 * Diagnoses again and again: the first time all is printed, then only what changed. Under `--json` a line each time, the
 * first and every changed one.
 * @throws what the signal is aborted with: there is no other end
 */
export async function watchDiagnoses(
  ask: () => Promise<readonly Diagnosis[]>,
  { everyMs, output, width, json, signal }: WatchOptions,
): Promise<never> {
  const [{ compareDiagnoses, hasChanged }, { renderComparison }, { renderDiagnoses }] = await Promise.all([
    import('../diagnose/compare.js'),
    import('../render/comparison.js'),
    import('../render/diagnosis.js'),
  ]);
  const last = new Map<string, Diagnosis>();
  for (let first = true; ; first = false) {
    const diagnoses = await ask();
    const time = new Date();
    const changed = diagnoses.flatMap((now) => {
      const before = last.get(now.url);
      last.set(now.url, now);
      const comparison = before === undefined ? null : compareDiagnoses(before, now);
      return comparison === null || hasChanged(comparison) ? [{ now, comparison }] : [];
    });
    if (json) for (const { now } of changed) output.jsonLine({ time: time.toISOString(), ...now });
    else if (first) output.print(renderDiagnoses(diagnoses, { width, verbose: false }));
    else
      for (const { now, comparison } of changed)
        if (comparison !== null)
          output.print(
            `\n${time.toTimeString().slice(0, 8)} ${now.target ?? now.url}\n${renderComparison(comparison, width)}`,
          );
    await sleep(everyMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
