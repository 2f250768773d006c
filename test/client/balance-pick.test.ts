import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Conversations, conversationOf } from '../../src/client/balance/conversations.js';
import { type Candidate, eligibleFor, pick } from '../../src/client/balance/pick.js';
import {
  afterFailure,
  afterLook,
  afterSuccess,
  type Condition,
  ejectionTime,
  NEW_SERVER,
  type ServerState,
} from '../../src/client/balance/server-state.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';

const CONDITIONS: readonly Condition[] = ['new', 'ready', 'full', 'asleep', 'loading', 'down'];

const candidate: fc.Arbitrary<Candidate> = fc.record({
  inFlight: fc.nat(8),
  picks: fc.nat(100),
  state: fc.record({
    condition: fc.constantFrom(...CONDITIONS),
    models: fc.option(fc.uniqueArray(fc.constantFrom('small', 'large', 'coder'))),
    slots: fc.option(fc.integer({ min: 1, max: 8 })),
    others: fc.nat(4),
    failures: fc.nat(4),
    lookAt: fc.nat(1000),
    error: fc.constant(null),
  }),
});
const candidates = fc.array(candidate, { minLength: 1, maxLength: 6 });
const model = fc.option(fc.constantFrom('small', 'large', 'nobody-has-it'));

const refused = new LlamactlError({
  type: 'CONNECTION_ERROR',
  code: 'connection.refused',
  message: 'nothing there',
});
const look = { ok: true, asleep: false, models: ['small'], slots: 4, others: 0 } as const;
const half = () => 0.5;

describe('choosing one of several servers', () => {
  it('never takes one that is down, and one that needs time only where none is ready', () => {
    fc.assert(
      fc.property(candidates, model, (all, wanted) => {
        const chosen = pick(all, { model: wanted, sticky: null });
        const conditions = eligibleFor(all, wanted).map((index) => all[index]?.state.condition);
        const taken = chosen === null ? undefined : all[chosen]?.state.condition;
        if (chosen === null) return conditions.every((condition) => condition === 'down');
        return taken !== 'down' && (!conditions.includes('ready') || taken === 'ready');
      }),
    );
  });

  it('never asks for a model where it is not, while somebody has it', () => {
    fc.assert(
      fc.property(
        candidates,
        fc.constantFrom('small', 'large'),
        fc.option(fc.nat(5)),
        (all, wanted, sticky) => {
          const chosen = pick(all, { model: wanted, sticky });
          const models = chosen === null ? null : (all[chosen]?.state.models ?? null);
          const nobody = all.every(({ state }) => state.models !== null && !state.models.includes(wanted));
          return models === null || nobody || models.includes(wanted);
        },
      ),
    );
  });

  it('takes a free slot before a queue', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const ready = all.map((each) => ({ ...each, state: { ...each.state, condition: 'ready' as const } }));
        const isFree = ({ state, inFlight }: Candidate) => inFlight + state.others < (state.slots ?? 4);
        const chosen = ready[pick(ready, { model: null, sticky: null }) ?? -1];
        return chosen !== undefined && (isFree(chosen) || !ready.some(isFree));
      }),
    );
  });

  it('stays with the conversation while its server is ready, however busy that is', () => {
    fc.assert(
      fc.property(candidates, fc.nat(5), (all, sticky) => {
        const own = all[sticky];
        const chosen = pick(all, { model: null, sticky });
        return own?.state.condition === 'ready'
          ? chosen === sticky
          : chosen === pick(all, { model: null, sticky: null });
      }),
    );
  });

  it('never leaves one idle, nor sends to one that is busier than another by more than half of its slots', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(fc.nat(), { maxLength: 100 }), (count, ends) => {
        const state = afterLook(NEW_SERVER, look, 0);
        const servers = Array.from({ length: count }, () => ({ inFlight: 0, picks: 0, state }));
        const running: number[] = [];
        for (const end of ends) {
          const chosen = pick(servers, { model: null, sticky: null }) ?? -1;
          const server = servers[chosen];
          const least = Math.min(...servers.map(({ inFlight }) => inFlight));
          assert.ok(server !== undefined && server.inFlight <= (least === 0 ? 0 : least + 2));
          server.inFlight++;
          server.picks++;
          running.push(chosen);
          const [ended = -1] = end % 3 === 0 ? [] : running.splice(end % running.length, 1);
          const other = servers[ended];
          if (other !== undefined) other.inFlight--;
        }
      }),
    );
  });

  it('goes round while all are idle', () => {
    const servers = Array.from({ length: 3 }, () => ({
      inFlight: 0,
      picks: 0,
      state: afterLook(NEW_SERVER, look, 0),
    }));
    const order = Array.from({ length: 6 }, () => {
      const chosen = pick(servers, { model: null, sticky: null }) ?? -1;
      const server = servers[chosen];
      if (server !== undefined) server.picks++;
      return chosen;
    });
    assert.deepEqual(order, [0, 1, 2, 0, 1, 2]);
  });
});

