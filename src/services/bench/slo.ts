import {
  compare,
  DURATION_UNITS,
  type Expression,
  parseExpression,
  type Term,
  type Terms,
} from '../expression.js';
import type { Distribution } from './histogram.js';
import { type Phases, phasesOf, type RequestRecord, tpotOf } from './record.js';

/** What is measured in milliseconds, for each request (`itl`: for each token). */
export const LATENCIES = ['ttft', 'tpot', 'itl', 'e2e', 'queue', 'prefill', 'decode'] as const;
export type Latency = (typeof LATENCIES)[number];

export const STATISTICS = ['p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'mean', 'min', 'max'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** A promise: an expression over what was measured. */
export interface Slo {
  /** As it was written. */
  readonly text: string;
  readonly expression: Extract<Expression, { kind: 'number' }>;
  /** Null where it is none of a latency. */
  readonly latency: { readonly name: Latency; readonly statistic: Statistic } | null;
}

const number = (units: Readonly<Record<string, number>>, example: string): Term => ({
  kind: 'number',
  units,
  example,
});
const EXAMPLES: Readonly<Record<Latency, string>> = {
  ttft: 'ttft.p95<=500ms',
  tpot: 'tpot.mean<=50ms',
  itl: 'itl.p99<=100ms',
  e2e: 'e2e.max<10s',
  queue: 'queue.p90<1s',
  prefill: 'prefill.p50<300ms',
  decode: 'decode.p99.9<5s',
};
const PER_SECOND = { '': 1, '/s': 1 };

/** What `--slo` knows. A share is of the requests, 0 to 1. */
const TERMS: Terms = {
  ...Object.fromEntries(
    LATENCIES.flatMap((name) =>
      STATISTICS.map((statistic) => [`${name}.${statistic}`, number(DURATION_UNITS, EXAMPLES[name])]),
    ),
  ),
  errors: number({ '%': 0.01, '': 1 }, 'errors<=1%'),
  rps: number(PER_SECOND, 'rps>=5'),
  tps: number(PER_SECOND, 'tps>=200'),
  goodput: number({ '%': 0.01, ...PER_SECOND }, 'goodput>=95%'),
};

/** @throws LlamactlError (usage) that points at what is wrong */
export function parseSlo(text: string): Slo {
  const expression = parseExpression(completed(text), TERMS, '--slo');
  if (expression.kind !== 'number') throw new TypeError(`${expression.name} is no number`);
  const latency = latencyOf(expression.name);
  return { text: expression.text, expression, latency };
}

/** A latency without a statistic is the 95th percentile's: `ttft<=500ms` is what most people mean by it. */
function completed(text: string): string {
  return text.replace(/^(\s*)([a-z0-9]+)(?=\s*(?:[<>=!≤≥]|$))/, (whole, blank: string, name: string) =>
    LATENCIES.some((each) => each === name) ? `${blank}${name}.p95` : whole,
  );
}

function latencyOf(name: string): Slo['latency'] {
  const [, first, second] = /^(\w+)\.(.+)$/.exec(name) ?? [];
  const latency = LATENCIES.find((each) => each === first);
  const statistic = STATISTICS.find((each) => each === second);
  return latency === undefined || statistic === undefined ? null : { name: latency, statistic };
}

/** What the promises are held against. */
export interface Measured {
  readonly latencies: Readonly<Record<Latency, Distribution | null>>;
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly outputTokensPerSecond: number;
  readonly goodput: { readonly requestsPerSecond: number; readonly share: number };
}

/** The value that a promise is about, in the unit of {@link Slo.expression}; null where it was not measured. */
export function measuredOf({ expression, latency }: Slo, measured: Measured): number | null {
  if (latency !== null) return measured.latencies[latency.name]?.[latency.statistic] ?? null;
  if (measured.requests === 0) return null;
  switch (expression.name) {
    case 'errors':
      return expression.unit === '%' ? measured.failed / measured.requests : measured.failed;
    case 'rps':
      return measured.requestsPerSecond;
    case 'tps':
      return measured.outputTokensPerSecond;
    default:
      return expression.unit === '%' ? measured.goodput.share : measured.goodput.requestsPerSecond;
  }
}

/** Whether a promise is kept by a value. What was not measured keeps none. */
export function holds({ expression }: Slo, value: number | null): boolean {
  return value !== null && compare(value, expression.operator, expression.value);
}

/** Whether the promises say how many failures are allowed. */
export function allowsErrors(slos: readonly Slo[]): boolean {
  return slos.some(({ expression }) => expression.name === 'errors');
}

/**
 * What a request itself measured of a latency: of `itl`, the statistic over its own tokens.
 * @param phases null where the server told no timings
 */
export function latencyOfRequest(
  record: RequestRecord,
  phases: Phases | null,
  name: Latency,
  statistic: Statistic,
): number | null {
  switch (name) {
    case 'ttft':
      return record.ttftMs;
    case 'tpot':
      return tpotOf(record);
    case 'itl':
      return record.itlMs?.[statistic] ?? null;
    case 'e2e':
      return record.e2eMs;
    default:
      return phases?.[name] ?? null;
  }
}

/** Whether a request counts as good: it has not failed, and by itself keeps each promise about a latency. */
export function isGood(record: RequestRecord, slos: readonly Slo[], networkMs: number): boolean {
  if (record.failure !== null) return false;
  const phases = phasesOf(record, networkMs);
  return slos.every(({ latency, expression }) => {
    if (latency === null) return true;
    const value = latencyOfRequest(record, phases, latency.name, latency.statistic);
    // One of a single token has no time between tokens to be late with.
    return value === null || compare(value, expression.operator, expression.value);
  });
}
