import { recoveryOf } from '../catalogue/recovery.js';
import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { backoffDelay, sleep } from './backoff.js';
import type { Message, RecoveryStep } from './types.js';

/** How the next try differs from the first. */
export interface Attempt {
  readonly timeoutMs: number;
  readonly model?: string;
  readonly messages?: readonly Message[];
  readonly stream?: boolean;
}

/** What recovery may ask of the server. A request that has no model or history leaves these out. */
export interface RecoveryHooks {
  /** A model that the server has and that is not the one that failed; null where there is none. */
  readonly otherModel?: (failed: string | undefined) => Promise<string | null>;
  /** The history made to fit; null where that cannot be done. */
  readonly truncate?: (
    attempt: Attempt,
    error: LlamactlError,
  ) => Promise<{ readonly messages: readonly Message[]; readonly removed: number } | null>;
  /** Throws what is wrong where the server does not answer at all. */
  readonly assertAlive?: () => Promise<void>;
  /** Of several servers: whether the failure was its server's alone, and another can take the request at once. */
  readonly otherServer?: (failure: LlamactlError) => Promise<boolean>;
}

export interface RecovererOptions {
  /** As the caller asked; undefined: as many as the table has for the failure. */
  readonly maxRetries: number | undefined;
  readonly fallback: boolean;
  /** Milliseconds from now in which further tries may begin; undefined: no limit. */
  readonly retryWindowMs?: number | undefined;
  /** Milliseconds that a model may take to load, from the first answer that says so. */
  readonly loadingDeadlineMs: number;
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly hooks: RecoveryHooks;
  readonly onStep: (step: RecoveryStep) => void;
}

const LOADING_POLL_MS = 250;
const SLOWEST_LOADING_POLL_MS = 2000;
/** Servers that fail one request in turn: more than that are not tried. */
const MOST_MOVES = 16;

/**
 * Obeys the recovery table for one request: after a failure it waits as long as it must and returns the next attempt, or
 * throws the failure where there is nothing more to do.
 */
export class Recoverer {
  readonly steps: RecoveryStep[] = [];
  readonly #options: RecovererOptions;
  readonly #used = new Set<string>();
  readonly #begun = performance.now();
  #retries = 0;
  #loadingSince: number | undefined;
  #loadingPolls = 0;
  #moves = 0;

  constructor(options: RecovererOptions) {
    this.#options = options;
  }

  /** @throws the failure itself, or a truer one, where nothing more can be done */
  async after(failure: unknown, attempt: Attempt): Promise<Attempt> {
    if (!(failure instanceof LlamactlError) || failure.details['visible'] === true) throw failure;
    const strategy = recoveryOf(failure);
    if (strategy === null) throw failure;
    if (await this.#canMove(failure)) {
      this.note(recoveryStep(failure, 'use-other-server', `${failure.message}. Asking another server.`));
      return attempt;
    }
    if (strategy.backoff === 'wait') return this.#waitForLoading(failure, attempt, strategy.userMessage);
    const fallback =
      strategy.fallback === undefined ? null : await this.#fallBack(failure, attempt, strategy.fallback);
    if (fallback !== null) return fallback;
    if (!strategy.retry || this.#retries >= this.#limit(strategy)) throw failure;
    return this.#retry(failure, attempt, strategy);
  }

  /** Adds something that was done outside the table, such as a guessed context size. */
  note(step: RecoveryStep): void {
    this.steps.push(step);
    this.#options.onStep(step);
  }

  /** To another server it goes without a wait, and without counting as a try of the same one. */
  async #canMove(failure: LlamactlError): Promise<boolean> {
    const { hooks, maxRetries } = this.#options;
    if (maxRetries === 0 || this.#moves >= MOST_MOVES || !(await hooks.otherServer?.(failure))) return false;
    this.#moves++;
    return true;
  }

  /** What was asked for counts where a further try costs only patience; a timed-out prompt is not worth more than the table's. */
  #limit({ backoff, maxRetries }: { readonly backoff: string; readonly maxRetries: number }): number {
    const asked = this.#options.maxRetries;
    if (asked === undefined) return maxRetries;
    return backoff === 'exponential' ? asked : Math.min(asked, maxRetries);
  }

