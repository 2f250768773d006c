import assert from 'node:assert/strict';
import { advanceAlerts, NO_ALERTS, parseAlert } from '../../../src/services/monitor/alerts.js';
import { rowOf } from './row.js';

describe('alerts', () => {
  for (const [text, expected] of [
    ['deferred>3 for 30s', ['deferred', '>', 3, 30_000]],
    ['  deferred  >=  3  ', ['deferred', '>=', 3, 0]],
    ['context >= 95 %', ['context', '>=', 95, 0]],
    ['response>0.2s for 1m', ['response', '>', 200, 60_000]],
    ['RESPONSE > 200ms', ['response', '>', 200, 0]],
    ['idle==0', ['idle', '=', 0, 0]],
    ['generation != 0 for 500ms', ['generation', '!=', 0, 500]],
    ['down', ['down', '>=', 1, 0]],
    ['down for 10s', ['down', '>=', 1, 10_000]],
  ] as const) {
    it(`${JSON.stringify(text)} is read`, () => {
      const { metric, operator, limit, forMs } = parseAlert(text);
      assert.deepEqual([metric, operator, limit, forMs], expected);
    });
  }

  for (const [text, message] of [
    ['defered>3', /no metric "defered".*did you mean "deferred"\?/],
    ['deferred', /no METRIC OPERATOR NUMBER/],
    ['deferred >', /no METRIC OPERATOR NUMBER/],
    ['deferred > lots', /no METRIC OPERATOR NUMBER/],
    ['deferred>3ms', /has the unit "ms", and deferred takes a bare number/],
    ['context>90ms', /has the unit "ms", and context takes %/],
    ['deferred>3 for 30', /write 30s for seconds/],
    ['', /no METRIC OPERATOR NUMBER/],
    ['constructor>1', /no metric "constructor"/],
  ] as const) {
    it(`${JSON.stringify(text)} is refused, with what there is`, () => {
      assert.throws(
        () => parseAlert(text),
        (error: { message: string; exit: number }) => message.test(error.message) && error.exit === 2,
      );
    });
  }

  const run = (expression: string, values: readonly (number | null)[], stepMs = 1000) => {
    let state = NO_ALERTS;
    return values.flatMap((deferred, index) => {
      const next = advanceAlerts(state, [parseAlert(expression)], [rowOf({ deferred })], index * stepMs);
      state = next.state;
      return next.changes.map(({ firing }) => `${index}${firing ? '!' : '.'}`);
    });
  };

  it('ring once what they are about has lasted, and end once it has been over for as long', () => {
    assert.deepEqual(run('deferred>3 for 3s', [0, 4, 5, 4, 4, 4, 0, 0, 0, 0, 0]), ['4!', '9.']);
  });

  it('ring at once where no time is given', () => {
    assert.deepEqual(run('deferred>3', [0, 4, 4, 0, 4]), ['1!', '3.', '4!']);
  });

  it('neither ring nor end for a moment', () => {
    assert.deepEqual(run('deferred>3 for 3s', [4, 4, 0, 4, 4, 0, 4, 4]), []);
    assert.deepEqual(run('deferred>3 for 2s', [4, 4, 4, 0, 4, 0, 4, 0, 4]), ['2!']);
  });

  it('let a value that nobody knows change nothing, and begin anew after it', () => {
    assert.deepEqual(run('deferred>3 for 2s', [4, 4, null, 4, 4, 4, null, null, null]), ['5!']);
  });

  it('look at each row by itself, and at the fullest slot of it', () => {
    const slot = {
      id: 0,
      phase: 'generating',
      contextSize: 100,
      generatedTokens: 1,
      tokensPerSecond: 1,
    } as const;
    const rows = [
      rowOf({
        slotList: [
          { ...slot, contextTokens: 10 },
          { ...slot, contextTokens: 97 },
        ],
      }),
      rowOf({ target: 'gpu2', slotList: [{ ...slot, phase: 'idle', contextTokens: 99 }] }),
      rowOf({ target: 'gpu3', state: 'unreachable', slotList: null }),
    ];
    const rules = [parseAlert('context>=95%'), parseAlert('down')];
    assert.deepEqual(
      advanceAlerts(NO_ALERTS, rules, rows, 0).changes.map(({ target, expression, value }) => [
        target,
        expression,
        value,
      ]),
      [
        ['gpu1:8080', 'context>=95%', 97],
        ['gpu3', 'down', 1],
      ],
    );
  });
});
