import type { ErrorCode } from '../../errors/codes.js';
import type { ErrorType } from '../../errors/error-type.js';
import { digits } from './digits.js';
import type { Distribution } from './histogram.js';

/** What one request was, measured. Times are milliseconds. */
export interface RequestRecord {
  readonly index: number;
  /** When it was to be sent, since the run began. All its latencies count from here: what waits in the client waits as well. */
  readonly scheduledMs: number;
  /** From then until it was sent. */
  readonly lateMs: number;
  /** From then to the first token that is not empty, be it reasoning; null where none came. */
  readonly ttftMs: number | null;
  /** To the first token of the answer itself, after a model's reasoning. */
  readonly answerMs: number | null;
  /** To the end, or the failure. */
  readonly e2eMs: number;
  /** Between each two tokens; null where fewer than two pieces came. */
  readonly itlMs: Distribution | null;
  /** By the server's count. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly server: ServerTimes | null;
  readonly finishReason: string | null;
  readonly failure: RequestFailure | null;
}

/** The server's own stop-watch. */
export interface ServerTimes {
  readonly prefillMs: number;
  readonly decodeMs: number;
  /** Tokens that were read, those from the cache not counted, and written. */
  readonly promptTokens: number;
  readonly outputTokens: number;
}

export interface RequestFailure {
  readonly type: ErrorType;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Milliseconds for each token after the first; null where there were none. */
export function tpotOf({ ttftMs, e2eMs, outputTokens }: RequestRecord): number | null {
  return ttftMs === null || outputTokens < 2 ? null : (e2eMs - ttftMs) / (outputTokens - 1);
}

/** Where the time of a request went, in milliseconds; what the parts do not explain is the network's. */
export interface Phases {
  /** It waited in this program. */
  readonly client: number;
  /** It waited in the server, for a slot most of all. */
  readonly queue: number;
  readonly prefill: number;
  readonly decode: number;
  readonly network: number;
}

/** In the order in which a request goes through them. */
export const PHASES = ['client', 'network', 'queue', 'prefill', 'decode'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * The phases of a request by the server's timings; null where it told none or no token came.
 * @param networkMs to connect and to be answered, by an idle server
 */
export function phasesOf(record: RequestRecord, networkMs: number): Phases | null {
  const { ttftMs, e2eMs, lateMs, server } = record;
  if (server === null) return null;
  // Not streamed: all but the server's own work counts as waiting.
  const first = ttftMs ?? e2eMs - server.decodeMs;
  const beforeFirst = Math.max(0, first - lateMs - server.prefillMs);
  const network = Math.min(networkMs, beforeFirst);
  return {
    client: lateMs,
    queue: beforeFirst - network,
    prefill: server.prefillMs,
    decode: Math.min(server.decodeMs, e2eMs - first),
    network: network + Math.max(0, e2eMs - first - server.decodeMs),
  };
}

/** Means of the phases of requests; null where none told any. */
export function meanPhases(all: readonly (Phases | null)[]): Phases | null {
  const known = all.filter((each) => each !== null);
  if (known.length === 0) return null;
  const mean = (phase: Phase) => digits(known.reduce((sum, each) => sum + each[phase], 0) / known.length);
  const [client, network, queue, prefill, decode] = PHASES.map(mean);
  return {
    client: client ?? 0,
    network: network ?? 0,
    queue: queue ?? 0,
    prefill: prefill ?? 0,
    decode: decode ?? 0,
  };
}
