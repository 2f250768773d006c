import type { Comparison } from './compare.js';
import type { Load } from './load.js';
import type { PromptPlan } from './prompts.js';
import type { RunReport } from './report.js';

/** What was sent, beside the load: two runs are compared only where this is the same. */
export interface Settings {
  readonly prompts: PromptPlan;
  readonly maxTokens: number;
  readonly ignoreEos: boolean;
  readonly stream: boolean;
}

/** The search for the highest rate, told. */
export interface FindMaxReport {
  /** Requests a second; null where no rate held. */
  readonly rate: number | null;
  /** The lowest rate that missed; null where none did. */
  readonly missedAt: number | null;
  readonly trials: readonly {
    readonly rate: number;
    readonly held: boolean;
    readonly requests: number;
    readonly why: string | null;
  }[];
  /** Share of resamples of the run at that rate in which its promises are kept; null where that cannot be told. */
  readonly confidence: number | null;
}

/** From the gravest: what makes the exit code 130, 1, 1, 1 and 0. */
export type BenchVerdict = 'interrupted' | 'failures' | 'missed' | 'regressed' | 'good';

export interface BenchHead {
  readonly schemaVersion: 1;
  /** ISO 8601. */
  readonly time: string;
  readonly target: string;
  readonly url: string;
  readonly model: string | null;
  readonly build: string | null;
  readonly slots: number | null;
  readonly contextPerSlot: number | null;
  readonly networkMs: number;
  readonly settings: Settings;
  readonly seed: number;
  /** Whether synthetic prompts were exactly as long as asked for; null where they were a file's. */
  readonly exactPrompts: boolean | null;
  readonly verdict: BenchVerdict;
  readonly findMax?: FindMaxReport;
  readonly comparisons?: readonly Comparison[];
}

/** The JSON document of `bench`: of one run its numbers at the top, of several a list. */
export type BenchDocument = BenchHead & (RunReport | { readonly runs: readonly RunReport[] });

/** Two loads that can be compared. */
export function sameLoad(a: Load, b: Load): boolean {
  return a.kind === 'closed'
    ? b.kind === 'closed' && a.concurrency === b.concurrency
    : b.kind === 'open' && a.rate === b.rate && a.arrivals === b.arrivals;
}

/** `8 at a time`, `5/s, poisson`. */
export function describeLoad(load: Load): string {
  return load.kind === 'closed' ? `${load.concurrency} at a time` : `${load.rate}/s ${load.arrivals}`;
}
