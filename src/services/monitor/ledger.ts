/**
 * Tokens so far, from two sources that neither alone will do (facts: "Metrics"): the server's counter, which moves only when a
 * request ends, and the slots, which move with each token and forget them at the end. What they tell together moves with each
 * token and is the server's own total once a request has ended.
 */
export interface Ledger {
  /** Tokens since the first look, plus what the counter held then; never counted twice, never lost. */
  readonly total: number;
  /** The counter as it was last seen; null where there is none. */
  readonly counter: number | null;
  /** Tokens of what runs, by task. */
  readonly live: ReadonlyMap<string, number>;
  /** Tokens of tasks that are gone from the slots, and not yet in the counter. */
  readonly pending: number;
  /** Since when {@link pending} has waited, milliseconds; null where nothing waits. */
  readonly pendingSince: number | null;
  /** What the counter took while the slots were not seen: it is of tasks that still count as live. */
  readonly credit: number;
  /** What came before: earlier processes, and, without a counter, tasks that have ended. */
  readonly offset: number;
}

export const EMPTY_LEDGER: Ledger = {
  total: 0,
  counter: null,
  live: new Map(),
  pending: 0,
  pendingSince: null,
  credit: 0,
  offset: 0,
};

/** Milliseconds after which a task that the counter never took is given up: an embedding is none that counts. */
const SETTLES_WITHIN = 10_000;

/** What one look told. */
export interface LedgerLook {
  /** Milliseconds. */
  readonly at: number;
  /** Asked before the slots, so that no task is in both; null where it is not known. */
  readonly counter: number | null;
  /** Tokens by task; null where the slots were not seen. */
  readonly live: ReadonlyMap<string, number> | null;
}

/** The ledger after one more look at the same process. */
export function advanceLedger(ledger: Ledger, look: LedgerLook): Ledger {
  const live = look.live ?? ledger.live;
  const gone = look.live === null ? 0 : tokensGone(ledger.live, look.live);
  const counter = look.counter ?? ledger.counter;
  if (counter === null) {
    const offset = ledger.offset + gone;
    return { ...EMPTY_LEDGER, live, offset, total: offset + sum(live) };
  }
  if (ledger.counter === null) {
    // The counter holds what was counted without it, as far as that has ended.
    const offset = ledger.total - sum(live) - counter;
    return { ...EMPTY_LEDGER, live, counter, offset, total: offset + counter + sum(live) };
  }
  const settled = counter - ledger.counter;
  const credit = look.live === null ? ledger.credit + settled : 0;
  const open =
    look.live === null ? ledger.pending : Math.max(0, ledger.pending + gone - settled - ledger.credit);
  const pendingSince = open === 0 ? null : settled > 0 ? look.at : (ledger.pendingSince ?? look.at);
  const isLost = pendingSince !== null && look.at - pendingSince > SETTLES_WITHIN;
  const pending = isLost ? 0 : open;
  return {
    counter,
    live,
    pending,
    pendingSince: isLost ? null : pendingSince,
    credit,
    offset: ledger.offset,
    total: ledger.offset + counter + Math.max(0, sum(live) - credit) + pending,
  };
}

/** The ledger of a new process, whose counters begin anew; the total goes on. */
export function restartLedger(ledger: Ledger): Ledger {
  return {
    ...EMPTY_LEDGER,
    counter: ledger.counter === null ? null : 0,
    offset: ledger.total,
    total: ledger.total,
  };
}

/** A task that is no longer there, or whose number fell, has ended. */
function tokensGone(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  let gone = 0;
  for (const [task, tokens] of before) if ((now.get(task) ?? -1) < tokens) gone += tokens;
  return gone;
}

function sum(tokens: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const each of tokens.values()) total += each;
  return total;
}
