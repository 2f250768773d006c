import type { Arrivals } from './arrivals.js';
import { bootstrapShare } from './bootstrap.js';
import type { FindMaxReport } from './document.js';
import { findMax } from './find-max.js';
import { quantileOf } from './histogram.js';
import type { Bounds } from './load.js';
import type { RunReport, Samples } from './report.js';
import { type Bench, runOnce } from './run.js';
import { allowsErrors, holds, type Slo } from './slo.js';

/** How the highest rate is looked for. */
export interface MaxSearch {
  readonly arrivals: Arrivals;
  readonly maxRuns: number;
  /** How near the rate that holds and the one that misses are to be: 0.05 is 5 %. */
  readonly precision: number;
}

const DEFAULT_SLOTS = 4;
/** Where nobody says how long a trial is: long enough for some requests, short enough for some trials. */
const TRIAL = { seconds: 10, leastRequests: 20, longestMs: 60_000 };
/** A queue that takes longer to empty than a full server's slowest answer, so many times, was still growing. */
const DRAIN_FACTOR = 3;

interface Tried {
  readonly run: RunReport;
  readonly why: string | null;
}

/**
 * The highest rate at which all promises are kept. It begins with the rate of a full server, by a closed loop.
 * @returns the run at the rate that was found (else the last), and the search
 */
export async function searchMax(
  bench: Bench,
  { arrivals, maxRuns, precision }: MaxSearch,
  bounds: Bounds,
): Promise<{ readonly runs: readonly RunReport[]; readonly findMax: FindMaxReport }> {
  const concurrency = bench.slots ?? DEFAULT_SLOTS;
  let sent = 0;
  const run = async (load: RunReport['load'], limits: Bounds) => {
    const report = await runOnce(bench, load, limits, sent);
    sent += report.requests + report.unfinished;
    return report;
  };
  const given = bounds.requests !== null || bounds.durationMs !== null;
  const full = await run(
    { kind: 'closed', concurrency },
    given ? bounds : { requests: TRIAL.leastRequests, durationMs: TRIAL.seconds * 1000 },
  );
  const slowestMs = full.e2eMs?.max ?? 0;
  const tried = new Map<number, Tried>();
  const found = await findMax({
    start: rounded(full.requestsPerSecond || 1),
    maxRuns,
    precision,
    signal: bench.signal,
    measure: async (rate) => {
      const report = await run(
        { kind: 'open', rate: rounded(rate), arrivals },
        given ? bounds : trialOf(rate),
      );
      const why = whyNot(report, bench.slos, slowestMs);
      tried.set(rate, { run: report, why });
      return why === null;
    },
  });
  const best = found.rate === null ? undefined : tried.get(found.rate)?.run;
  const last = [...tried.values()].at(-1)?.run ?? full;
  return {
    runs: [best ?? last],
    findMax: {
      rate: found.rate === null ? null : rounded(found.rate),
      missedAt: found.missedAt === null ? null : rounded(found.missedAt),
      trials: found.trials.map(({ rate, held }) => ({
        rate: rounded(rate),
        held,
        requests: tried.get(rate)?.run.requests ?? 0,
        why: tried.get(rate)?.why ?? null,
      })),
      confidence: best === undefined ? null : confidenceOf(best.samples, bench.slos),
    },
  };
}

function trialOf(rate: number): Bounds {
  return {
    requests: Math.max(TRIAL.leastRequests, Math.round(rate * TRIAL.seconds)),
    durationMs: TRIAL.longestMs,
  };
}

/** Why a rate does not hold; null where it does. */
function whyNot(run: RunReport, slos: readonly Slo[], slowestMs: number): string | null {
  if (run.requests === 0) return 'nothing was answered';
  if (run.failed > 0 && !allowsErrors(slos)) return `${run.failed} of ${run.requests} requests failed`;
  const missed = run.slo.find(({ held }) => !held);
  if (missed !== undefined)
    return `${missed.expression}${missed.cause === undefined ? '' : `: ${missed.cause}`}`;
  if (run.drainMs > DRAIN_FACTOR * slowestMs) return 'the queue was still growing at the end';
  return null;
}

/**
 * In how many resamples of a run's requests its promises about them are kept. What is not in the samples (the time between
 * tokens, rates) is taken as it was.
 */
function confidenceOf(samples: Samples, slos: readonly Slo[]): number | null {
  const columns = slos.flatMap((slo) => {
    const { latency } = slo;
    const values =
      latency?.name === 'ttft'
        ? samples.ttftMs
        : latency?.name === 'tpot'
          ? samples.tpotMs
          : latency?.name === 'e2e'
            ? samples.e2eMs
            : null;
    return values === null || latency === null ? [] : [{ slo, values, statistic: latency.statistic }];
  });
  if (columns.length === 0) return null;
  return bootstrapShare(samples.e2eMs.length, (picks) =>
    columns.every(({ slo, values, statistic }) => {
      const picked = picks.flatMap((index) => values[index] ?? []);
      return holds(slo, statisticOf(picked, statistic));
    }),
  );
}

function statisticOf(values: readonly number[], statistic: string): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  if (statistic === 'mean') return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  if (statistic === 'min') return sorted[0] ?? null;
  return quantileOf(sorted, statistic === 'max' ? 1 : Number(statistic.slice(1)) / 100);
}

/** Three digits: nobody sets a rate of 4.28571. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(3));
}
