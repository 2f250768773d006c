import type { HealthStatus } from '../../client/types.js';
import type { ServerMetrics } from '../../wire/metrics.js';
import type { Slot } from '../../wire/slots.js';
import { type SlotState, slotState } from '../slots.js';

/** What a server, or a model of a router, was found doing. The last four are a router's models'. */
export type WatchedState = HealthStatus | 'busy' | 'unloaded' | 'failed' | 'downloading' | 'unknown';

/** A slot at one moment, with what the counters do not tell yet. */
export interface SlotSample extends SlotState {
  /** Tokens of the prompt read so far by this task, without those from the cache. */
  readonly processed: number;
}

/** The counters at one moment; null where the build has no such counter. */
export interface Counters
  extends Pick<
    ServerMetrics,
    | 'promptTokens'
    | 'promptTokensCached'
    | 'generatedTokens'
    | 'requestsProcessing'
    | 'requestsDeferred'
    | 'draftedTokens'
    | 'acceptedTokens'
  > {
  /** The clock of the server's machine when it started, microseconds: another number is another process. */
  readonly startedUs: number | null;
}

/** A flag of llama-server without which something cannot be told. */
export type MissingFlag = '--metrics' | '--slots';

/** One look at one server, or at one model of a router. */
export interface Sample {
  /** When it was taken: milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly target: string;
  readonly url: string;
  /** Which of a router's models; null for a server of its own, and for the router itself. */
  readonly model: string | null;
  readonly isRouter: boolean;
  readonly state: WatchedState;
  /** Why it is not ready. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Milliseconds that `/health` took. */
  readonly responseTimeMs: number | null;
  readonly build: string | null;
  /** The model that it serves. */
  readonly modelName: string | null;
  readonly totalSlots: number | null;
  /** Null where they were not asked, did not answer in time, or are off. */
  readonly slots: readonly SlotSample[] | null;
  readonly counters: Counters | null;
  readonly missing: readonly MissingFlag[];
  /** Milliseconds until the next question that would keep an idle model from falling asleep; null where it is asked. */
  readonly restingMs: number | null;
  /** Loaded part of a model, 0 to 1, where a router tells. */
  readonly loading: number | null;
}

/** A slot as it was sent, as a sample. */
export function slotSample(slot: Slot): SlotSample {
  return { ...slotState(slot), processed: slot.n_prompt_tokens_processed ?? 0 };
}

/** The counters of an answer of `/metrics`. */
export function countersOf(metrics: ServerMetrics, headers: Readonly<Record<string, string>>): Counters {
  const started = Number(headers['process-start-time-unix']);
  return {
    promptTokens: metrics.promptTokens,
    promptTokensCached: metrics.promptTokensCached,
    generatedTokens: metrics.generatedTokens,
    requestsProcessing: metrics.requestsProcessing,
    requestsDeferred: metrics.requestsDeferred,
    draftedTokens: metrics.draftedTokens,
    acceptedTokens: metrics.acceptedTokens,
    startedUs: Number.isFinite(started) && started > 0 ? started : null,
  };
}