  async #retry(
    failure: LlamactlError,
    attempt: Attempt,
    strategy: { readonly backoff: string; readonly longerDeadline?: boolean; readonly userMessage: string },
  ): Promise<Attempt> {
    const left =
      (this.#options.retryWindowMs ?? Number.POSITIVE_INFINITY) - (performance.now() - this.#begun);
    if (left <= 0) throw failure;
    // A server that answers nothing at all is not asked three times with ever longer deadlines.
    if (strategy.longerDeadline) await this.#options.hooks.assertAlive?.();
    const asked = failure.details['retryAfterMs'];
    // Told to come back later than the caller would wait for an answer: that is the answer.
    if (typeof asked === 'number' && asked > attempt.timeoutMs) throw failure;
    const delayMs =
      strategy.backoff === 'exponential'
        ? backoffDelay(this.#retries, typeof asked === 'number' ? asked : 0)
        : 0;
    if (delayMs > left) throw failure;
    this.#retries++;
    this.note(recoveryStep(failure, 'retry', strategy.userMessage, { attempt: this.#retries, delayMs }));
    await sleep(delayMs, this.#options.signals);
    return strategy.longerDeadline ? { ...attempt, timeoutMs: attempt.timeoutMs * 2 } : attempt;
  }

  async #waitForLoading(failure: LlamactlError, attempt: Attempt, message: string): Promise<Attempt> {
    const { maxRetries, loadingDeadlineMs, signals } = this.#options;
    const now = performance.now();
    this.#loadingSince ??= now;
    const left = loadingDeadlineMs - (now - this.#loadingSince);
    if (maxRetries === 0 || left <= 0) throw failure;
    const asked = failure.details['retryAfterMs'];
    const pause = Math.max(
      Math.min(LOADING_POLL_MS * 1.5 ** this.#loadingPolls, SLOWEST_LOADING_POLL_MS),
      typeof asked === 'number' ? asked : 0,
    );
    if (this.#loadingPolls++ === 0)
      this.note(recoveryStep(failure, 'wait-for-loading', message, { delayMs: Math.round(left) }));
    await sleep(Math.min(pause, left), signals);
    return attempt;
  }

  async #fallBack(failure: LlamactlError, attempt: Attempt, kind: string): Promise<Attempt | null> {
    const { fallback, hooks } = this.#options;
    if (!fallback || this.#used.has(kind)) return null;
    this.#used.add(kind);
    switch (kind) {
      case 'use-first-available-model': {
        // The first of hundreds that a paid service lists may cost a hundred times as much.
        if (failure.code !== 'model.not-found' || failure.details['paid'] === true) return null;
        const model = await orNull(hooks.otherModel?.(attempt.model));
        if (model === null) return null;
        this.note(recoveryStep(failure, kind, `${failure.message}. Asking "${model}" instead.`));
        return { ...attempt, model };
      }
      case 'truncate-context': {
        const shorter = await orNull(hooks.truncate?.(attempt, failure));
        if (shorter === null) return null;
        const messages = shorter.removed === 1 ? '1 message' : `${shorter.removed} messages`;
        this.note(recoveryStep(failure, kind, `${failure.message}. Left out the oldest ${messages}.`));
        return { ...attempt, messages: shorter.messages };
      }
      case 'use-non-streaming': {
        if (attempt.stream !== true) return null;
        this.note(
          recoveryStep(
            failure,
            kind,
            `The stream broke before its first token (${failure.message}). Asking without streaming.`,
          ),
        );
        return { ...attempt, stream: false };
      }
      default:
        return null;
    }
  }
}

/** A fallback that fails itself leaves the first failure standing; Ctrl-C does not. */
async function orNull<T>(attempt: Promise<T | null> | undefined): Promise<T | null> {
  try {
    return (await attempt) ?? null;
  } catch (error) {
    if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
    throw error;
  }
}

/** What was done about a failure. */
export function recoveryStep(
  failure: LlamactlError,
  action: RecoveryStep['action'],
  message: string,
  more: { readonly attempt?: number; readonly delayMs?: number } = {},
): RecoveryStep {
  return {
    type: failure.type as LlamaCppErrorType,
    code: failure.code as CatalogueCode,
    action,
    message,
    ...more,
  };
}
