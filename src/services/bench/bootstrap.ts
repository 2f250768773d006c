import { digits } from './digits.js';
import { below, createRandom, type Random } from './random.js';

/** Of a number that was resampled: what lies between has been seen in this share of the resamples. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

/**
 * A confidence interval by the bootstrap: what a statistic would be, had other requests of the same kind been sent.
 * @param draw one resample's statistic; not a finite number where it has none
 * @param confidence 0.99 for 99 %
 * @returns null where fewer than half of the resamples have a statistic
 */
export function bootstrap(draw: (random: Random) => number, confidence: number, seed = 1): Interval | null {
  const random = createRandom(seed);
  const values: number[] = [];
  for (let n = 0; n < RESAMPLES; n++) {
    const value = draw(random);
    if (Number.isFinite(value)) values.push(value);
  }
  if (values.length < RESAMPLES / 2) return null;
  values.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  const at = (share: number) =>
    digits(values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN);
  return { low: at(tail), high: at(1 - tail) };
}

/** As many picks with replacement as there are items, as how often each was picked. */
export function pickCounts(length: number, random: Random): Uint32Array {
  const counts = new Uint32Array(length);
  for (let n = 0; n < length; n++) {
    const picked = below(random, length);
    counts[picked] = (counts[picked] ?? 0) + 1;
  }
  return counts;
}

/**
 * The value that a share of a resample does not exceed (nearest rank).
 * @param sorted rising
 */
export function resampledQuantile(sorted: Float64Array, share: number, random: Random): number {
  const counts = pickCounts(sorted.length, random);
  let left = Math.max(1, Math.ceil(share * sorted.length - 1e-9));
  for (let at = 0; at < counts.length; at++) {
    left -= counts[at] ?? 0;
    if (left <= 0) return sorted[at] ?? Number.NaN;
  }
  return Number.NaN;
}

/**
 * In which share of resamples something holds.
 * @param length how many items there are
 * @param holds given the indexes of one resample
 */
export function bootstrapShare(
  length: number,
  holds: (picks: readonly number[]) => boolean,
  seed = 1,
): number | null {
  if (length === 0) return null;
  const random = createRandom(seed);
  let kept = 0;
  for (let n = 0; n < RESAMPLES; n++) {
    const picks = Array.from({ length }, () => below(random, length));
    if (holds(picks)) kept++;
  }
  return kept / RESAMPLES;
}
