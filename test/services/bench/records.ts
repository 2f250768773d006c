import { distributionOf } from '../../../src/services/bench/histogram.js';
import type { RequestRecord } from '../../../src/services/bench/record.js';

/** A request that was answered: 100 ms to the first token, 10 of which it waited in the server, then 9 tokens at 10 ms. */
export function record(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    index: 0,
    scheduledMs: 0,
    lateMs: 0,
    ttftMs: 100,
    answerMs: changes.ttftMs === undefined ? 100 : changes.ttftMs,
    e2eMs: 190,
    itlMs: distributionOf([10, 10, 10, 10, 10, 10, 10, 10, 10]),
    promptTokens: 128,
    cachedTokens: 0,
    outputTokens: 10,
    server: { prefillMs: 90, decodeMs: 90, promptTokens: 128, outputTokens: 10 },
    finishReason: 'length',
    failure: null,
    ...changes,
  };
}

/** One that failed. */
export function failed(
  code: 'connection.refused' | 'server.busy' | 'context.overflow' | 'stream.truncated',
): RequestRecord {
  const failure = { type: 'CONNECTION_ERROR', code, message: `it was ${code}` } as const;
  return record({ ttftMs: null, itlMs: null, outputTokens: 0, server: null, failure });
}
