import { LlamactlError } from '../../errors/llamactl-error.js';
import type { Props } from '../../wire/props.js';
import type { EndpointCall } from '../endpoints/endpoint.js';
import { health, models, props, slots } from '../endpoints/status.js';
import type { Look } from './server-state.js';

/** Asks one server. @throws LlamactlError */
export type Ask = <Result>(call: EndpointCall<Result>, timeoutMs: number) => Promise<Result>;

/** Milliseconds: a healthy server answers in a few. */
const LOOK_TIMEOUT = 2000;
/** Milliseconds for `/slots`, which some builds answer between two batches only: an answer that is late is of no use. */
const SLOTS_TIMEOUT = 500;

export interface LookOptions {
  /** Ask for the names of its models. */
  readonly names: boolean;
  /** Ask what its slots do. Being asked that keeps a model from falling asleep (measured). */
  readonly slots: boolean;
  /** How many requests of this client were under way there at most, so far. */
  readonly ours: () => number;
}

/** Looks at a server without waking or loading anything: `/props`, and, where wanted, its models, and `/slots` while awake. */
export async function lookAt(ask: Ask, options: LookOptions): Promise<Look> {
  try {
    const [facts, names] = await Promise.all([
      ask(props(), LOOK_TIMEOUT).catch((error: unknown) => withoutProps(ask, error)),
      options.names ? ask(models(), LOOK_TIMEOUT).then(namesOf, nullUnlessInterrupted) : null,
    ]);
    const asleep = facts?.is_sleeping === true;
    // Builds that do not say that they have it make it wait for the running request.
    const tells = options.slots && !asleep && facts?.endpoint_slots === true && facts.role !== 'router';
    const list = tells ? await ask(slots(), SLOTS_TIMEOUT).catch(nullUnlessInterrupted) : null;
    const busy = list?.filter(({ is_processing: isBusy }) => isBusy === true).length ?? 0;
    return {
      ok: true,
      asleep,
      models: names,
      slots: facts?.total_slots || list?.length || null,
      others: Math.max(0, busy - options.ours()),
    };
  } catch (error) {
    if (error instanceof LlamactlError) return { ok: false, error };
    throw error;
  }
}

/** A server that has no `/props` to show may be well all the same. */
async function withoutProps(ask: Ask, error: unknown): Promise<Props | null> {
  if (!(error instanceof LlamactlError) || error.details['status'] === undefined) throw error;
  if (error.type === 'AUTHENTICATION_ERROR' || error.code === 'server.loading') throw error;
  await ask(health(), LOOK_TIMEOUT);
  return null;
}

function namesOf(list: {
  readonly data: readonly { readonly id: string; readonly aliases?: readonly string[] | null | undefined }[];
}): string[] {
  return list.data.flatMap(({ id, aliases }) => [id, ...(aliases ?? []).filter((alias) => alias !== id)]);
}

function nullUnlessInterrupted(error: unknown): null {
  if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
  throw error;
}
