import type { LlamaCppClient } from '../client/llama-client.js';
import type { HealthStatus } from '../client/types.js';
import { type ErrorDocument, LlamactlError } from '../errors/llamactl-error.js';
import type { ServerMetrics } from '../wire/metrics.js';
import { statusOf } from './health.js';

/** One server's line of the JSON document of `metrics`. */
export interface MetricsRow {
  readonly target: string;
  readonly state: HealthStatus | 'busy';
  readonly slots: { readonly total: number | null; readonly busy: number | null };
  /** Requests that wait for a slot. */
  readonly deferred: number | null;
  /** Averages since the server started; null before its first request. */
  readonly promptTokensPerSecond: number | null;
  readonly generationTokensPerSecond: number | null;
  readonly totals: {
    readonly promptTokens: number | null;
    readonly generatedTokens: number | null;
    readonly cachedTokens: number | null;
  };
  /** Null where nothing answered. */
  readonly responseTimeMs: number | null;
  /** Where the numbers are from: `health` where there are none. */
  readonly source: 'metrics' | 'health';
  /** Why there are none, where several servers were asked. */
  readonly error?: ErrorDocument;
}

export interface MetricsReport {
  /** ISO 8601. */
  readonly time: string;
  readonly servers: readonly MetricsRow[];
}

/**
 * A server's metrics once: the row, and the text as the server sent it.
 * @param options.wake whether a sleeper may be asked; else its row has no numbers, and the text is empty
 */
export async function readMetrics(
  client: LlamaCppClient,
  target: string,
  options: { readonly model?: string; readonly signal: AbortSignal; readonly wake?: boolean },
): Promise<{ readonly row: MetricsRow; readonly text: string }> {
  const { wake = false, ...query } = options;
  const askProps = (retries?: number) =>
    client.props({ ...query, ...(retries === undefined ? {} : { retries }) }).catch((error: unknown) => {
      if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
      throw error;
    });
  // First, for asking /metrics wakes a sleeper of some builds (v0.1.0); whatever fails here, /metrics tells better.
  const first = await askProps(0);
  if (first?.is_sleeping && !wake)
    return {
      row: { ...emptyRow(target, 'asleep'), slots: { total: first.total_slots ?? null, busy: null } },
      text: '',
    };
  const started = performance.now();
  const { metrics, text } = await client.metrics(query);
  const responseTimeMs = Math.round((performance.now() - started) * 10) / 10;
  // It may have been loading, or woken up.
  const props = first === null || first.is_sleeping ? await askProps() : first;
  const busy = metrics.requestsProcessing;
  return {
    text,
    row: {
      target,
      state: props?.is_sleeping ? 'asleep' : (busy ?? 0) > 0 ? 'busy' : 'ready',
      slots: { total: props?.total_slots ?? null, busy },
      deferred: metrics.requestsDeferred,
      promptTokensPerSecond: perSecond(metrics, 'promptTokens', 'promptSeconds'),
      generationTokensPerSecond: perSecond(metrics, 'generatedTokens', 'generatedSeconds'),
      totals: {
        promptTokens: metrics.promptTokens,
        generatedTokens: metrics.generatedTokens,
        cachedTokens: metrics.promptTokensCached,
      },
      responseTimeMs,
      source: 'metrics',
    },
  };
}

/** The row of a server that could not be asked. */
export function failedRow(target: string, error: LlamactlError): MetricsRow {
  // It answers, and only does not count: one that loads says 503 first.
  const state = error.code === 'feature.disabled' ? 'ready' : statusOf(error);
  return { ...emptyRow(target, state), error: error.toJSON() };
}

function emptyRow(target: string, state: HealthStatus): MetricsRow {
  return {
    target,
    state,
    slots: { total: null, busy: null },
    deferred: null,
    promptTokensPerSecond: null,
    generationTokensPerSecond: null,
    totals: { promptTokens: null, generatedTokens: null, cachedTokens: null },
    responseTimeMs: null,
    source: 'health',
  };
}

/** From the counters: the server's own gauges are reset by every scrape (facts: "Metrics"). */
function perSecond(
  metrics: ServerMetrics,
  tokens: 'promptTokens' | 'generatedTokens',
  seconds: 'promptSeconds' | 'generatedSeconds',
): number | null {
  const n = metrics[tokens];
  const s = metrics[seconds];
  return n === null || !s ? null : Math.round((n / s) * 10) / 10;
}
