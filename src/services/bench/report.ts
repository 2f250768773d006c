import type { Cause } from './cause.js';
import type { ClientLoad } from './client-watch.js';
import type { Distribution } from './histogram.js';
import type { Load } from './load.js';
import type { Phases } from './record.js';

/** One run of one load, measured: what the JSON document, the tables and the charts are made of. */
export interface RunReport {
  readonly load: Load;
  /** Whether it was ended early. */
  readonly partial: boolean;
  /** Milliseconds from the first request to the end of the last. */
  readonly durationMs: number;
  /** Milliseconds of these after the last request was sent. */
  readonly drainMs: number;
  /** Requests that ended: answered or failed. */
  readonly requests: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Sent, and not ended when the run was. */
  readonly unfinished: number;
  /** Failures by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly failures: readonly FailureCount[];
  /** To the first token that is not empty; null where no request was answered (so in each below). */
  readonly ttftMs: Distribution | null;
  /** To the first token after the model's reasoning; null where no request had any reasoning. */
  readonly answerMs: Distribution | null;
  /** For each token after the first, one value a request. */
  readonly tpotMs: Distribution | null;
  /** Between each two tokens, one value a token. */
  readonly itlMs: Distribution | null;
  readonly e2eMs: Distribution | null;
  /** By the server's timings; null where it tells none. */
  readonly queueMs: Distribution | null;
  readonly prefillMs: Distribution | null;
  readonly decodeMs: Distribution | null;
  /** Means, milliseconds. */
  readonly phases: Phases | null;
  /** By the server's count, of the requests that were answered. */
  readonly tokens: { readonly prompt: number; readonly cached: number; readonly output: number };
  readonly requestsPerSecond: number;
  readonly outputTokensPerSecond: number;
  /** Of a single request, from its first token to its last. */
  readonly outputTokensPerSecondPerRequest: Distribution | null;
  /** Requests that did not fail and keep each promise about a latency by themselves. */
  readonly goodput: { readonly requestsPerSecond: number; readonly share: number };
  readonly slo: readonly SloResult[];
  readonly client: ClientLoad & { readonly lateP99Ms: number };
  readonly warnings: readonly string[];
  readonly samples: Samples;
}

export interface FailureCount {
  readonly code: string;
  readonly type: string;
  readonly count: number;
  /** The first one's. */
  readonly message: string;
}

export interface SloResult {
  readonly expression: string;
  /** Milliseconds, a share (0 to 1), a count or a rate; null where it was not measured. */
  readonly value: number | null;
  readonly held: boolean;
  readonly cause?: Cause['phase'];
  readonly detail?: string;
  /** What makes that shorter. */
  readonly advice?: string;
}

/**
 * Requests one by one, in the order in which they ended, evenly thinned where there were more than {@link SAMPLE_LIMIT}: what
 * another run is compared with. `null` where a request has no such number.
 */
export interface Samples {
  /** Milliseconds since the run began. */
  readonly atMs: readonly number[];
  readonly ttftMs: readonly (number | null)[];
  readonly tpotMs: readonly (number | null)[];
  readonly e2eMs: readonly number[];
  readonly outputTokens: readonly number[];
  /** Whether it failed, 0 or 1. */
  readonly failed: readonly number[];
}

export const SAMPLE_LIMIT = 1000;
