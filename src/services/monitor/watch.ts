import { setTimeout as pause } from 'node:timers/promises';
import { sleep } from '../../client/backoff.js';
import { isLoopback } from '../../client/pool.js';
import { Looker, type WatchedServer } from './look.js';
import type { Sample } from './sample.js';
import {
  advanceTrack,
  type MachineClock,
  NEW_TRACK,
  type ServerRow,
  type Track,
  type WatchEvent,
} from './track.js';

/** One line of `metrics watch`. */
export interface Tick {
  /** ISO 8601. */
  readonly time: string;
  readonly servers: readonly ServerRow[];
  /** What happened since the line before. */
  readonly events: readonly WatchEvent[];
}

/** How often is looked; may be changed while it goes on. */
export interface Pace {
  intervalMs: number;
}

/** Milliseconds that a line waits for servers that are slow to answer; what comes later is in the next. */
const PATIENCE = 1500;
/** Looks at a server that is out of reach are further and further apart, up to this: milliseconds. */
const LONGEST_PAUSE = 5000;
/** Looks of one round begin one after the other, so that they do not slow each other down: milliseconds. */
const STAGGER = 5;

/**
 * Looks at servers again and again, each by itself: no look at one begins before the last has ended, and a slow one keeps nobody
 * waiting. Nothing is kept that grows with time.
 * @throws what the signal is aborted with: there is no other end
 */
export async function* watchServers(
  servers: readonly WatchedServer[],
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Tick, never> {
  const watched = servers.map((server, index) => new Watched(new Looker(server), index));
  try {
    for (;;) {
      const started = performance.now();
      const looks = watched.flatMap((each) => each.startLook(pace.intervalMs, signal));
      const patience = watched.every(({ isKnown }) => isKnown)
        ? Math.min(PATIENCE, pace.intervalMs)
        : PATIENCE;
      await firstOf(Promise.all(looks), patience, signal);
      signal.throwIfAborted();
      const time = new Date().toISOString();
      const told = watched.map((each) => each.tell(time));
      yield {
        time,
        servers: told.flatMap(({ rows }) => rows),
        events: told.flatMap(({ events }) => events),
      };
      await untilNext(started, pace, signal);
    }
  } finally {
    for (const each of watched) each.close();
  }
}

/** Waits in small steps, so that a shorter interval is obeyed at once. */
async function untilNext(started: number, pace: Pace, signal: AbortSignal): Promise<void> {
  for (;;) {
    const left = started + pace.intervalMs - performance.now();
    if (left <= 0) return;
    await pause(Math.min(left, 250), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function firstOf(work: Promise<unknown>, patienceMs: number, signal: AbortSignal): Promise<void> {
  const waited = new AbortController();
  await Promise.race([work, sleep(patienceMs, [signal, waited.signal]).catch(() => undefined)]);
  waited.abort();
}

/** One server: its look under way, and what its looks told. */
class Watched {
  readonly #looker: Looker;
  #looking = false;
  #notBefore = 0;
  #failures = 0;
  #samples: readonly Sample[] = [];
  #isNew = false;
  /** Of a router's models too, also while it is out of reach. */
  readonly #tracks = new Map<string, Track>();
  #rows: readonly ServerRow[] = [];
  #toldAt = 0;
  #failure: unknown = null;

  readonly #index: number;

  constructor(looker: Looker, index: number) {
    this.#looker = looker;
    this.#index = index;
  }

  close(): void {
    this.#looker.close();
  }

  /** Whether a look has told anything yet. */
  get isKnown(): boolean {
    return this.#rows.length > 0;
  }

  /** @returns the look, if one began: none does while the last goes on, and seldom ones do where nothing answers */
  startLook(intervalMs: number, signal: AbortSignal): Promise<void>[] {
    if (this.#looking || performance.now() < this.#notBefore) return [];
    this.#looking = true;
    return [this.#look(intervalMs, signal)];
  }

  /** @throws what a look failed with that is no state of a server's: a bug of ours */
  tell(time: string): { readonly rows: readonly ServerRow[]; readonly events: readonly WatchEvent[] } {
    if (this.#failure !== null) throw this.#failure;
    const now = performance.now();
    if (!this.#isNew && !this.isKnown) {
      const { row } = advanceTrack(NEW_TRACK, this.#looker.unknown(), time, machineClock);
      return { rows: [row], events: [] };
    }
    if (!this.#isNew) {
      const age = Math.round(now - this.#toldAt);
      return { rows: this.#rows.map((row) => toldAgain(row, age)), events: [] };
    }
    this.#isNew = false;
    this.#toldAt = now;
    const events: WatchEvent[] = [];
    this.#rows = this.#samples.map((sample) => {
      const key = sample.model ?? '';
      const next = advanceTrack(this.#tracks.get(key) ?? NEW_TRACK, sample, time, machineClock);
      this.#tracks.set(key, next.track);
      events.push(...next.events);
      return next.row;
    });
    return { rows: this.#rows, events };
  }

  async #look(intervalMs: number, signal: AbortSignal): Promise<void> {
    try {
      const turn = Math.min(this.#index * STAGGER, intervalMs / 4);
      if (turn > 0) await pause(turn, undefined, { signal });
      this.#samples = await this.#looker.look(signal);
      this.#isNew = true;
      const isGone = this.#samples[0]?.state === 'unreachable' || this.#samples[0]?.state === 'unresponsive';
      this.#failures = isGone ? this.#failures + 1 : 0;
      const wait = isGone
        ? Math.min(Math.max(LONGEST_PAUSE, intervalMs), intervalMs * 2 ** Math.min(this.#failures - 1, 8))
        : 0;
      // A little less, since the next round begins a whole number of intervals later.
      this.#notBefore = performance.now() + wait - intervalMs / 2;
    } catch (error) {
      if (!signal.aborted) this.#failure = error;
    } finally {
      this.#looking = false;
    }
  }
}

/**
 * A row whose next look has not ended. Where requests hold all HTTP threads of a server, it answers nobody until one has ended
 * (measured): that nothing ran before says nothing of now.
 * @param ageMs milliseconds since it was told first
 */
function toldAgain(row: ServerRow, ageMs: number): ServerRow {
  return {
    ...row,
    stateMs: row.stateMs + ageMs,
    intervalMs: 0,
    slots: { ...row.slots, busy: row.slots.busy || null },
    promptTokensPerSecond: row.promptTokensPerSecond || null,
    generationTokensPerSecond: row.generationTokensPerSecond || null,
  };
}

/** Servers of this machine tell their start in its own clock, which is Node's too. */
const machineClock: MachineClock = (url) =>
  process.platform === 'linux' && isLoopback(new URL(url).hostname)
    ? Number(process.hrtime.bigint() / 1000n)
    : null;
