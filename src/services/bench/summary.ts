import { ADVICE, causeOf } from './cause.js';
import type { ClientLoad } from './client-watch.js';
import { digits } from './digits.js';
import type { Distribution, Recorder } from './histogram.js';
import type { Load } from './load.js';
import { meanPhases, phasesOf, type RequestRecord, tpotOf } from './record.js';
import { type FailureCount, type RunReport, SAMPLE_LIMIT, type Samples, type SloResult } from './report.js';
import { holds, isGood, type Measured, measuredOf, type Slo } from './slo.js';
import { type WarningFacts, warningsOf } from './warnings.js';

export interface SummaryInput {
  readonly load: Load;
  readonly records: readonly RequestRecord[];
  /** Between each two tokens. */
  readonly gaps: Recorder;
  readonly durationMs: number;
  readonly drainMs: number;
  readonly unfinished: number;
  readonly partial: boolean;
  /** Failures one after the other that ended the run; null where they did not. */
  readonly failedInTurn: number | null;
  readonly slos: readonly Slo[];
  readonly client: ClientLoad;
  /** To connect and to be answered, by the idle server. */
  readonly networkMs: number;
  readonly slots: number | null;
  readonly warningFacts: WarningFacts;
  readonly createRecorder: () => Recorder;
}

/** What a run's records say, in numbers. */
export function summarise(input: SummaryInput): RunReport {
  const { load, records, gaps, durationMs, slos, networkMs, slots, createRecorder } = input;
  const distribution = (values: Iterable<number | null>): Distribution | null => {
    const recorder = createRecorder();
    for (const value of values) if (value !== null) recorder.add(value);
    return recorder.distribution();
  };
  const answered = records.filter(({ failure }) => failure === null);
  const phases = answered.map((record) => phasesOf(record, networkMs));
  const perSecond = (n: number) => (durationMs > 0 ? digits((n * 1000) / durationMs) : 0);
  const sum = (of: (record: RequestRecord) => number) =>
    answered.reduce((total, record) => total + of(record), 0);
  const tokens = {
    prompt: sum(({ promptTokens }) => promptTokens),
    cached: sum(({ cachedTokens }) => cachedTokens),
    output: sum(({ outputTokens }) => outputTokens),
  };
  const hasReasoning = answered.some(({ ttftMs, answerMs }) => answerMs !== ttftMs);
  const good = records.filter((record) => isGood(record, slos, networkMs)).length;
  const latencies = {
    ttft: distribution(answered.map(({ ttftMs }) => ttftMs)),
    tpot: distribution(answered.map(tpotOf)),
    itl: gaps.distribution(),
    e2e: distribution(answered.map(({ e2eMs }) => e2eMs)),
    queue: distribution(phases.map((each) => each?.queue ?? null)),
    prefill: distribution(phases.map((each) => each?.prefill ?? null)),
    decode: distribution(phases.map((each) => each?.decode ?? null)),
  };
  const measured: Measured = {
    latencies,
    requests: records.length,
    failed: records.length - answered.length,
    requestsPerSecond: perSecond(answered.length),
    outputTokensPerSecond: perSecond(tokens.output),
    goodput: {
      requestsPerSecond: perSecond(good),
      share: records.length === 0 ? 0 : digits(good / records.length),
    },
  };
  const failures = failureCounts(records);
  const facts = { networkMs, slots, concurrency: load.kind === 'closed' ? load.concurrency : null };
  const slo = slos.map((each): SloResult => {
    const value = measuredOf(each, measured);
    const held = holds(each, value);
    const cause = held ? null : causeOf(each, records, facts);
    return {
      expression: each.text,
      value: value === null ? null : digits(value),
      held,
      ...(cause === null ? {} : { cause: cause.phase, detail: cause.text, advice: ADVICE[cause.phase] }),
    };
  });
  const lateP99Ms = distribution(records.map(({ lateMs }) => lateMs))?.p99 ?? 0;
  const report = {
    load,
    partial: input.partial,
    durationMs: digits(durationMs),
    drainMs: digits(input.drainMs),
    requests: measured.requests,
    succeeded: answered.length,
    failed: measured.failed,
    unfinished: input.unfinished,
    errors: Object.fromEntries(failures.map(({ code, count }) => [code, count])),
    failures,
    ttftMs: latencies.ttft,
    answerMs: hasReasoning ? distribution(answered.map(({ answerMs }) => answerMs)) : null,
    tpotMs: latencies.tpot,
    itlMs: latencies.itl,
    e2eMs: latencies.e2e,
    queueMs: latencies.queue,
    prefillMs: latencies.prefill,
    decodeMs: latencies.decode,
    phases: meanPhases(phases),
    tokens,
    requestsPerSecond: measured.requestsPerSecond,
    outputTokensPerSecond: measured.outputTokensPerSecond,
    outputTokensPerSecondPerRequest: distribution(answered.map(speedOf)),
    goodput: measured.goodput,
    slo,
    client: {
      cpu: digits(input.client.cpu),
      lagP99Ms: digits(input.client.lagP99Ms),
      lateP99Ms,
    },
    samples: samplesOf(records),
  };
  const gone =
    input.failedInTurn === null
      ? []
      : [`Stopped early: the last ${input.failedInTurn} requests failed, so the server was left alone.`];
  return { ...report, warnings: [...gone, ...warningsOf(report, answered, slos, input.warningFacts)] };
}

/** Tokens a second of one request, from its first to its last. */
function speedOf(record: RequestRecord): number | null {
  const tpot = tpotOf(record);
  return tpot === null || tpot === 0 ? null : 1000 / tpot;
}

function failureCounts(records: readonly RequestRecord[]): FailureCount[] {
  const counts = new Map<string, FailureCount>();
  for (const { failure } of records) {
    if (failure === null) continue;
    const { code, type, message } = failure;
    const known = counts.get(code) ?? { code, type, message, count: 0 };
    counts.set(code, { ...known, count: known.count + 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

function samplesOf(records: readonly RequestRecord[]): Samples {
  const step = Math.max(1, records.length / SAMPLE_LIMIT);
  const kept: RequestRecord[] = [];
  for (let at = 0; at < records.length; at += step) {
    const record = records[Math.floor(at)];
    if (record !== undefined) kept.push(record);
  }
  return {
    atMs: kept.map(({ scheduledMs }) => rounded(scheduledMs)),
    ttftMs: kept.map(({ ttftMs, failure }) => (failure === null ? roundedOrNull(ttftMs) : null)),
    tpotMs: kept.map((record) => (record.failure === null ? roundedOrNull(tpotOf(record)) : null)),
    e2eMs: kept.map(({ e2eMs }) => rounded(e2eMs)),
    outputTokens: kept.map(({ outputTokens }) => outputTokens),
    failed: kept.map(({ failure }) => (failure === null ? 0 : 1)),
  };
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

/** To a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
