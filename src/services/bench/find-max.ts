/** What one trial of a rate has shown. */
export interface Trial {
  /** Requests a second. */
  readonly rate: number;
  readonly held: boolean;
}

export interface FoundMax {
  /** Requests a second of the highest rate that held; null where none did. */
  readonly rate: number | null;
  /** The lowest rate that did not hold; null where all did. */
  readonly missedAt: number | null;
  readonly trials: readonly Trial[];
}

export interface SearchOptions {
  /** What the server does at most, as far as is known: the first rate that is tried. */
  readonly start: number;
  /** Runs at most. */
  readonly maxRuns: number;
  /** How near the two rates are to be: 0.05 is 5 %. */
  readonly precision: number;
  readonly signal: AbortSignal;
  readonly measure: (rate: number) => Promise<boolean>;
}

/** How much is taken off where nothing has held yet, and put on where all has. */
const STEP = 2;

/**
 * Halves between a rate that holds and one that does not, until they are near or the runs are used up. Noise is not averaged
 * away: each rate is tried once.
 */
export async function findMax(options: SearchOptions): Promise<FoundMax> {
  const { start, maxRuns, precision, signal, measure } = options;
  const trials: Trial[] = [];
  let held: number | null = null;
  let missed: number | null = null;
  let rate = start;
  while (trials.length < maxRuns && !signal.aborted) {
    const isHeld = await measure(rate);
    if (signal.aborted) break;
    trials.push({ rate, held: isHeld });
    if (isHeld) held = Math.max(held ?? 0, rate);
    else missed = Math.min(missed ?? Number.POSITIVE_INFINITY, rate);
    if (held !== null && missed !== null) {
      if (missed <= held * (1 + precision)) break;
      // Between rates that are far apart, the middle of their orders of magnitude.
      rate = missed > 2 * held ? Math.sqrt(held * missed) : (held + missed) / 2;
    } else {
      rate = held === null ? rate / STEP : rate * STEP;
    }
  }
  return { rate: held, missedAt: missed, trials };
}
