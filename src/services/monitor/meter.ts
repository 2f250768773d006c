/** Tokens a second from a total that grows, such that rate × time adds up to what it has grown by. */
export interface Meter {
  /** As it was last seen. Where it falls (a request that was never counted is given up), what grows after it counts. */
  readonly total: number;
  /** The last look whose rate counts: milliseconds. Null before the first. */
  readonly lookedAt: number | null;
  /** When it last grew, or could not have grown: milliseconds. */
  readonly grewAt: number;
  /** Tokens a second; null where nobody knows. */
  readonly rate: number | null;
  /** Tokens that it last grew by: one, or a batch of a prompt. */
  readonly step: number;
  /** Tokens that rates have told of before the total did. */
  readonly claimed: number;
}

export const NEW_METER: Meter = { total: 0, lookedAt: null, grewAt: 0, rate: null, step: 1, claimed: 0 };

export interface MeterLook {
  /** Milliseconds. */
  readonly at: number;
  readonly total: number;
  /**
   * `idle`: nothing that makes it grow goes on, so the rate is 0. `tokens`: it grows token by token. `batches`: it grows, by as
   * much as is read at once. `sparse`: something may go on, and the total tells only at the end.
   */
  readonly activity: 'idle' | 'tokens' | 'batches' | 'sparse';
}

/** What is told of a growth that was told before. It is not nothing, since something goes on. */
const REPAYING = 0.1;
/** Part of a step that a look tells of at least, while something goes on. */
const LEAST = 0.001;

/**
 * The meter after one more look. Between two tokens of a slow model, or two batches of a prompt, the rate is held, and what it
 * has told too early is taken off the next growth; so what goes on is never read as 0, and nothing is told twice.
 */
export function advanceMeter(meter: Meter, { at, total, activity }: MeterLook): Meter {
  const next = { ...meter, total, lookedAt: at };
  if (meter.lookedAt === null) return { ...next, grewAt: at, rate: activity === 'idle' ? 0 : null };
  const grown = total - meter.total;
  const seconds = (at - meter.lookedAt) / 1000;
  if (grown > 0 && seconds > 0) {
    const told = Math.max(grown - meter.claimed, grown * REPAYING);
    const claimed = Math.max(0, meter.claimed + told - grown);
    return { ...next, grewAt: at, rate: told / seconds, step: grown, claimed };
  }
  if (activity === 'idle') return { ...next, grewAt: at, rate: 0 };
  // What comes at the end is of the whole time.
  if (activity === 'sparse') return { ...meter, total, rate: null };
  const rate = heldRate(meter, at, activity === 'tokens' ? 1 : meter.step, seconds);
  return { ...next, rate, claimed: meter.claimed + (rate ?? 0) * seconds };
}

/**
 * The next step has not come yet: it cannot be quicker than one in the time that has passed. Where none comes for long, less and
 * less is told, two steps in all.
 */
function heldRate(
  { rate, claimed, grewAt }: Meter,
  at: number,
  step: number,
  seconds: number,
): number | null {
  const waited = (at - grewAt) / 1000;
  if (!rate || waited <= 0 || seconds <= 0) return rate || null;
  const left = Math.max((2 * step - claimed) / 2, step * LEAST);
  return Math.min(rate, step / waited, left / seconds);
}
