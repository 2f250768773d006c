import type { Condition, ServerState } from './server-state.js';

/** A server to choose, with what this client has under way there. */
export interface Candidate {
  readonly state: ServerState;
  readonly inFlight: number;
  /** When it was last chosen, as a number that grows with each choice; 0 for never. */
  readonly lastPicked: number;
}

export interface PickWish {
  /** Null where none is named. */
  readonly model: string | null;
  /** The server that holds the conversation in its cache; null where none does. */
  readonly sticky: number | null;
}

/** A server that needs time, for waking or loading, comes after one that does not; one that is down is never chosen. */
const RANK: Readonly<Record<Condition, number>> = {
  ready: 0,
  full: 1,
  new: 2,
  asleep: 3,
  loading: 4,
  down: Infinity,
};
/** llama-server's own number, where it does not tell. */
const USUAL_SLOTS = 4;

/**
 * Chooses a server: the conversation's own while it is ready, else the best by condition, a free slot, the share of its
 * slots that is busy, and turn.
 * @returns its index; null where none can be used
 */
export function pick(candidates: readonly Candidate[], { model, sticky }: PickWish): number | null {
  const eligible = eligibleFor(candidates, model);
  const own = sticky === null ? undefined : candidates[sticky];
  if (sticky !== null && own?.state.condition === 'ready' && eligible.includes(sticky)) return sticky;
  let best: number | null = null;
  for (const index of eligible) {
    const candidate = candidates[index];
    if (candidate === undefined || candidate.state.condition === 'down') continue;
    const current = best === null ? undefined : candidates[best];
    if (current === undefined || compare(candidate, current) < 0) best = index;
  }
  return best;
}

/**
 * The servers that may be asked for a model: those that have it, and those that do not tell. Where nobody has it, all of
 * them, as a single server ignores a name that it does not know.
 */
export function eligibleFor(candidates: readonly Candidate[], model: string | null): number[] {
  const all = candidates.map((_, index) => index);
  if (model === null) return all;
  const some = all.filter((index) => {
    const models = candidates[index]?.state.models;
    return models == null || models.includes(model);
  });
  return some.length === 0 ? all : some;
}

function compare(a: Candidate, b: Candidate): number {
  return (
    RANK[a.state.condition] - RANK[b.state.condition] ||
    Number(load(a) >= 1) - Number(load(b) >= 1) ||
    load(a) - load(b) ||
    a.lastPicked - b.lastPicked
  );
}

/** The share of its slots that is busy; above 1 where requests wait. */
function load({ state, inFlight }: Candidate): number {
  return (inFlight + state.others) / Math.max(1, state.slots ?? USUAL_SLOTS);
}
