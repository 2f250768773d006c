import assert from 'node:assert/strict';
import { NO_REST, rested, restLeft } from '../../../src/services/monitor/rest.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** When an idle model is asked, looked at every second. */
function asked(forMs: number): number[] {
  let rest = NO_REST;
  const times: number[] = [];
  for (let now = 0; now < forMs; now += SECOND) {
    if (restLeft(rest, now) > 0) continue;
    times.push(now);
    rest = rested(rest, now, false);
  }
  return times;
}

describe('an idle model', () => {
  const times = asked(3 * HOUR);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));

  it('is asked at each look for a minute, and less and less often after it', () => {
    assert.ok(gaps.slice(0, 59).every((gap) => gap === SECOND));
    assert.ok((gaps[62] ?? 0) > 9 * SECOND);
    for (const [index, gap] of gaps.entries()) assert.ok(gap >= (gaps[index - 1] ?? 0), `gap ${index}`);
  });

  it('is left alone for long enough to fall asleep, whatever --sleep-idle-seconds up to 5 minutes', () => {
    assert.ok(Math.max(...gaps) > 300 * SECOND - 1);
  });

  it('is never told late by more than a sixth of the time that it has been idle', () => {
    for (const [index, gap] of gaps.entries())
      assert.ok(gap <= (times[index] ?? 0) / 6 + SECOND, `gap ${index}`);
  });

  it('that works is asked at each look', () => {
    const busy = rested({ idleSince: 0, askedAt: HOUR }, HOUR + SECOND, true);
    assert.equal(restLeft(busy, HOUR + SECOND), 0);
    assert.equal(restLeft(rested(busy, HOUR + 2 * SECOND, false), HOUR + 2 * SECOND), 0);
  });
});
