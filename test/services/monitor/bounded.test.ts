import assert from 'node:assert/strict';
import { addTick, LONGEST, NO_HISTORY } from '../../../src/services/monitor/history.js';
import type { Sample } from '../../../src/services/monitor/sample.js';
import { advanceTrack, NEW_TRACK } from '../../../src/services/monitor/track.js';
import { SimulatedServer } from './simulated-server.js';

describe('what is kept of a watch', () => {
  it('is as much after 10,000 looks as after 1,000', () => {
    const jobs = Array.from({ length: 30 }, (_, index) => ({
      slot: index % 3,
      startsAt: index * 250_000,
      promptTokens: 500,
      promptMs: 3000,
      batch: 64,
      answerTokens: 100,
      msPerToken: 40,
      stallMs: 0,
    }));
    const server = new SimulatedServer(jobs, 3);
    let track = NEW_TRACK;
    let history = NO_HISTORY;
    const sizes: number[] = [];
    const restartedAt = 5000;
    for (let look = 0; look < 10_000; look++) {
      const at = look * 1000;
      const isDown = look % 500 > 490;
      const sample: Sample = {
        at,
        target: 'gpu1',
        url: 'http://gpu1:8080',
        model: null,
        isRouter: false,
        state: isDown ? 'unreachable' : 'ready',
        error: isDown ? { code: 'connection.refused', message: 'nothing listens' } : null,
        responseTimeMs: 1,
        build: null,
        modelName: null,
        totalSlots: 3,
        slots: isDown ? null : server.slots(at),
        counters: isDown ? null : { ...server.counters(at), startedUs: look < restartedAt ? 1 : 2 },
        missing: [],
        restingMs: null,
        loading: null,
      };
      const next = advanceTrack(track, sample, new Date(at).toISOString(), () => null);
      track = next.track;
      history = addTick(history, { time: '', servers: [next.row], events: next.events });
      if (look === 999 || look === 9999)
        sizes.push(sizeOf(track) + [...history.series.values()].flat().length);
    }
    assert.equal(history.series.get('gpu1')?.length, LONGEST);
    assert.ok(history.events.length <= 200);
    assert.ok((sizes[1] ?? 0) <= (sizes[0] ?? 0) * 1.2, sizes.join(' → '));
    assert.equal(track.restarts, 1);
  });
});

/** Characters of all that it holds, maps too. */
function sizeOf(value: unknown): number {
  return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Map ? [...inner] : inner)).length;
}
