/** Numbers from 0 (included) to 1 (excluded); the same seed gives the same. */
export type Random = () => number;

/** The largest seed. */
export const LARGEST_SEED = 2 ** 32 - 1;

/** Mulberry32: 32 bits of state, good enough to shuffle words and space arrivals, and the same on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed for one part of a run, so that drawing more numbers in one part changes no other. */
export function derivedSeed(seed: number, part: number): number {
  return Math.floor(createRandom((seed ^ Math.imul(part + 1, 0x9e3779b1)) >>> 0)() * 2 ** 32);
}

/** Any seed. */
export function anySeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

/** A whole number from 0 to `below`, excluded. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
