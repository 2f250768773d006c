import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bootstrapShare } from '../../../src/services/bench/bootstrap.js';
import { compareRuns, verdictOf } from '../../../src/services/bench/compare.js';
import { findMax } from '../../../src/services/bench/find-max.js';
import { createRandom } from '../../../src/services/bench/random.js';
import type { Samples } from '../../../src/services/bench/report.js';

const CLOSED = { kind: 'closed', concurrency: 4 } as const;

/** Requests around these milliseconds, spread by a quarter of them. */
function samples(n: number, seed: number, ttft = 100, e2e = 1000, failed = 0): Samples {
  const random = createRandom(seed);
  const around = (ms: number) => ms * (0.75 + random() * 0.5);
  return {
    atMs: Array.from({ length: n }, (_, index) => index),
    ttftMs: Array.from({ length: n }, () => around(ttft)),
    tpotMs: Array.from({ length: n }, () => around(10)),
    e2eMs: Array.from({ length: n }, () => around(e2e)),
    outputTokens: Array.from({ length: n }, () => 64),
    failed: Array.from({ length: n }, (_, index) => (index < failed ? 1 : 0)),
  };
}
const verdictBetween = (before: Samples, after: Samples, tolerance = 0.05) =>
  compareRuns(CLOSED, before, after, tolerance).verdict;

describe('two runs compared', () => {
  it('are the same where the same was measured again, mostly, and hardly ever a regression', () => {
    const verdicts = Array.from({ length: 6 }, (_, n) =>
      verdictBetween(samples(400, n), samples(400, 1000 + n), 0.1),
    );
    assert.equal(verdicts.filter((each) => each === 'regressed' || each === 'improved').length, 0);
    assert(verdicts.filter((each) => each === 'same').length >= 3, verdicts.join());
  });

  it('regress where what is slower is slower by more than was allowed', () => {
    const found = compareRuns(CLOSED, samples(400, 1), samples(400, 2, 130), 0.05);
    assert.equal(found.verdict, 'regressed');
    const worse = found.metrics.filter(({ verdict }) => verdict === 'regressed').map(({ name }) => name);
    assert.deepEqual(worse, ['ttft.p50', 'ttft.p95']);
    const [first] = found.metrics;
    assert(first?.interval != null && first.interval.low < 0.3 && first.interval.high > 0.3);
    assert.equal(verdictBetween(samples(400, 1), samples(400, 2, 130), 0.5), 'same');
  });

  it('improve where all that changed is quicker', () => {
    assert.equal(verdictBetween(samples(400, 1), samples(400, 2, 60)), 'improved');
  });

  it('regress by tokens a second in a closed loop, of all requests together', () => {
    const found = compareRuns(CLOSED, samples(400, 1), samples(400, 2, 100, 1500), 0.05);
    const tps = found.metrics.find(({ name }) => name === 'tps');
    assert.equal(tps?.verdict, 'regressed');
    // Four at a time, 64 tokens in a second each.
    assert(Math.abs((tps?.before ?? 0) / 256 - 1) < 0.05, `${tps?.before}`);
    const open = compareRuns(
      { kind: 'open', rate: 5, arrivals: 'poisson' },
      samples(9, 1),
      samples(9, 2),
      0.05,
    );
    assert(!open.metrics.some(({ name }) => name === 'tps'));
  });

  it('say that they cannot tell from a few requests', () => {
    assert.equal(verdictBetween(samples(6, 1), samples(6, 2)), 'unsure');
    const found = compareRuns(CLOSED, samples(6, 1), samples(6, 2), 0.05);
    assert(!found.metrics.some(({ name }) => name.endsWith('p95')), 'p95 of six');
  });

  it('regress by failures that chance does not explain', () => {
    assert.equal(verdictBetween(samples(400, 1), samples(400, 1, 100, 1000, 40)), 'regressed');
    assert.equal(verdictBetween(samples(400, 1, 100, 1000, 40), samples(400, 1)), 'improved');
  });

  it('judge each interval by where it lies, the same in both directions', () => {
    const bound = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(bound, bound, fc.double({ min: 0, max: 0.5, noNaN: true }), (a, b, tolerance) => {
        const interval = { low: Math.min(a, b), high: Math.max(a, b) };
        const mirrored = { low: -interval.high, high: -interval.low };
        const verdict = verdictOf(interval, 'worse', tolerance);
        assert.equal(verdictOf(mirrored, 'better', tolerance), verdict);
        if (verdict === 'regressed') assert(interval.low > tolerance);
        if (verdict === 'improved') assert(interval.high < -tolerance);
        if (verdict === 'same') assert(Math.abs(a) <= tolerance && Math.abs(b) <= tolerance);
      }),
    );
    assert.equal(verdictOf(null, 'worse', 0.05), 'unsure');
  });
});

describe('a share of resamples', () => {
  it('is all of them for what always holds, and about half for a coin', () => {
    assert.equal(
      bootstrapShare(10, () => true),
      1,
    );
    assert.equal(
      bootstrapShare(0, () => true),
      null,
    );
    const half = bootstrapShare(100, (picks) => picks.filter((index) => index < 50).length > 50) ?? 0;
    assert(half > 0.35 && half < 0.6, `${half}`);
  });
});

describe('the highest rate', () => {
  const search = (limit: number, start: number, maxRuns = 30, signal = new AbortController().signal) =>
    findMax({ start, maxRuns, precision: 0.05, signal, measure: async (rate) => rate <= limit });

  it('is found between one that holds and one that misses, near to each other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        async (limit, start) => {
          const { rate, missedAt, trials } = await search(limit, start);
          assert(rate !== null && missedAt !== null);
          assert(rate <= limit && limit < missedAt, `${rate} to ${missedAt} of ${limit}`);
          assert(missedAt <= rate * 1.0501);
          assert.equal(new Set(trials.map((trial) => trial.rate)).size, trials.length, 'a rate twice');
        },
      ),
    );
  });

  it('takes no more runs than it may, and says what it has', async () => {
    const few = await search(100, 1, 3);
    assert.deepEqual([few.rate, few.missedAt, few.trials.length], [4, null, 3]);
    const none = await search(0, 8, 4);
    assert.deepEqual([none.rate, none.trials.map(({ rate }) => rate)], [null, [8, 4, 2, 1]]);
  });

  it('leaves a run out that was interrupted', async () => {
    const interrupt = new AbortController();
    const found = await findMax({
      start: 1,
      maxRuns: 9,
      precision: 0.05,
      signal: interrupt.signal,
      measure: async (rate) => {
        if (rate > 1) interrupt.abort();
        return true;
      },
    });
    assert.deepEqual(found, { rate: 1, missedAt: null, trials: [{ rate: 1, held: true }] });
  });
});
