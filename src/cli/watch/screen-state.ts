import { EXIT } from '../../errors/exit-code.js';
import { orderRows } from '../../render/watch/order.js';
import { rowName, type ScreenState, type SortBy } from '../../render/watch/screen.js';
import type { Key } from './keys.js';

/** What a key asks of the program beside another picture. */
export type Effect =
  | { readonly type: 'quit'; readonly exit: number }
  | { readonly type: 'interval'; readonly intervalMs: number }
  | null;

/** Milliseconds between two looks that + and − choose from. */
const INTERVALS = [250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000] as const;
const SORTS: readonly SortBy[] = ['given', 'name', 'state', 'generation', 'queue'];
const PAGE = 10;
/** Lines of a recording that < and > pass over. */
const LEAP = 30;

/** What one key makes of the screen. */
export function pressKey(
  state: ScreenState,
  key: Key,
): { readonly state: ScreenState; readonly effect: Effect } {
  const only = (changes: Partial<ScreenState>) => ({ state: { ...state, ...changes }, effect: null });
  if (key === 'q') return { state, effect: { type: 'quit', exit: EXIT.good } };
  if (key === 'ctrl-c') return { state, effect: { type: 'quit', exit: EXIT.interrupted } };
  if (key === '?' || key === 'h') return only({ view: state.view === 'help' ? 'servers' : 'help' });
  if (key === 'l') return only({ view: state.view === 'log' ? 'servers' : 'log', logScroll: 0 });
  if (key === 'escape') return only({ view: 'servers' });
  if (key === 's') {
    const sort = SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] ?? 'given';
    // What the new order brings to the top is what one wants to see.
    return only({ sort, selected: null });
  }
  if (key === 'p' || key === ' ') return only({ paused: !state.paused });
  if (key === '+' || key === '=' || key === '-' || key === '_') {
    const intervalMs = nextInterval(state.intervalMs, key === '-' || key === '_' ? -1 : 1);
    return { state: { ...state, intervalMs }, effect: { type: 'interval', intervalMs } };
  }
  const step = stepOf(key);
  if (state.view === 'log' && step !== null)
    return only({ logScroll: Math.max(0, Math.min(state.logScroll - step, state.history.events.length)) });
  if (step !== null) return only({ selected: selectionAfter(state, step) });
  return { state, effect: null };
}

/** Which line of a recording a key leads to; null for any other key. */
export function lineAfter(line: number, length: number, key: Key): number | null {
  const places: Readonly<Record<string, number>> = {
    left: line - 1,
    right: line + 1,
    '<': line - LEAP,
    '>': line + LEAP,
    ',': line - LEAP,
    '.': line + LEAP,
    home: 0,
    end: length - 1,
  };
  const to = Object.hasOwn(places, key) ? places[key] : undefined;
  return to === undefined ? null : Math.max(0, Math.min(length - 1, to));
}

function nextInterval(now: number, direction: 1 | -1): number {
  const longer = INTERVALS.find((each) => each > now);
  const shorter = INTERVALS.filter((each) => each < now).at(-1);
  return (direction === 1 ? longer : shorter) ?? now;
}

function stepOf(key: Key): number | null {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    'page-up': -PAGE,
    'page-down': PAGE,
    home: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
  };
  return Object.hasOwn(steps, key) ? (steps[key] ?? null) : null;
}

function selectionAfter({ tick, sort, selected }: ScreenState, step: number): string | null {
  const names = orderRows(tick?.servers ?? [], sort).map(rowName);
  const at = Math.max(0, selected === null ? 0 : names.indexOf(selected));
  return names[Math.max(0, Math.min(names.length - 1, at + step))] ?? null;
}
