import { LlamactlError } from '../../errors/llamactl-error.js';

/**
 * `new`: not looked at yet; `full`: it said itself that it takes no more just now; `down`: no request is sent before a
 * look finds it well.
 */
export type Condition = 'new' | 'ready' | 'full' | 'asleep' | 'loading' | 'down';

/** What is known of one server of several. Times are milliseconds of one clock. */
export interface ServerState {
  readonly condition: Condition;
  /** Names and aliases that it takes; null where it does not tell. */
  readonly models: readonly string[] | null;
  readonly slots: number | null;
  /** Slots that others than this client keep busy, at the last look. */
  readonly others: number;
  /** Failures since a request went well. */
  readonly failures: number;
  /** When it is to be looked at again. */
  readonly lookAt: number;
  /** Why it is down, or cannot be used yet. */
  readonly error: LlamactlError | null;
}

/** What a look at a server found. */
export type Look =
  | {
      readonly ok: true;
      readonly asleep: boolean;
      readonly models: readonly string[] | null;
      readonly slots: number | null;
      readonly others: number;
    }
  | { readonly ok: false; readonly error: LlamactlError };

export const NEW_SERVER: ServerState = {
  condition: 'new',
  models: null,
  slots: null,
  others: 0,
  failures: 0,
  lookAt: Number.NEGATIVE_INFINITY,
  error: null,
};

/** Milliseconds that a look at a healthy server holds for. */
const FRESH = 2000;
/** Milliseconds until a server that loads, or is full, is looked at again. */
const SOON = 300;
const FIRST_BACKOFF = 250;
const LONGEST_BACKOFF = 30_000;

/**
 * Milliseconds that a server stays out after so many failures in a row: doubled each time, up to 30 s, and half of it by
 * chance, so that clients that lost it together do not come back together.
 */
export function ejectionTime(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** Math.max(0, failures - 1));
  return Math.round(whole / 2 + (random() * whole) / 2);
}

/** The state after a look. A look alone does not clear the failures: a server that seems well and fails is kept out longer. */
export function afterLook(
  state: ServerState,
  look: Look,
  now: number,
  random: () => number = Math.random,
): ServerState {
  if (look.ok) {
    const { asleep, slots, others } = look;
    const models = look.models ?? state.models;
    return {
      ...state,
      condition: asleep ? 'asleep' : 'ready',
      models,
      slots,
      others,
      lookAt: now + FRESH,
      error: null,
    };
  }
  const { error } = look;
  if (error.code === 'server.loading')
    return { ...state, condition: 'loading', others: 0, lookAt: now + SOON, error };
  // On a machine that is busy a look comes late: while requests go well, that is no news.
  if (error.type === 'TIMEOUT_ERROR' && state.condition === 'ready' && state.failures === 0)
    return { ...state, lookAt: now + FRESH };
  return ejected(state, error, now, random);
}

/** The state after a request failed: the same one where the failure says nothing of the server. */
export function afterFailure(
  state: ServerState,
  error: unknown,
  now: number,
  random: () => number = Math.random,
): ServerState {
  // Requests that were under way when it was ejected fail too: that is the same failure.
  if (!(error instanceof LlamactlError) || state.condition === 'down') return state;
  if (error.code === 'server.loading') return { ...state, condition: 'loading', lookAt: now + SOON, error };
  if (error.type === 'SERVER_OVERLOADED' && error.details['status'] !== undefined)
    return { ...state, condition: 'full', lookAt: now + SOON, error };
  // Slow, or stuck: a look tells.
  if (error.type === 'TIMEOUT_ERROR') return { ...state, failures: state.failures + 1, lookAt: now };
  return isServersFault(error) ? ejected(state, error, now, random) : state;
}

export function afterSuccess(state: ServerState): ServerState {
  return state.failures === 0 ? state : { ...state, failures: 0 };
}

function ejected(state: ServerState, error: LlamactlError, now: number, random: () => number): ServerState {
  const failures = state.failures + 1;
  const lookAt = now + ejectionTime(failures, random);
  return { ...state, condition: 'down', others: 0, failures, lookAt, error };
}

function isServersFault({ type, code, details }: LlamactlError): boolean {
  if (code === 'connection.wrong-path') return false;
  if (type === 'CONNECTION_ERROR' || type === 'AUTHENTICATION_ERROR' || code === 'stream.truncated')
    return true;
  // An answer, be it a 500, is a sign of life.
  return (code === 'server.crashed' || code === 'server.wedged') && details['status'] === undefined;
}
