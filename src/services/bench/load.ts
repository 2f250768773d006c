import { setTimeout as sleep } from 'node:timers/promises';
import { type Arrivals, arrivalTimes } from './arrivals.js';

/** How requests are sent. */
export type Load =
  /** So many at any time: the next is sent when one has ended. */
  | { readonly kind: 'closed'; readonly concurrency: number }
  /** So many a second, whatever has become of those before. */
  | { readonly kind: 'open'; readonly rate: number; readonly arrivals: Arrivals };

/** When sending ends: whichever comes first. */
export interface Bounds {
  readonly requests: number | null;
  /** Milliseconds. */
  readonly durationMs: number | null;
}

export interface LoadOptions {
  readonly load: Load;
  readonly bounds: Bounds;
  /** Of the arrivals. */
  readonly seed: number;
  /** Ends the sending; what is under way is the sender's to end. */
  readonly signal: AbortSignal;
  /**
   * Sends a request and waits for its end. Never rejects.
   * @param scheduledMs when it was to be sent, on the clock of `performance.now()`
   */
  readonly send: (index: number, scheduledMs: number) => Promise<void>;
}

/** What a load was. Milliseconds on the clock of `performance.now()`. */
export interface LoadTimes {
  readonly startedMs: number;
  /** When the last was sent. */
  readonly lastSentMs: number;
  /** When the last had ended. */
  readonly endedMs: number;
  readonly sent: number;
}

/** Sends requests as a load says, and waits until all have ended. */
export async function runLoad(options: LoadOptions): Promise<LoadTimes> {
  const startedMs = performance.now();
  const times = { sent: 0, lastSentMs: startedMs };
  const take = (): number => {
    times.lastSentMs = performance.now();
    return times.sent++;
  };
  const { load } = options;
  await (load.kind === 'closed'
    ? sendInTurns(options, load.concurrency, startedMs, take)
    : sendAtTimes(options, load, startedMs, take));
  return { startedMs, ...times, endedMs: performance.now() };
}

async function sendInTurns(
  { bounds, signal, send }: LoadOptions,
  concurrency: number,
  startedMs: number,
  take: () => number,
): Promise<void> {
  const limit = bounds.requests ?? Number.POSITIVE_INFINITY;
  const until = startedMs + (bounds.durationMs ?? Number.POSITIVE_INFINITY);
  let sent = 0;
  const worker = async () => {
    while (sent < limit && !signal.aborted) {
      const now = performance.now();
      if (now >= until) return;
      sent++;
      await send(take(), now);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, limit) }, worker));
}

async function sendAtTimes(
  { bounds, seed, signal, send }: LoadOptions,
  { rate, arrivals }: Extract<Load, { kind: 'open' }>,
  startedMs: number,
  take: () => number,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const limit = bounds.requests ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  for (const at of arrivalTimes(rate, arrivals, seed)) {
    if (sent >= limit || at >= (bounds.durationMs ?? Number.POSITIVE_INFINITY)) break;
    const scheduled = startedMs + at;
    // A sender that is late catches up. Timers are a millisecond coarse: one that is early by less is on time.
    for (let wait = scheduled - performance.now(); wait >= 1 && !signal.aborted; ) {
      await sleep(Math.floor(wait), undefined, { signal }).catch(() => undefined);
      wait = scheduled - performance.now();
    }
    if (signal.aborted) break;
    sent++;
    const request = send(take(), Math.min(scheduled, performance.now()));
    underWay.add(request);
    void request.then(() => underWay.delete(request));
  }
  await Promise.all(underWay);
}