describe('the state of one of several servers', () => {
  const ready: ServerState = afterLook(NEW_SERVER, look, 0, half);

  it('is out after a failed connection, for twice as long after each, up to 30 s', () => {
    const times = Array.from({ length: 12 }, (_, index) => ejectionTime(index + 1, () => 1));
    assert.deepEqual(times.slice(0, 4), [250, 500, 1000, 2000]);
    assert.equal(times.at(-1), 30_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const time = ejectionTime(failures, () => random);
          return time >= 125 && time <= 30_000;
        },
      ),
    );
  });

  it('is down once, whatever else fails there meanwhile', () => {
    const down = afterFailure(ready, refused, 100, half);
    assert.equal(down.condition, 'down');
    assert.equal(down.failures, 1);
    assert.equal(afterFailure(down, refused, 110, half), down);
  });

  it('is back after a look, and forgiven after a request', () => {
    const down = afterFailure(ready, refused, 100, half);
    const back = afterLook(down, look, 400, half);
    assert.deepEqual([back.condition, back.failures, back.error], ['ready', 1, null]);
    assert.equal(afterSuccess(back).failures, 0);
    const again = afterFailure(back, refused, 500, half);
    assert.ok(again.lookAt - 500 > down.lookAt - 100, 'it is kept out longer the second time');
  });

  it('does not change by what is not the server’s fault', () => {
    const mistake = { message: 'no', details: { status: 400 } };
    const errors = [
      new LlamactlError({ ...mistake, type: 'INVALID_REQUEST', code: 'request.invalid-parameter' }),
      new LlamactlError({ ...mistake, type: 'CONTEXT_OVERFLOW', code: 'context.overflow' }),
      new LlamactlError({ ...mistake, type: 'CONNECTION_ERROR', code: 'connection.wrong-path' }),
      new LlamactlError({ ...mistake, type: 'INTERRUPTED', code: 'interrupted' }),
      new Error('a bug'),
    ];
    for (const error of errors) assert.equal(afterFailure(ready, error, 100, half), ready);
  });

  it('survives a late look while requests go well, and not after one that had no answer', () => {
    const error = new LlamactlError({ type: 'TIMEOUT_ERROR', code: 'server.busy', message: 'no answer' });
    assert.equal(afterLook(ready, { ok: false, error }, 100, half).condition, 'ready');
    const suspect = afterFailure(ready, error, 100, half);
    assert.equal(suspect.lookAt, 100);
    assert.equal(afterLook(suspect, { ok: false, error }, 200, half).condition, 'down');
  });
});

describe('conversations of several servers', () => {
  const path = '/v1/chat/completions';
  const of = (...contents: readonly string[]) => ({
    path,
    body: {
      messages: contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
    },
  });

  it('are known by the messages before the first answer', () => {
    const first = conversationOf(of('Hello'));
    assert.equal(first?.continues, false);
    assert.equal(conversationOf(of('Hello', 'Hi', 'And?'))?.key, first?.key);
    assert.equal(conversationOf(of('Hello', 'Hi', 'And?'))?.continues, true);
    assert.notEqual(conversationOf(of('Goodbye', 'Hi'))?.key, first?.key);
    assert.equal(conversationOf({ path: '/tokenize', body: { content: 'Hello' } }), null);
    assert.equal(conversationOf({ path }), null);
  });

  it('are known by the caller’s name for them from the first request on', () => {
    const named = conversationOf({ ...of('Hello'), conversation: 'ticket 7' });
    assert.equal(named?.continues, true);
    assert.equal(conversationOf({ ...of('Something else'), conversation: 'ticket 7' })?.key, named?.key);
  });

  it('forget the oldest', () => {
    const conversations = new Conversations(2);
    const key = (name: string) => ({ key: name, continues: true });
    for (const [index, name] of ['a', 'b', 'c'].entries()) conversations.remember(key(name), index);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => conversations.find(key(name))),
      [null, 1, 2],
    );
    assert.equal(conversations.find({ key: 'c', continues: false }), null);
  });
});
