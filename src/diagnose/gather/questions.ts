import { type Fact, type FactName, notAsked } from '../facts.js';
import { ask } from './ask.js';

/** What is wanted, and in which time. */
export interface QuestionsOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for everything. */
  readonly deadlineMs: number;
  /** Facts that some check wants; the others are not asked for. */
  readonly wanted: ReadonlySet<FactName>;
  /** Told whenever an answer is awaited or has come: `waiting for: server, models`. */
  readonly onProgress?: (what: string) => void;
}

/** Milliseconds for what a healthy server answers in no time, at most. */
const QUICK_TIMEOUT = 4000;

/** What a question is about, for somebody who waits. */
const LAYER = {
  dns: 'name',
  tcp: 'connection',
  tls: 'certificate',
  otherScheme: 'http or https',
  health: 'server',
  props: 'server',
  path: 'path',
  moved: 'other port',
  endpoints: 'endpoints',
  keyless: 'key',
  access: 'key',
  window: 'context',
  models: 'models',
  slots: 'slots',
  otherSlots: 'slots',
  metrics: 'metrics',
  template: 'chat template',
  generation: 'a short answer',
  deep: 'a tool call, and too long a prompt',
  local: 'this machine',
} as const satisfies Record<FactName, string>;

/** The questions of one gathering: its clock, which are asked, and which are still waited for. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #started = performance.now();
  /** How many answers each layer still lacks. */
  readonly #awaited = new Map<string, number>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  wants(...names: readonly FactName[]): boolean {
    return names.some((name) => this.#options.wanted.has(name));
  }

  /** Asks where some check wants the fact. */
  want<T>(name: FactName, question: () => Promise<T>): Promise<Fact<T>> {
    return this.wants(name) ? this.awaiting(name, () => ask(question)) : Promise.resolve(UNWANTED);
  }

  /** Tells that an answer is waited for, until it has come. */
  async awaiting<T>(name: FactName, question: () => Promise<T>): Promise<T> {
    const layer = LAYER[name];
    this.#awaited.set(layer, (this.#awaited.get(layer) ?? 0) + 1);
    this.#tell();
    try {
      return await question();
    } finally {
      const left = (this.#awaited.get(layer) ?? 1) - 1;
      if (left > 0) this.#awaited.set(layer, left);
      else this.#awaited.delete(layer);
      this.#tell();
    }
  }

  /** Milliseconds that are left, at most `limit`. */
  left(limit = Number.POSITIVE_INFINITY): number {
    const left = this.#options.deadlineMs - (performance.now() - this.#started);
    return Math.round(Math.max(50, Math.min(left, limit)));
  }

  /** For what a healthy server answers in no time. */
  quick(): { readonly signal: AbortSignal; readonly timeout: number; readonly retries: number } {
    return { signal: this.signal, timeout: this.left(QUICK_TIMEOUT), retries: 0 };
  }

  #tell(): void {
    if (this.#awaited.size > 0)
      this.#options.onProgress?.(`waiting for: ${[...this.#awaited.keys()].join(', ')}`);
  }
}

export const UNWANTED = notAsked('no check wants it');
