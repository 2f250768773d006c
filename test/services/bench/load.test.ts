import assert from 'node:assert/strict';
import fc from 'fast-check';
import { arrivalTimes } from '../../../src/services/bench/arrivals.js';
import { digits } from '../../../src/services/bench/digits.js';
import { distributionOf, loadRecorders, quantileOf } from '../../../src/services/bench/histogram.js';
import { type LoadOptions, runLoad } from '../../../src/services/bench/load.js';

const STAY = new AbortController().signal;
const closed = (concurrency: number, requests: number): Omit<LoadOptions, 'send'> => ({
  load: { kind: 'closed', concurrency },
  bounds: { requests, durationMs: null },
  seed: 1,
  signal: STAY,
});

function take(times: Iterable<number>, n: number): number[] {
  const taken: number[] = [];
  for (const time of times) {
    if (taken.length === n) break;
    taken.push(time);
  }
  return taken;
}

describe('arrivals of an open loop', () => {
  it('come at the rate that was asked for, on average, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 200 }), (seed, rate) => {
        const times = take(arrivalTimes(rate, 'poisson', seed), 4001);
        const measured = 4000 / ((times.at(-1) ?? 0) / 1000);
        // Four standard deviations of the mean of 4,000 exponential gaps are 6.3 %.
        assert(Math.abs(measured / rate - 1) < 0.064, `${measured} a second, not ${rate}`);
      }),
      { numRuns: 50 },
    );
  });

  it('are spread as those of users who know nothing of each other: the gaps deviate as much as they are long', () => {
    const times = take(arrivalTimes(10, 'poisson', 7), 4001);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    assert(Math.abs(deviation / mean - 1) < 0.1, `${deviation} of ${mean}`);
  });

  it('come at even gaps where they are constant', () => {
    assert.deepEqual(take(arrivalTimes(4, 'constant', 1), 4), [0, 250, 500, 750]);
  });

  it('are the same again with the same seed, and others with another', () => {
    assert.deepEqual(take(arrivalTimes(9, 'poisson', 3), 20), take(arrivalTimes(9, 'poisson', 3), 20));
    assert.notDeepEqual(take(arrivalTimes(9, 'poisson', 3), 20), take(arrivalTimes(9, 'poisson', 4), 20));
  });
});

describe('a load', () => {
  it('of a closed loop has so many under way, never more, and each index once', async () => {
    let underWay = 0;
    let most = 0;
    const indexes: number[] = [];
    const times = await runLoad({
      ...closed(3, 20),
      send: async (index) => {
        indexes.push(index);
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay--;
      },
    });
    assert.deepEqual([most, times.sent], [3, 20]);
    assert.deepEqual(
      indexes.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('of an open loop goes on sending while nothing answers, and waits for all at the end', async () => {
    const waiting: (() => void)[] = [];
    const scheduled: number[] = [];
    const times = await runLoad({
      load: { kind: 'open', rate: 1000, arrivals: 'constant' },
      bounds: { requests: 10, durationMs: null },
      seed: 1,
      signal: STAY,
      send: async (_, at) => {
        scheduled.push(at);
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          // Nobody is answered before all have been sent.
          if (waiting.length === 10) for (const answer of waiting) answer();
        });
      },
    });
    assert.equal(times.sent, 10);
    const gaps = scheduled.map((at) => at - times.startedMs);
    assert(
      gaps.every((gap, index) => gap <= index + 1e-6 && gap > index - 1),
      `scheduled at ${gaps.join(', ')}`,
    );
  });

  it('counts what it could not send in time from when it was due', async () => {
    const late: number[] = [];
    await runLoad({
      load: { kind: 'open', rate: 1000, arrivals: 'constant' },
      bounds: { requests: 5, durationMs: null },
      seed: 1,
      signal: STAY,
      send: async (index, at) => {
        late.push(performance.now() - at);
        // The first holds the event loop for as long as the others are due.
        if (index === 0) while (performance.now() - at < 20);
      },
    });
    assert(
      late.slice(1).every((ms) => ms > 14),
      `late by ${late.join(', ')}`,
    );
  });

  it('ends with its duration, and at once when it is interrupted', async () => {
    const send = () => new Promise<void>((resolve) => setImmediate(resolve));
    const timed = await runLoad({ ...closed(1, 1), bounds: { requests: null, durationMs: 20 }, send });
    assert(timed.sent > 0 && timed.endedMs - timed.startedMs >= 20);
    for (const load of [
      { kind: 'closed', concurrency: 2 },
      { kind: 'open', rate: 0.001, arrivals: 'poisson' },
    ] as const) {
      const interrupt = new AbortController();
      const times = await runLoad({
        load,
        bounds: { requests: null, durationMs: null },
        seed: 1,
        signal: interrupt.signal,
        send: async () => interrupt.abort(),
      });
      assert(times.sent <= 2);
    }
  });
});

describe('percentiles', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 3_000_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });

  it('by HDR histogram are those of a sort to 0.1 %, or a microsecond', async () => {
    const create = await loadRecorders();
    fc.assert(
      fc.property(values, fc.double({ min: 0.001, max: 1, noNaN: true }), (all, share) => {
        const recorder = create();
        for (const value of all) recorder.add(value);
        const sorted = [...all].sort((a, b) => a - b);
        const [measured, expected] = [recorder.quantile(share), quantileOf(sorted, share)];
        assert(
          Math.abs(measured - expected) <= Math.max(0.002, expected * 0.0011),
          `${measured}, and sorted ${expected}`,
        );
      }),
    );
  });

  it('are in order, between the least and the greatest, and there is none of nothing', async () => {
    const create = await loadRecorders();
    assert.deepEqual([create().distribution(), distributionOf([])], [null, null]);
    fc.assert(
      fc.property(values, (all) => {
        const recorder = create();
        for (const value of all) recorder.add(value);
        for (const found of [recorder.distribution(), distributionOf(all)]) {
          assert(found !== null);
          const { min, p50, p75, p90, p95, p99, max, mean, count } = found;
          const row = [min, p50, p75, p90, p95, p99, found['p99.9'], max];
          assert.deepEqual(
            row,
            [...row].sort((a, b) => a - b),
          );
          assert(mean >= min * 0.99999 && mean <= max * 1.00001);
          assert.equal(count, all.length);
          assert.deepEqual([min, max], [digits(Math.min(...all)), digits(Math.max(...all))]);
        }
      }),
    );
  });
});
