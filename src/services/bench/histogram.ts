import { digits } from './digits.js';

/** Milliseconds of many requests or tokens, in short. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly max: number;
}

/** Microseconds. */
const LONGEST = 3_600_000_000;
const DIGITS = 3;

/** Milliseconds → a {@link Distribution}, in constant memory. */
export interface Recorder {
  add(ms: number): void;
  /** Milliseconds that this share (0 to 1) of the values does not exceed. */
  quantile(share: number): number;
  /** Null without a value. */
  distribution(): Distribution | null;
}

/** Makes recorders: HDR histograms of microseconds, exact to 0.1 %. They are loaded here, since only load tests need them. */
export async function loadRecorders(): Promise<() => Recorder> {
  // A CommonJS module: its own `default` is inside of what Node's import calls so, and tsx takes it out.
  const { default: module } = await import('hdr-histogram-js/dist/Int32Histogram.js');
  const Histogram = 'default' in module ? module.default : module;
  return () => {
    const histogram = new Histogram(1, LONGEST, DIGITS);
    // The histogram's own mean, least and greatest are of whole buckets.
    let sum = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = 0;
    const quantile = (share: number) => {
      if (share === 0 || share === 1) return share === 0 ? min : max;
      return Math.min(max, Math.max(min, histogram.getValueAtPercentile(share * 100) / 1000));
    };
    return {
      quantile,
      add: (ms) => {
        const value = Math.max(0, ms);
        histogram.recordValue(Math.min(LONGEST, Math.round(value * 1000)));
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
      },
      distribution: () => {
        const count = histogram.totalCount;
        if (count === 0) return null;
        return describe(count, sum, quantile);
      },
    };
  };
}

/** The values of one request, exactly. @returns null without a value */
export function distributionOf(values: readonly number[]): Distribution | null {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return null;
  const sum = sorted.reduce((total, value) => total + value, 0);
  return describe(sorted.length, sum, (share) => quantileOf(sorted, share));
}

function describe(count: number, sum: number, quantile: (share: number) => number): Distribution {
  const at = (share: number) => digits(quantile(share));
  return {
    count,
    mean: digits(sum / count),
    min: at(0),
    p50: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    'p99.9': at(0.999),
    max: at(1),
  };
}

/** The least value that this share of sorted values does not exceed (nearest rank, as HDR histograms have it). */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  // 0.95 × 20 is 19 and a rounding error more.
  const rank = Math.max(1, Math.ceil(share * sorted.length - 1e-9));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}
