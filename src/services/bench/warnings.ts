import type { RequestRecord } from './record.js';
import type { RunReport } from './report.js';
import type { Slo } from './slo.js';

export interface WarningFacts {
  /** Whether each prompt was to be new to the server. */
  readonly promptsAreNew: boolean;
  /** Tokens that each prompt was to have; null where that was not asked for exactly. */
  readonly promptTokens: number | null;
  /** Tokens that each prompt shares with others. */
  readonly sharedTokens: number;
  /** Tokens of an answer, where each was to be as long. */
  readonly outputTokens: number | null;
}

/** Of one core: more, and what is measured is how fast this program is. */
const BUSY_CLIENT = 0.85;
/** Milliseconds, and the share of the median time to the first token. */
const LAG = { ms: 20, share: 0.1 };
const CACHED_SHARE = 0.2;

/** What makes numbers less worth than they look, a sentence each. */
export function warningsOf(
  report: Omit<RunReport, 'warnings'>,
  answered: readonly RequestRecord[],
  slos: readonly Slo[],
  facts: WarningFacts,
): string[] {
  return [
    ...clientWarnings(report),
    ...sampleWarnings(report, slos),
    ...promptWarnings(report, answered, facts),
  ];
}

function clientWarnings({ client, ttftMs, e2eMs }: Omit<RunReport, 'warnings'>): string[] {
  const { cpu, lagP99Ms, lateP99Ms } = client;
  const reference = (ttftMs ?? e2eMs)?.p50 ?? 0;
  const waits = Math.max(lagP99Ms, lateP99Ms);
  const isLate = waits > LAG.ms && waits > LAG.share * reference;
  if (cpu <= BUSY_CLIENT && !isLate) return [];
  const seen = [
    ...(cpu > BUSY_CLIENT ? [`${Math.round(cpu * 100)} % of a core`] : []),
    ...(isLate ? [`${Math.round(waits)} ms late at the 99th percentile`] : []),
  ];
  return [
    `This program was a limit itself (${seen.join(', ')}): the server may be faster than measured. Run it on an idle machine, or with less load.`,
  ];
}

/** A percentile of too few values is their greatest. */
function sampleWarnings(report: Omit<RunReport, 'warnings'>, slos: readonly Slo[]): string[] {
  const samples = slos.flatMap(({ latency, text }) => {
    if (latency === null || !latency.statistic.startsWith('p')) return [];
    const n = latency.name === 'itl' ? (report.itlMs?.count ?? 0) : report.succeeded;
    const needed = samplesFor(Number(latency.statistic.slice(1)) / 100);
    return n > 0 && n < needed
      ? [
          `${text} is judged by ${n} ${latency.name === 'itl' ? 'gaps' : 'requests'}: ${latency.statistic} of so few is about their greatest. Take at least ${needed}.`,
        ]
      : [];
  });
  return samples;
}

/** Values above a percentile that there must be for it to be more than the greatest of them: one, and one to spare. */
export function samplesFor(share: number): number {
  return Math.ceil(2 / (1 - share) - 1e-9);
}

function promptWarnings(
  report: Omit<RunReport, 'warnings'>,
  answered: readonly RequestRecord[],
  { promptsAreNew, promptTokens, sharedTokens, outputTokens }: WarningFacts,
): string[] {
  const { prompt, cached } = report.tokens;
  const counts = answered.map((record) => record.promptTokens).filter((count) => count > 0);
  const { least, most } = rangeOf(counts);
  const share = prompt === 0 ? 0 : cached / prompt;
  // The template's own beginning is the same in each prompt.
  const expected = prompt === 0 ? 0 : (sharedTokens * answered.length) / prompt;
  const short = outputTokens === null ? [] : answered.filter((record) => record.outputTokens < outputTokens);
  return [
    ...(promptTokens !== null && counts.length > 0 && (least !== promptTokens || most !== promptTokens)
      ? [`Prompts were to be ${promptTokens} tokens, and the server counted ${least} to ${most}.`]
      : []),
    ...(promptsAreNew && share > expected + CACHED_SHARE
      ? [
          `${Math.round(share * 100)} % of the prompt tokens came from the server's cache: it has seen these prompts before. Leave --seed out, or take another.`,
        ]
      : []),
    ...(short.length > 0
      ? [
          `${short.length} of ${answered.length} answers ended before ${outputTokens} tokens (the shortest at ${rangeOf(short.map((record) => record.outputTokens)).least}): the slot's context was full, or the model stopped.`,
        ]
      : []),
  ];
}

/** Not by spreading: a long run has more values than a function takes arguments. */
function rangeOf(values: readonly number[]): { readonly least: number; readonly most: number } {
  return values.reduce(
    ({ least, most }, value) => ({ least: Math.min(least, value), most: Math.max(most, value) }),
    { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY },
  );
}
