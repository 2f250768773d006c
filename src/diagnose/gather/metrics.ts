import type { CallOptions, ModelQuery } from '../../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { parseExposition } from '../../wire/metrics.js';
import type { MetricsFacts } from '../facts.js';

/** What the counters tell. Not for a sleeper: builds like v0.1.0 wake up when asked. */
export async function askMetrics(
  client: LlamaCppClient,
  query: ModelQuery & CallOptions,
): Promise<MetricsFacts> {
  const { metrics, text } = await client.metrics(query);
  const { promptTokens, promptTokensCached } = metrics;
  const read = (promptTokens ?? 0) + (promptTokensCached ?? 0);
  return {
    requestsProcessing: metrics.requestsProcessing,
    requestsDeferred: metrics.requestsDeferred,
    promptTokensPerSecond: perSecond(promptTokens, metrics.promptSeconds),
    tokensPerSecond: perSecond(metrics.generatedTokens, metrics.generatedSeconds),
    decodeCalls: metrics.decodeCalls,
    names: [...new Set((parseExposition(text) ?? []).map(({ name }) => name))].sort(),
    cacheReuse: promptTokensCached === null || read === 0 ? null : promptTokensCached / read,
  };
}

function perSecond(n: number | null, seconds: number | null): number | null {
  return n === null || !seconds ? null : n / seconds;
}
