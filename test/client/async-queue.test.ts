import assert from 'node:assert/strict';
import { AsyncQueue } from '../../src/client/async-queue.js';

function queueWithLog() {
  const log: string[] = [];
  const queue = new AsyncQueue<number>({
    start: () => log.push('start'),
    pause: () => log.push('pause'),
    resume: () => log.push('resume'),
    cancel: () => log.push('cancel'),
  });
  return { queue, log };
}

describe('AsyncQueue', () => {
  it('starts its producer with the first next(), and not before', async () => {
    const { queue, log } = queueWithLog();
    assert.deepEqual(log, []);
    const first = queue.next();
    assert.deepEqual(log, ['start']);
    queue.push(1);
    assert.deepEqual(await first, { done: false, value: 1 });
  });

  it('keeps the order, and ends after what waits', async () => {
    const { queue } = queueWithLog();
    for (let i = 0; i < 5; i++) queue.push(i);
    queue.end();
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  });

  it('meets its reader with the failure after what waits', async () => {
    const { queue } = queueWithLog();
    queue.push(1);
    queue.fail(new Error('cut'));
    assert.deepEqual(await queue.next(), { done: false, value: 1 });
    await assert.rejects(queue.next(), /cut/);
    assert.deepEqual(await queue.next(), { done: true, value: undefined });
  });

  it('holds a fast producer up, and lets it go on once most is read', async () => {
    const { queue, log } = queueWithLog();
    for (let i = 0; i < 2000; i++) queue.push(i);
    assert.deepEqual(log, ['pause']);
    for (let i = 0; i < 1900; i++) await queue.next();
    assert.deepEqual(log, ['pause', 'resume']);
  });

  it('tells its producer when the reader leaves early', async () => {
    const { queue, log } = queueWithLog();
    setImmediate(() => queue.push(1));
    for await (const item of queue) {
      assert.equal(item, 1);
      break;
    }
    assert.deepEqual(log, ['start', 'cancel']);
    queue.push(2);
    assert.deepEqual(await queue.next(), { done: true, value: undefined });
  });
});
