import { LlamactlError, type Remedy } from '../../errors/llamactl-error.js';
import type { CoolDown } from './cool-down.js';
import { mayFallBack, whyNot } from './fall-back.js';

/** A provider that may answer, opened when its turn comes: its key may be asked of the user. */
export interface Candidate<Member> {
  /** What people call it. */
  readonly name: string;
  /** What its failures are remembered by. */
  readonly key: string;
  /** @param hasNext whether another is there to ask, so that little time is to be spent on further tries */
  readonly open: (hasNext: boolean, signal: AbortSignal | undefined) => Promise<Member>;
}

/** A provider that was asked and did not answer. */
export interface FailedProvider {
  readonly name: string;
  readonly error: LlamactlError;
}

/** Who answers, and who does not. */
export interface Answering<Member> {
  readonly name: string;
  readonly member: Member;
  /** Those that were asked before it, in order. */
  readonly failures: readonly FailedProvider[];
  /** Those that were left for last, since they failed lately. */
  readonly cooling: readonly { readonly name: string; readonly leftMs: number }[];
}

export interface ChainOptions<Member> {
  /** The first is the one that was requested. */
  readonly candidates: readonly [Candidate<Member>, ...Candidate<Member>[]];
  readonly coolDown: CoolDown;
  /** Whether what a model thinks is shown as it comes: then it counts as seen. Default true. */
  readonly reasoningShown?: boolean;
  /** Sees, soon, whether one that failed before is there again. @throws LlamactlError where it is not */
  readonly look?: (member: Member, signal: AbortSignal | undefined) => Promise<void>;
  readonly close: (member: Member) => Promise<void>;
  /** Told once another answers than before, as soon as it begins to. */
  readonly onSwitch?: (answering: Answering<Member>) => void;
  /** What to do about targets that were not asked, for the failure of all others. */
  readonly unasked?: Remedy | undefined;
}

/**
 * Several providers, of which the first that can answers. One that cannot be reached, gives no answer, is overloaded or loads
 * past its deadline is passed over, and tried last for a while; what is wrong with a key or a request is thrown at once, since
 * no other server makes it right.
 */
export class ProviderChain<Member> {
  readonly #options: ChainOptions<Member>;
  readonly #open = new Map<string, Promise<Member>>();
  readonly #suspects = new Set<string>();
  /** Who answered last. */
  #current: string;

  constructor(options: ChainOptions<Member>) {
    this.#options = options;
    this.#current = options.candidates[0].key;
  }

  /**
   * Has a provider do some work; the next one, where it cannot.
   * @param work may be begun with several. It calls `begins` once somebody sees the first of the answer
   * @throws LlamactlError of the requested provider where none can, with the others' failures as evidence; at once of any
   * provider where it is the key's or the request's fault
   */
  async use<Result>(
    work: (member: Member, begins: () => void) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Answering<Member> & { readonly result: Result }> {
    const { coolDown, reasoningShown } = this.#options;
    const { order, cooling } = this.#order();
    const failures: FailedProvider[] = [];
    for (const [index, candidate] of order.entries()) {
      const { name, key } = candidate;
      const hasNext = index < order.length - 1;
      let isOpen = false;
      try {
        const member = await this.#openOnce(candidate, hasNext, signal);
        isOpen = true;
        const answering = { name, member, failures, cooling: cooling.filter((each) => each.name !== name) };
        if (hasNext && this.#suspects.has(key)) await this.#look(member, signal);
        const result = await work(member, () => this.#answers(key, answering));
        coolDown.worked(key);
        this.#suspects.delete(key);
        this.#answers(key, answering);
        return { ...answering, result };
      } catch (error) {
        const isUnusable = !isOpen && key !== this.#options.candidates[0].key && isUnfinished(error);
        if (!isUnusable && !mayFallBack(error, reasoningShown)) throw afterFailures(error, failures);
        coolDown.failed(key);
        this.#suspects.add(key);
        failures.push({ name, error });
      }
    }
    throw this.#allFailed(failures);
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(
      opened.flatMap((each) => (each.status === 'fulfilled' ? [this.#options.close(each.value)] : [])),
    );
  }

  /** Those that failed lately last; all keep their order beside that. */
  #order(): { order: readonly Candidate<Member>[]; cooling: Answering<Member>['cooling'] } {
    const { candidates, coolDown } = this.#options;
    const isCooling = ({ key }: Candidate<Member>) => coolDown.left(key) > 0;
    const ready = candidates.filter((each) => !isCooling(each));
    const rest = candidates.filter(isCooling);
    const cooling = ready.length === 0 ? [] : rest;
    return {
      order: [...ready, ...rest],
      cooling: cooling.map(({ name, key }) => ({ name, leftMs: coolDown.left(key) })),
    };
  }

  #openOnce(
    { key, open }: Candidate<Member>,
    hasNext: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Member> {
    const opening = this.#open.get(key) ?? open(hasNext, signal);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  }

  /** A refusal is a sign of life. */
  async #look(member: Member, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.look?.(member, signal);
    } catch (error) {
      if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED' || mayFallBack(error))
        throw error;
    }
  }

  #answers(key: string, answering: Answering<Member>): void {
    if (this.#current === key) return;
    this.#current = key;
    this.#options.onSwitch?.(answering);
  }

  #allFailed(failures: readonly FailedProvider[]): LlamactlError {
    const { candidates, unasked } = this.#options;
    const requested = failures.find(({ name }) => name === candidates[0].name) ?? failures[0];
    if (requested === undefined) throw new Error('a chain has a candidate');
    const { error } = requested;
    const others = failures.filter((failure) => failure !== requested);
    if (others.length === 0 && unasked === undefined) return error;
    const [first, ...rest] = error.remedies;
    return error.with({
      evidence: [
        ...error.evidence,
        ...others.map((each) => `${each.name}, tried instead: ${each.error.message}`),
      ],
      // Few are shown: to mend the server comes first, and to do without it next.
      remedies: [first, unasked, ...rest].filter((remedy) => remedy !== undefined),
    });
  }
}

/** A stand-in that is not set up: an unset variable, no model. It was not what was asked for, so it stands in nobody's way. */
function isUnfinished(error: unknown): error is LlamactlError {
  return error instanceof LlamactlError && (error.type === 'USAGE_ERROR' || error.type === 'MODEL_NOT_FOUND');
}

/** Why one answers in place of another: `local refused the connection`. */
export function reasonsOf({ failures, cooling }: Pick<Answering<unknown>, 'failures' | 'cooling'>): string {
  return [
    ...failures.map(({ name, error }) => whyNot(name, error)),
    ...cooling.map(({ name }) => `${name} failed lately`),
  ].join(', ');
}

/** What ends the search, with why others had been passed over before. */
function afterFailures(error: unknown, failures: readonly FailedProvider[]): unknown {
  if (!(error instanceof LlamactlError) || failures.length === 0 || error.type === 'INTERRUPTED')
    return error;
  return error.with({
    evidence: [
      ...error.evidence,
      ...failures.map((each) => `${each.name}, asked before: ${each.error.message}`),
    ],
  });
}
