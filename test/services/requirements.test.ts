import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import {
  GATE_TERMS,
  type GateFacts,
  judge,
  modelOf,
  parseRequirements,
} from '../../src/services/gate/requirements.js';

const FACTS: GateFacts = {
  models: { value: ['/models/tiny-v1.gguf', 'tiny'] },
  ctx: { value: 4096 },
  slots: { value: 4 },
  idle: { value: 0 },
  deferred: { value: 3 },
  tools: { value: true },
  vision: { value: false },
  audio: { unknown: 'GET /props names no modalities' },
  awake: { value: true },
  metrics: { value: false },
  build: { value: 9000 },
  response: { value: 12.5 },
};

function outcome(text: string, facts = FACTS) {
  const [requirement] = parseRequirements([text]);
  assert.ok(requirement);
  const { held, value, message } = judge(requirement, facts);
  return [held, value, message];
}

describe('a requirement', () => {
  it('that holds says what the server has', () => {
    assert.deepEqual(outcome('ctx>=4096'), [true, 4096, 'a request may hold 4,096 tokens']);
    assert.deepEqual(outcome('ctx = 4k'), [true, 4096, 'a request may hold 4,096 tokens']);
    assert.deepEqual(outcome('slots>=4'), [true, 4, '4 slots']);
    assert.deepEqual(outcome('build>=9000'), [true, 9000, 'b9000']);
    assert.deepEqual(outcome('response<=1s'), [true, 12.5, '/health took 12.5 ms']);
    assert.deepEqual(outcome('tools'), [true, true, 'the chat template takes tool calls']);
  });

  it('that is missed says by how much', () => {
    assert.deepEqual(outcome('ctx>=8192'), [
      false,
      4096,
      'a request may hold 4,096 tokens, 4,096 fewer than 8,192',
    ]);
    assert.deepEqual(outcome('idle>=1'), [false, 0, '0 slots idle, 1 fewer than 1']);
    assert.deepEqual(outcome('deferred<=1'), [false, 3, '3 requests waiting, 2 more than 1']);
    assert.deepEqual(outcome('build>=9001'), [false, 9000, 'b9000, 1 build older than b9001']);
    assert.deepEqual(outcome('response<10ms'), [false, 12.5, '/health took 12.5 ms, 2.5 ms more than 10 ms']);
    assert.deepEqual(outcome('slots!=4'), [false, 4, '4 slots']);
    assert.deepEqual(outcome('vision'), [false, false, 'the model takes no images']);
    assert.deepEqual(outcome('metrics'), [
      false,
      false,
      '/metrics is off: llama-server --metrics turns it on',
    ]);
  });

  it('of which the server does not tell is a miss that says so', () => {
    assert.deepEqual(outcome('audio'), [false, null, 'not known: GET /props names no modalities']);
    for (const [name, { example }] of Object.entries(GATE_TERMS)) {
      const unknown = Object.fromEntries(
        Object.keys(FACTS).map((fact) => [fact, { unknown: 'it is asleep' }]),
      ) as unknown as GateFacts;
      assert.deepEqual(outcome(example, unknown), [false, null, 'not known: it is asleep'], name);
    }
  });

  it('of a model goes by its name, its alias, or the name of its file', () => {
    assert.deepEqual(outcome('model=tiny'), [true, 'tiny', 'served']);
    assert.deepEqual(outcome('model=tiny-v1'), [true, 'tiny-v1', 'served']);
    assert.deepEqual(outcome('model=tiny-v1.gguf')[0], true);
    assert.deepEqual(outcome('model=/other/tiny-v1.gguf')[0], true);
    assert.deepEqual(outcome('model=small'), [
      false,
      '/models/tiny-v1.gguf',
      'served: /models/tiny-v1.gguf, tiny',
    ]);
    assert.deepEqual(outcome('model!=small')[0], true);
    assert.deepEqual(outcome('model=tiny', { ...FACTS, models: { value: [] } }), [
      false,
      null,
      'no model is served',
    ]);
    assert.equal(modelOf(parseRequirements(['tools', 'model=tiny'])), 'tiny');
    assert.equal(modelOf(parseRequirements(['model!=tiny'])), undefined);
  });

  it('holds for numbers as arithmetic has it', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (has, wanted) => {
        const facts = { ...FACTS, ctx: { value: has } };
        assert.equal(outcome(`ctx>=${wanted}`, facts)[0], has >= wanted);
        assert.equal(outcome(`ctx<${wanted}`, facts)[0], has < wanted);
        assert.equal(outcome(`ctx=${wanted}`, facts)[0], has === wanted);
      }),
    );
  });

  it('that cannot be read is a usage error which names what may be written', () => {
    for (const [text, message] of [
      ['cxt>=1', /there is no cxt, did you mean ctx\?/],
      ['ctx', /a comparison is missing/],
      ['ctx>=', /what ctx is compared with is missing/],
      ['ctx>=many', /a number is missing/],
      ['response<=5', /a unit is missing/],
      ['tools=yes', /tools stands alone/],
      ['model>=a', /none of the comparisons/],
      ['', /a name is missing/],
    ] as const) {
      assert.throws(
        () => parseRequirements([text]),
        (error) => error instanceof LlamactlError && error.exit === 2 && message.test(error.message),
        text,
      );
    }
  });
});
