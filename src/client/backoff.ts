import { interrupted } from './interrupted.js';
import { presentSignals } from './signals.js';

const BASE_MS = 250;
const CAP_MS = 10_000;

/**
 * How long to wait before a further try: exponential with full jitter (a random time up to base × 2^attempt, so that
 * clients that failed together do not come back together), or the server's Retry-After where that is longer.
 * @param attempt 0 for the first retry
 * @param retryAfterMs what the server asked for, milliseconds
 */
export function backoffDelay(attempt: number, retryAfterMs = 0, random: () => number = Math.random): number {
  return Math.max(retryAfterMs, Math.round(random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt)));
}

/**
 * Waits.
 * @param ms milliseconds
 * @throws LlamactlError (interrupted) as soon as a signal aborts
 */
export function sleep(ms: number, signals: readonly (AbortSignal | undefined)[] = []): Promise<void> {
  return new Promise((resolve, reject) => {
    const present = presentSignals(signals);
    const cleanUp = () => {
      clearTimeout(timer);
      for (const signal of present) signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      cleanUp();
      reject(interrupted(present.find((signal) => signal.aborted)?.reason));
    };
    const timer = setTimeout(() => {
      cleanUp();
      resolve();
    }, ms);
    for (const signal of present) signal.addEventListener('abort', onAbort, { once: true });
    if (present.some((signal) => signal.aborted)) onAbort();
  });
}
