import { isCatalogueCode } from '../../errors/codes.js';
import { meanPhases, PHASES, type Phase, phasesOf, type RequestRecord } from './record.js';
import { type Latency, latencyOfRequest, type Slo } from './slo.js';

/** Why a promise was missed. */
export interface Cause {
  readonly phase: Phase | 'errors';
  /** A sentence without a full stop. */
  readonly text: string;
}

export interface CauseFacts {
  readonly networkMs: number;
  /** Of the server; null where it does not tell. */
  readonly slots: number | null;
  /** Requests at a time; null for an open loop. */
  readonly concurrency: number | null;
}

/** The phases that a latency is made of. */
const PARTS: Readonly<Record<Latency, readonly Phase[]>> = {
  ttft: ['client', 'network', 'queue', 'prefill'],
  tpot: ['decode', 'network'],
  itl: ['decode', 'network'],
  e2e: PHASES,
  queue: ['queue'],
  prefill: ['prefill'],
  decode: ['decode'],
};

/**
 * What keeps a promise from being kept: the phase that took most of the time of those requests that the missed number is
 * about. Null where the server told no timings.
 */
export function causeOf(slo: Slo, records: readonly RequestRecord[], facts: CauseFacts): Cause | null {
  const answered = records.filter(({ failure }) => failure === null);
  if (slo.expression.name === 'errors' || answered.length === 0) return causeOfErrors(records);
  const { latency } = slo;
  const slow = latency === null ? answered : slowest(answered, slo, facts.networkMs);
  const phases = meanPhases(slow.map((record) => phasesOf(record, facts.networkMs)));
  if (phases === null) return null;
  const parts = latency === null ? PHASES : PARTS[latency.name];
  const firstTokens = latency?.name === 'tpot' || latency?.name === 'itl';
  // What follows the first token is the server's decoding, and what came later than that says.
  const taken = firstTokens ? { ...phases, network: stalls(slow) } : phases;
  const whole = parts.reduce((sum, part) => sum + taken[part], 0);
  const worst = parts.reduce((most, part) => (taken[part] > taken[most] ? part : most));
  return { phase: worst, text: sentence(worst, taken[worst], whole, facts) };
}

/** The requests that a statistic of a latency is about: those at and above a percentile; all of a mean. */
function slowest(records: readonly RequestRecord[], slo: Slo, networkMs: number): readonly RequestRecord[] {
  const { latency } = slo;
  if (latency === null || latency.statistic === 'mean' || latency.statistic === 'min') return records;
  const { name, statistic } = latency;
  const measured = records.flatMap((record) => {
    const value = latencyOfRequest(record, phasesOf(record, networkMs), name, statistic);
    return value === null ? [] : [{ record, value }];
  });
  measured.sort((a, b) => b.value - a.value);
  const share = statistic === 'max' ? 0 : 1 - Number(statistic.slice(1)) / 100;
  return measured.slice(0, Math.max(1, Math.ceil(share * measured.length))).map(({ record }) => record);
}

/** Mean milliseconds that tokens came later than the server's decoding explains. */
function stalls(records: readonly RequestRecord[]): number {
  const late = records.flatMap(({ ttftMs, e2eMs, server }) =>
    ttftMs === null || server === null ? [] : [Math.max(0, e2eMs - ttftMs - server.decodeMs)],
  );
  return late.reduce((sum, each) => sum + each, 0) / Math.max(1, late.length);
}

function sentence(phase: Phase, ms: number, whole: number, { slots, concurrency }: CauseFacts): string {
  const share = `${round(ms)} of ${round(whole)} ms`;
  switch (phase) {
    case 'client':
      return `${share} passed before this program had sent the request`;
    case 'network':
      return `${share} are neither the server's work nor its queue`;
    case 'queue': {
      const of = slots === null ? 'a slot' : slots === 1 ? 'the one slot' : `one of ${slots} slots`;
      const by = concurrency === null ? '' : ` (${concurrency} at a time)`;
      return `${share} were waiting for ${of}${by}`;
    }
    case 'prefill':
      return `${share} were reading the prompt`;
    case 'decode':
      return `${share} were writing tokens`;
  }
}

/** Failures have no phase, but a kind: no connection is the network's, a full server is the queue's. */
function causeOfErrors(records: readonly RequestRecord[]): Cause | null {
  const counts = new Map<string, number>();
  for (const { failure } of records)
    if (failure !== null) counts.set(failure.code, (counts.get(failure.code) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (most === undefined) return null;
  const [code, n] = most;
  const example = records.find(({ failure }) => failure?.code === code)?.failure?.message ?? '';
  return { phase: phaseOfCode(code), text: `${n} × ${code}: ${example}` };
}

function phaseOfCode(code: string): Cause['phase'] {
  if (!isCatalogueCode(code)) return 'errors';
  if (code.startsWith('connection.') || code.startsWith('network.') || code === 'stream.truncated')
    return 'network';
  return code === 'server.busy' || code === 'model.router-limit' ? 'queue' : 'errors';
}

function round(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US');
}

/** What each phase means for somebody who wants it shorter. */
export const ADVICE: Readonly<Record<Cause['phase'], string>> = {
  client: 'This program is the limit: run it on another machine, or with a lower rate.',
  network: 'Look at what is between here and the server: a proxy, TLS, the distance.',
  queue: 'More slots (llama-server -np), more servers, or fewer requests at a time.',
  prefill: 'Shorter prompts, a shared beginning that stays in the cache, a larger -ub, or a faster device.',
  errors: 'Look up what failed: llamactl explain CODE, or llamactl diagnose.',
  decode: 'A smaller or more quantised model, fewer slots at once, speculative decoding, or a faster device.',
};
