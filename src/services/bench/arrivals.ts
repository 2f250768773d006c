import { createRandom } from './random.js';

export const ARRIVALS = ['poisson', 'constant'] as const;
export type Arrivals = (typeof ARRIVALS)[number];

/**
 * When requests of an open loop are sent: milliseconds since the start, rising, without an end. Users who know nothing of each
 * other arrive like `poisson`: at gaps that are exponentially distributed.
 * @param rate requests a second on average
 */
export function* arrivalTimes(rate: number, arrivals: Arrivals, seed: number): Generator<number, never> {
  const random = createRandom(seed);
  const meanGap = 1000 / rate;
  for (let sent = 0, at = 0; ; sent++) {
    yield arrivals === 'constant' ? sent * meanGap : at;
    // 1 − u is never 0.
    at += -Math.log(1 - random()) * meanGap;
  }
}
