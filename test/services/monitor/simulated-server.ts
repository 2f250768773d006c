import type { Counters, SlotSample } from '../../../src/services/monitor/sample.js';

/** A request as the simulated server serves it: milliseconds and tokens. */
export interface Job {
  readonly slot: number;
  readonly startsAt: number;
  readonly promptTokens: number;
  readonly promptMs: number;
  /** Tokens that are read at once. */
  readonly batch: number;
  readonly answerTokens: number;
  readonly msPerToken: number;
  /** Another request's prompt holds it up, half-way: milliseconds. */
  readonly stallMs: number;
}

const TASKS_FROM = 100;

type Served = Job & { readonly task: number; readonly answersAt: number; readonly endsAt: number };

/** Milliseconds that it has generated for, the stall left out. */
function busyMs({ answersAt, answerTokens, msPerToken, stallMs }: Served, at: number): number {
  const stallsAt = (answerTokens * msPerToken) / 2;
  const ms = at - answersAt;
  return ms < stallsAt ? ms : Math.max(stallsAt, ms - stallMs);
}

/** What llama-server does with its counters and slots (facts: "Metrics"), in a clock of its own. */
export class SimulatedServer {
  readonly #jobs: readonly Served[];

  /** Jobs of one slot come one after the other, whenever they were to start. */
  constructor(
    jobs: readonly Job[],
    readonly slotCount: number,
  ) {
    const freeAt = new Map<number, number>();
    this.#jobs = [...jobs]
      .sort((a, b) => a.startsAt - b.startsAt)
      .map((job, index) => {
        const startsAt = Math.max(job.startsAt, freeAt.get(job.slot) ?? 0);
        const answersAt = startsAt + job.promptMs;
        const endsAt = answersAt + job.answerTokens * job.msPerToken + job.stallMs;
        freeAt.set(job.slot, endsAt + 1);
        return { ...job, startsAt, task: TASKS_FROM + index, answersAt, endsAt };
      });
  }

  get endsAt(): number {
    return Math.max(0, ...this.#jobs.map(({ endsAt }) => endsAt));
  }

  get totals(): { prompt: number; generated: number } {
    return {
      prompt: this.#jobs.reduce((sum, job) => sum + job.promptTokens, 0),
      generated: this.#jobs.reduce((sum, job) => sum + job.answerTokens, 0),
    };
  }

  counters(at: number): Counters {
    const of = (tokens: (job: Job) => number, doneAt: (job: Served) => number) =>
      this.#jobs.reduce((sum, job) => sum + (doneAt(job) <= at ? tokens(job) : 0), 0);
    return {
      promptTokens: of(
        ({ promptTokens }) => promptTokens,
        ({ answersAt }) => answersAt,
      ),
      promptTokensCached: 0,
      generatedTokens: of(
        ({ answerTokens }) => answerTokens,
        ({ endsAt }) => endsAt,
      ),
      requestsProcessing: this.#jobs.filter(({ startsAt, endsAt }) => startsAt <= at && at < endsAt).length,
      requestsDeferred: 0,
      draftedTokens: null,
      acceptedTokens: null,
      startedUs: 1,
    };
  }

  slots(at: number): SlotSample[] {
    return Array.from({ length: this.slotCount }, (_, id) => {
      const job = this.#jobs.find((each) => each.slot === id && each.startsAt <= at && at < each.endsAt);
      if (job === undefined)
        return { id, phase: 'idle' as const, held: 0, size: 100_000, generated: 0, task: null, processed: 0 };
      const isRead = at >= job.answersAt;
      const part = (at - job.startsAt) / job.promptMs;
      const batches = Math.floor((part * job.promptTokens) / job.batch) * job.batch;
      // The first token comes with the end of the prompt.
      const generated = isRead
        ? Math.min(job.answerTokens, 1 + Math.floor(busyMs(job, at) / job.msPerToken))
        : 0;
      const processed = isRead ? job.promptTokens : batches;
      return {
        id,
        phase: isRead ? ('generating' as const) : ('prompt' as const),
        held: processed + generated,
        size: 100_000,
        generated,
        task: job.task,
        processed,
      };
    });
  }
}
