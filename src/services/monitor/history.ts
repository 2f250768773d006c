import { nameOf, type WatchEvent } from './track.js';
import type { Tick } from './watch.js';

/** What a screen keeps of the lines so far. Its size is bounded. */
export interface History {
  /** Lines so far; the newest value of each series is of the last one. */
  readonly ticks: number;
  /** By row: generated tokens a second; null where nobody knew. Newest last, at most {@link LONGEST}. */
  readonly series: ReadonlyMap<string, readonly (number | null)[]>;
  /** Newest last, at most {@link EVENTS}. */
  readonly events: readonly WatchEvent[];
}

/** Lines that are looked back at most. */
export const LONGEST = 240;
const EVENTS = 200;

export const NO_HISTORY: History = { ticks: 0, series: new Map(), events: [] };

/** The history with one more line. */
export function addTick(history: History, tick: Tick): History {
  const series = new Map<string, readonly (number | null)[]>();
  for (const row of tick.servers) {
    const before = history.series.get(nameOf(row)) ?? [];
    series.set(nameOf(row), [...before.slice(-(LONGEST - 1)), row.generationTokensPerSecond]);
  }
  return {
    ticks: history.ticks + 1,
    series,
    events: tick.events.length === 0 ? history.events : [...history.events, ...tick.events].slice(-EVENTS),
  };
}
