import type { HttpResponse } from '../../client/http-types.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { parseServerMetrics } from '../../wire/metrics.js';
import type { Props } from '../../wire/props.js';
import { slotsSchema } from '../../wire/slots.js';
import { parseJson } from '../health.js';
import { type Patient, patient } from './patient.js';
import { NO_REST, type Rest, rested, restLeft } from './rest.js';
import { type Counters, countersOf, type MissingFlag, type SlotSample, slotSample } from './sample.js';

/** What a look at a running model tells beside its state. */
export interface Activity {
  readonly slots: readonly SlotSample[] | null;
  readonly counters: Counters | null;
  readonly missing: readonly MissingFlag[];
  readonly restingMs: number | null;
  /** Whether something runs, as far as is known. */
  readonly busy: boolean;
}

export const NO_ACTIVITY: Activity = {
  slots: null,
  counters: null,
  missing: [],
  restingMs: null,
  busy: false,
};

/** Milliseconds that a look waits for an answer that may be stuck behind a batch. */
const PATIENCE = 700;
/** Milliseconds after which such an answer is given up. */
const LONGEST_ANSWER = 60_000;

/** Asks one model, again and again, for counters and slots, and leaves it alone where that would disturb it. */
export class ModelAsking {
  readonly #client: LlamaCppClient;
  readonly #query: string;
  readonly #metrics: Patient<HttpResponse> = patient();
  readonly #slots: Patient<HttpResponse> = patient();
  #rest: Rest = NO_REST;
  #last = NO_ACTIVITY;
  /** What answered "not supported"; null before the first answer. */
  readonly #off = new Set<MissingFlag>();

  /** @param query `?model=…&autoload=false` of a router's model, or nothing */
  constructor(client: LlamaCppClient, query: string) {
    this.#client = client;
    this.#query = query;
  }

  /** Forgets what the last process could do. */
  forget(): void {
    this.#off.clear();
    this.#rest = NO_REST;
    this.#last = NO_ACTIVITY;
  }

  /**
   * @param props what the server says that it has
   * @param quietMetrics whether `/metrics` leaves an idle model's clock alone
   * @throws LlamactlError where a question failed otherwise than by being off
   */
  async look(
    props: Props | null,
    quietMetrics: boolean,
    now: number,
    signal: AbortSignal,
  ): Promise<Activity> {
    const hasMetrics = props?.endpoint_metrics !== false && !this.#off.has('--metrics');
    // Builds that do not say that they have it make it wait for the running request.
    const hasSlots = props?.endpoint_slots === true && !this.#off.has('--slots');
    const left = restLeft(this.#rest, now);
    const counters = hasMetrics && (quietMetrics || left === 0) ? await this.#askCounters(signal) : null;
    const moved = counters !== null && this.#moved(counters);
    // What is told without disturbing says that nothing runs.
    const isKnownIdle = quietMetrics && counters !== null && !moved;
    const mayAsk = left === 0 || (quietMetrics && moved);
    const slots = !hasSlots
      ? null
      : isKnownIdle
        ? this.#idle()
        : mayAsk
          ? await this.#askSlots(signal)
          : null;
    const isUnseen = slots === null && counters === null;
    const processing = counters === null ? null : (counters.requestsProcessing ?? 0) > 0;
    const isResting = left > 0 && isUnseen;
    const busy =
      slots?.some(({ phase }) => phase !== 'idle') ?? processing ?? (!isResting && this.#last.busy);
    if (!isKnownIdle && !isUnseen) this.#rest = rested(this.#rest, now, busy || moved);
    const activity: Activity = {
      slots,
      counters,
      missing: [
        ...(props?.endpoint_metrics === false || this.#off.has('--metrics') ? ['--metrics' as const] : []),
        ...(props?.endpoint_slots === false || this.#off.has('--slots') ? ['--slots' as const] : []),
      ],
      restingMs: isResting ? left : null,
      busy,
    };
    this.#last = { ...activity, slots: slots ?? this.#last.slots, counters: counters ?? this.#last.counters };
    return activity;
  }

  /** Whether something runs, or has run since the last look, or nothing is known yet. */
  #moved(counters: Counters): boolean {
    const { counters: before, slots } = this.#last;
    return (
      before === null ||
      slots === null ||
      (counters.requestsProcessing ?? 1) > 0 ||
      (counters.requestsDeferred ?? 0) > 0 ||
      counters.promptTokens !== before.promptTokens ||
      counters.generatedTokens !== before.generatedTokens ||
      counters.startedUs !== before.startedUs
    );
  }

  /** The slots as they were, now that nothing runs. */
  #idle(): readonly SlotSample[] | null {
    return (
      this.#last.slots?.map((slot) => ({ ...slot, phase: 'idle' as const, generated: 0, processed: 0 })) ??
      null
    );
  }

  async #askCounters(signal: AbortSignal): Promise<Counters | null> {
    const answer = await this.#ask('--metrics', this.#metrics, '/metrics', signal);
    const metrics = answer === null ? null : parseServerMetrics(answer.body);
    return answer === null || metrics === null ? null : countersOf(metrics, answer.headers);
  }

  async #askSlots(signal: AbortSignal): Promise<readonly SlotSample[] | null> {
    const answer = await this.#ask('--slots', this.#slots, '/slots', signal);
    if (answer === null) return null;
    const parsed = slotsSchema.safeParse(parseJson(answer.body));
    return parsed.success ? parsed.data.map(slotSample) : null;
  }

  async #ask(flag: MissingFlag, patience: Patient<HttpResponse>, path: string, signal: AbortSignal) {
    const question = () =>
      this.#client.request({
        method: 'GET',
        path: `${path}${this.#query}`,
        timeoutMs: LONGEST_ANSWER,
        signal,
      });
    try {
      return await patience.ask(question, PATIENCE, signal);
    } catch (error) {
      if (!(error instanceof LlamactlError) || error.code !== 'feature.disabled') throw error;
      this.#off.add(flag);
      return null;
    }
  }
}
