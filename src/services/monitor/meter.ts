/** Tokens a second from a total that grows. */
export interface Meter {
  /** As it was last seen. Where it falls (a request that was never counted is given up), what grows after it counts. */
  readonly total: number;
  /** When it last grew, or could not have grown: milliseconds. Null before the first look. */
  readonly since: number | null;
  /** Tokens a second; null where nobody knows yet. */
  readonly rate: number | null;
  /** What it grew by last: a token, or a batch of a prompt. */
  readonly step: number;
}

export const NEW_METER: Meter = { total: 0, since: null, rate: null, step: 1 };

export interface MeterLook {
  /** Milliseconds. */
  readonly at: number;
  readonly total: number;
  /**
   * `idle`: nothing that makes it grow goes on, so the rate is 0. `steady`: something does, and the total moves with it.
   * `sparse`: something may, and the total tells only at the end.
   */
  readonly activity: 'idle' | 'steady' | 'sparse';
}

/**
 * The meter after one more look. What has grown is spread over the time in which it grew, so that rate × time adds up to the
 * total; a slow model, of which not each look sees a token, is never read as 0.
 */
export function advanceMeter(meter: Meter, { at, total, activity }: MeterLook): Meter {
  if (meter.since === null) return { ...meter, total, since: at, rate: activity === 'idle' ? 0 : null };
  const grown = total - meter.total;
  const seconds = (at - meter.since) / 1000;
  if (grown > 0 && seconds > 0) return { total, since: at, rate: grown / seconds, step: grown };
  const here = { ...meter, total };
  if (activity === 'idle') return { ...here, since: at, rate: 0 };
  if (activity === 'sparse') return { ...here, rate: null };
  // The next step has not come yet: it cannot be quicker than one in the time that has passed.
  const fastest = seconds > 0 ? meter.step / seconds : Number.POSITIVE_INFINITY;
  return { ...here, rate: meter.rate ? Math.min(meter.rate, fastest) : null };
}
