import type { ServerRow } from '../../../src/services/monitor/track.js';

/** A row of a server that is ready and does nothing, with what is given otherwise. */
export function rowOf(given: Partial<ServerRow> = {}): ServerRow {
  return {
    target: 'gpu1:8080',
    url: 'http://gpu1:8080',
    model: null,
    router: false,
    state: 'ready',
    stateMs: 0,
    loading: null,
    error: null,
    slots: { total: 4, busy: 0 },
    slotList: [],
    deferred: 0,
    deferredMs: 0,
    promptTokensPerSecond: 0,
    generationTokensPerSecond: 0,
    intervalMs: 1000,
    totals: { promptTokens: 0, generatedTokens: 0, cachedTokens: 0 },
    cacheReuse: null,
    draftAcceptance: null,
    responseTimeMs: 2,
    uptimeMs: 60_000,
    uptimeIsMinimum: false,
    restarts: 0,
    modelName: 'qwen3-32b Q4_K_M',
    build: 'b11434',
    source: 'metrics',
    missing: [],
    restingMs: null,
    ...given,
  };
}
