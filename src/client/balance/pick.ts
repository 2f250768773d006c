import type { Condition, ServerState } from './server-state.js';

/** A server to choose, with what this client has under way there. */
export interface Candidate {
  readonly state: ServerState;
  readonly inFlight: number;
  /** How often it was chosen; one that comes back begins where the others are. */
  readonly picks: number;
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
/** Share of the slots that one server may be busier than another, and still have its turn; not than one that is idle. */
const SLACK = 0.5;
/** llama-server's own number, where it does not tell. */
const USUAL_SLOTS = 4;

/**
 * Chooses a server: the conversation's own while it is ready, else the best by condition, a free slot, the share of its
 * slots that is busy, and whose turn it is. Where all have something to do, some requests more or less leave it to the turn: a server
 * decodes its slots together, and to count closely is to send the most to the one that happens to be fast just now.
 * @returns its index; null where none can be used
 */
export function pick(candidates: readonly Candidate[], { model, sticky }: PickWish): number | null {
  const eligible = eligibleFor(candidates, model);
  const own = sticky === null ? undefined : candidates[sticky];
  if (sticky !== null && own?.state.condition === 'ready' && eligible.includes(sticky)) return sticky;
  let group = eligible.flatMap((index) => {
    const candidate = candidates[index];
    return candidate === undefined || candidate.state.condition === 'down' ? [] : [{ index, candidate }];
  });
  const keepLeast = (value: (candidate: Candidate) => number, slack = 0) => {
    const least = Math.min(...group.map(({ candidate }) => value(candidate)));
    group = group.filter(({ candidate }) => value(candidate) <= least + (least === 0 ? 0 : slack));
  };
  keepLeast(({ state }) => RANK[state.condition]);
  keepLeast((candidate) => Number(load(candidate) >= 1));
  keepLeast(load, SLACK);
  keepLeast(({ picks }) => picks);
  return group[0]?.index ?? null;
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

/** The share of its slots that is busy; above 1 where requests wait. */
function load({ state, inFlight }: Candidate): number {
  return (inFlight + state.others) / slotsOf(state);
}

function slotsOf({ slots }: ServerState): number {
  return Math.max(1, slots ?? USUAL_SLOTS);
}
