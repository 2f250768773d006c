/**
 * When an idle model is asked again. Being asked for its slots (and in older builds for its counters) starts its clock anew, so
 * that a model that is asked every second never falls asleep (measured). It is left alone for a part of the time that it has been
 * idle: an answer is never late by more than that part, and any `--sleep-idle-seconds` up to {@link LONGEST} passes in the end.
 */
export interface Rest {
  /** When it was first seen idle; null while it is busy. Milliseconds. */
  readonly idleSince: number | null;
  /** When it was last asked; null before the first question. */
  readonly askedAt: number | null;
}

export const NO_REST: Rest = { idleSince: null, askedAt: null };

/** Milliseconds of idleness in which nothing is left out. */
const GRACE = 60_000;
const PART = 1 / 6;
/** Milliseconds. */
const LONGEST = 5 * 60_000;

/** Milliseconds until it may be asked; 0 is now. */
export function restLeft({ idleSince, askedAt }: Rest, now: number): number {
  if (idleSince === null || askedAt === null) return 0;
  const idleFor = askedAt - idleSince;
  return idleFor < GRACE ? 0 : Math.max(0, askedAt + Math.min(LONGEST, idleFor * PART) - now);
}

/** After an answer. */
export function rested({ idleSince }: Rest, now: number, isBusy: boolean): Rest {
  return { idleSince: isBusy ? null : (idleSince ?? now), askedAt: now };
}
