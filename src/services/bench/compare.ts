import { bootstrap, type Interval, pickCounts, resampledQuantile } from './bootstrap.js';
import { digits } from './digits.js';
import { quantileOf } from './histogram.js';
import type { Load } from './load.js';
import type { Random } from './random.js';
import type { Samples } from './report.js';

/** Two runs of the same load, held against each other. */
export interface Comparison {
  readonly load: Load;
  readonly verdict: ChangeVerdict;
  readonly metrics: readonly ComparedMetric[];
}

/** From what matters most. `unsure`: more requests would be needed to tell. */
export type ChangeVerdict = 'regressed' | 'unsure' | 'same' | 'improved';

export interface ComparedMetric {
  readonly name: string;
  /** Milliseconds, tokens a second, or a share. */
  readonly before: number;
  readonly after: number;
  /** Relative (0.1 is 10 % more); of `errors` the difference of the shares. */
  readonly change: number;
  /** Of the change; null where there were too few requests. */
  readonly interval: Interval | null;
  readonly verdict: ChangeVerdict;
}

export const CONFIDENCE = 0.99;

/** One request of {@link Samples}. */
interface Sample {
  readonly ttftMs: number | null;
  readonly tpotMs: number | null;
  readonly e2eMs: number;
  readonly outputTokens: number;
  readonly failed: boolean;
}

interface Metric {
  readonly name: string;
  /** What a greater number means. */
  readonly more: 'worse' | 'better';
  /** Makes what draws the number of a resample (of the requests themselves without `random`); null of too few requests. */
  readonly drawer: (samples: readonly Sample[]) => ((random?: Random) => number) | null;
}

const percentile = (name: string, share: number, of: (sample: Sample) => number | null): Metric => ({
  name: `${name}.p${share * 100}`,
  more: 'worse',
  drawer: (samples) => {
    const values = samples.flatMap((sample) => (sample.failed ? [] : (of(sample) ?? [])));
    // The 95th of fewer is not to be told from their greatest.
    if (values.length < 2 / (1 - share)) return null;
    const sorted = Float64Array.from(values).sort();
    return (random) =>
      random === undefined ? quantileOf(sorted, share) : resampledQuantile(sorted, share, random);
  },
});

/** While as many requests as before are under way, tokens a second are tokens for each millisecond of waiting. */
const THROUGHPUT: Metric = {
  name: 'tps',
  more: 'better',
  drawer: (samples) => {
    const good = samples.filter(({ failed, outputTokens }) => !failed && outputTokens > 0);
    if (good.length < 2) return null;
    return (random) => {
      const counts = random === undefined ? null : pickCounts(good.length, random);
      let tokens = 0;
      let busyMs = 0;
      for (const [index, { outputTokens, e2eMs }] of good.entries()) {
        const n = counts === null ? 1 : (counts[index] ?? 0);
        tokens += n * outputTokens;
        busyMs += n * e2eMs;
      }
      return (tokens * 1000) / busyMs;
    };
  },
};

const METRICS: readonly Metric[] = [
  percentile('ttft', 0.5, ({ ttftMs }) => ttftMs),
  percentile('ttft', 0.95, ({ ttftMs }) => ttftMs),
  percentile('tpot', 0.5, ({ tpotMs }) => tpotMs),
  percentile('e2e', 0.5, ({ e2eMs }) => e2eMs),
  percentile('e2e', 0.95, ({ e2eMs }) => e2eMs),
];

/**
 * Whether the second run is worse than the first by more than a tolerance, and not by chance: the whole confidence interval
 * of a change has to lie beyond it.
 * @param tolerance 0.05 is 5 %
 */
export function compareRuns(load: Load, before: Samples, after: Samples, tolerance: number): Comparison {
  const [old, now] = [samplesOf(before), samplesOf(after)];
  // In an open loop the rate is the sender's.
  const metrics = [...METRICS, ...(load.kind === 'closed' ? [THROUGHPUT] : [])].flatMap((metric) => {
    const compared = compareMetric(metric, old, now, tolerance);
    if (compared === null) return [];
    // The samples tell it for one request at a time.
    const factor = metric === THROUGHPUT && load.kind === 'closed' ? load.concurrency : 1;
    return [
      { ...compared, before: digits(compared.before * factor), after: digits(compared.after * factor) },
    ];
  });
  const all = [...metrics, ...compareErrors(old, now)];
  const verdicts = all.map(({ verdict }) => verdict);
  const order: readonly ChangeVerdict[] = ['regressed', 'improved', 'unsure', 'same'];
  return { load, verdict: order.find((each) => verdicts.includes(each)) ?? 'unsure', metrics: all };
}

function compareMetric(
  { name, drawer, more }: Metric,
  old: readonly Sample[],
  now: readonly Sample[],
  tolerance: number,
): ComparedMetric | null {
  const [drawOld, drawNow] = [drawer(old), drawer(now)];
  if (drawOld === null || drawNow === null) return null;
  const [before, after] = [drawOld(), drawNow()];
  if (before === 0) return null;
  const interval = bootstrap((random) => drawNow(random) / drawOld(random) - 1, CONFIDENCE);
  return {
    name,
    before,
    after,
    change: digits(after / before - 1),
    interval,
    verdict: verdictOf(interval, more, tolerance),
  };
}

export function verdictOf(
  interval: Interval | null,
  more: 'worse' | 'better',
  tolerance: number,
): ChangeVerdict {
  if (interval === null) return 'unsure';
  const { low, high } = more === 'worse' ? interval : { low: -interval.high, high: -interval.low };
  if (low > tolerance) return 'regressed';
  if (high < -tolerance) return 'improved';
  return low >= -tolerance && high <= tolerance ? 'same' : 'unsure';
}

/** Failures are compared where there were any: one more is a regression as soon as chance cannot explain it. */
function compareErrors(old: readonly Sample[], now: readonly Sample[]): ComparedMetric[] {
  const share = (samples: readonly Sample[]) =>
    samples.length === 0 ? 0 : samples.filter(({ failed }) => failed).length / samples.length;
  const [before, after] = [share(old), share(now)];
  if (before === 0 && after === 0) return [];
  const drawn = (samples: readonly Sample[], random: Random) => {
    const counts = pickCounts(samples.length, random);
    const failed = samples.reduce(
      (sum, sample, index) => sum + (sample.failed ? (counts[index] ?? 0) : 0),
      0,
    );
    return failed / samples.length;
  };
  const interval = bootstrap((random) => drawn(now, random) - drawn(old, random), CONFIDENCE);
  const verdict = verdictOf(interval, 'worse', 0);
  return [
    {
      name: 'errors',
      before: digits(before),
      after: digits(after),
      change: digits(after - before),
      interval,
      verdict,
    },
  ];
}

function samplesOf({ ttftMs, tpotMs, e2eMs, outputTokens, failed }: Samples): Sample[] {
  return e2eMs.map((each, index) => ({
    ttftMs: ttftMs[index] ?? null,
    tpotMs: tpotMs[index] ?? null,
    e2eMs: each,
    outputTokens: outputTokens[index] ?? 0,
    failed: failed[index] === 1,
  }));
}
