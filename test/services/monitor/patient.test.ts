import assert from 'node:assert/strict';
import { patient } from '../../../src/services/monitor/patient.js';

describe('a question that may take long', () => {
  const { signal } = new AbortController();
  const LONG = 10_000;

  it('is answered where the answer comes in time, or fails as it fails', async () => {
    const one = patient<number>();
    assert.equal(await one.ask(async () => 1, LONG, signal), 1);
    await assert.rejects(
      one.ask(() => Promise.reject(new Error('gone')), LONG, signal),
      /gone/,
    );
    assert.equal(await one.ask(async () => 2, LONG, signal), 2);
  });

  it('is never asked beside itself, and a late answer counts for nothing', async () => {
    const one = patient<string>();
    let answer: (text: string) => void = () => {};
    let asked = 0;
    const slow = () => {
      asked++;
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    };
    assert.equal(await one.ask(slow, 5, signal), null);
    assert.equal(await one.ask(slow, 5, signal), null);
    assert.equal(asked, 1);
    answer('old');
    const next = one.ask(slow, LONG, signal);
    while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
    answer('new');
    assert.equal(await next, 'new');
  });
});
