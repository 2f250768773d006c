import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backoffDelay, sleep } from '../../src/client/backoff.js';

describe('backoffDelay', () => {
  it('grows exponentially with full jitter, up to ten seconds', () => {
    assert.equal(
      backoffDelay(0, 0, () => 1),
      250,
    );
    assert.equal(
      backoffDelay(3, 0, () => 1),
      2000,
    );
    assert.equal(
      backoffDelay(20, 0, () => 1),
      10_000,
    );
    assert.equal(
      backoffDelay(3, 0, () => 0),
      0,
    );
  });

  it('never comes back before Retry-After', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10 }),
        fc.nat({ max: 60_000 }),
        (attempt, asked) => backoffDelay(attempt, asked) >= asked,
      ),
    );
  });
});

describe('sleep', () => {
  it('ends as soon as a signal aborts, also one that has aborted before', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await assert.rejects(sleep(60_000, [controller.signal, undefined]), { type: 'INTERRUPTED' });
    await assert.rejects(sleep(60_000, [controller.signal]), { type: 'INTERRUPTED' });
  });
});
