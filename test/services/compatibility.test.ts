import assert from 'node:assert/strict';
import { configuredModel } from '../../src/client/model-info.js';
import type { ModelInfo } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { FEATURES, type Result, type Verdict } from '../../src/services/compatibility/feature.js';
import { obstacleOf, othersOf, verdictOf } from '../../src/services/compatibility/matrix.js';
import { judgeKeys } from '../../src/services/compatibility/probes/authentication.js';
import { judgeSecond } from '../../src/services/compatibility/probes/model-switching.js';
import { judgeImage } from '../../src/services/compatibility/probes/multimodal.js';
import { judgeReasoning } from '../../src/services/compatibility/probes/reasoning.js';
import { judgeRhythm, rhythmOf } from '../../src/services/compatibility/probes/streaming.js';
import { judgeStructure } from '../../src/services/compatibility/probes/structured-output.js';
import { judgeCall } from '../../src/services/compatibility/probes/tools.js';
import { MOST_TOKENS, PROBES } from '../../src/services/compatibility/probes.js';
import { isRemoteUrl } from '../../src/services/compatibility/remote.js';
import { parseRequirement, unmet } from '../../src/services/compatibility/requirement.js';

type Case = readonly [string, Verdict, Result, RegExp];

function hold(cases: readonly Case[]): void {
  for (const [name, { result, evidence }, expected, words] of cases) {
    it(name, () => {
      assert.equal(result, expected, evidence);
      assert.match(evidence, words);
    });
  }
}

describe('what is measured of a provider', () => {
  it('is asked once each, and in all for no more tokens than is told', () => {
    assert.deepEqual(PROBES.map(({ feature }) => feature).sort(), [...FEATURES].sort());
    // Eight for a chat, 24 for a stream and 128 for a call of a tool, each asked twice at most, 64 for an object, one each.
    assert.ok(8 + 2 * 24 + 2 * 128 + 64 + 6 <= MOST_TOKENS);
  });

  describe('streaming', () => {
    const at = (...times: number[]) => times.map((time) => 1000 + time);
    const took = (generatedMs: number) => ({ generatedMs, promptMs: 10 });
    const spread = (every: number) => at(...Array.from({ length: 24 }, (_, i) => 50 + i * every));
    hold([
      [
        'pieces as they are made',
        judgeRhythm(rhythmOf(1000, spread(40), took(960))),
        'yes',
        /^24 pieces over 920 ms$/,
      ],
      [
        'a model that is quicker than a clock',
        judgeRhythm(rhythmOf(1000, spread(0), took(3))),
        'yes',
        /over 0 ms/,
      ],
      [
        'all at once, long after',
        judgeRhythm(rhythmOf(1000, at(1000, 1000, 1001), took(900))),
        'partly',
        /^3 pieces at once after 1000 ms: something on the way holds them back$/,
      ],
      [
        'all at once, from a server without a clock of its own',
        judgeRhythm(rhythmOf(1000, at(2000, 2000, 2001), null)),
        'partly',
        /holds them back/,
      ],
      [
        'ready long before it came',
        judgeRhythm(rhythmOf(1000, at(5000, 5000, 5001), took(3))),
        'partly',
        /at once after 5000 ms/,
      ],
      [
        'two lots far apart',
        judgeRhythm(rhythmOf(1000, at(100, 101, 900, 901), took(900))),
        'yes',
        /over 801 ms/,
      ],
      ['one piece', judgeRhythm(rhythmOf(1000, at(700), took(600))), 'partly', /in one piece after 700 ms/],
      ['none', judgeRhythm(rhythmOf(1000, [], null)), 'partly', /without a visible token/],
    ]);
  });

  describe('tools', () => {
    const called = (name: string, given: unknown) =>
      judgeCall({ toolCalls: [{ id: 'c', name, arguments: given }], content: '' });
    hold([
      ['a call', called('get_weather', { city: 'Oslo' }), 'yes', /^get_weather\(\{"city":"Oslo"\}\)$/],
      ['a call of something else', called('weather', { city: 'Oslo' }), 'partly', /does not fit: weather/],
      ['a call with other arguments', called('get_weather', ['Oslo']), 'partly', /does not fit/],
      ['text', judgeCall({ toolCalls: [], content: 'It rains.' }), 'partly', /text instead of a call/],
      [
        'the call as text',
        judgeCall({ toolCalls: [], content: '<tool_call>{"name":"get_weather"}' }),
        'partly',
        /came as text/,
      ],
    ]);
  });

  describe('model switching', () => {
    hold([
      ['the second answers', judgeSecond('b', [], 'b', 'a'), 'yes', /^"b" answers beside "a"; a wrong/],
      ['by an alias', judgeSecond('b:latest', ['b'], 'b', 'a'), 'yes', /^"b:latest" answers beside "a"; a/],
      ['by a path', judgeSecond('b', [], '/models/b.gguf', 'a'), 'yes', /\(as "\/models\/b\.gguf"\)/],
      ['the first answers', judgeSecond('b', [], 'a', 'a'), 'no', /"b" was asked, and "a" answered/],
    ]);
  });

  describe('authentication', () => {
    hold([
      ['refuses both', judgeKeys(false, false), 'yes', /refused without a key, and with a wrong one/],
      ['refuses a wrong one', judgeKeys(true, false), 'partly', /no key is needed/],
      ['takes any', judgeKeys(false, true), 'partly', /some key is needed/],
      ['asks for none', judgeKeys(true, true), 'no', /a wrong one is taken/],
    ]);
  });

  describe('multimodal', () => {
    hold([
      ['told of, and taken', judgeImage(300, 3, ['image', 'audio']), 'yes', /told of: image, audio/],
      ['taken, and not told of', judgeImage(15, 6, []), 'partly', /nothing tells/],
      ['dropped', judgeImage(6, 6, ['image']), 'no', /left out without a word \(6 prompt tokens/],
      ['taken where nobody counts', judgeImage(null, 6, ['image']), 'yes', /is taken/],
    ]);
  });

  describe('structured output', () => {
    hold([
      ['obeyed', judgeStructure('{\n "answer": "yes" }', 'stop'), 'yes', /obeyed: \{ "answer": "yes" \}/],
      ['other JSON', judgeStructure('{"answer":"maybe"}', 'stop'), 'partly', /not of the schema/],
      ['one key too many', judgeStructure('{"answer":"no","why":"it"}', 'stop'), 'partly', /not of the/],
      ['cut', judgeStructure('{"answer":', 'length'), 'partly', /not done in 64 tokens/],
      ['ignored', judgeStructure('Yes, fire is hot.', 'stop'), 'no', /ignored: "Yes, fire is hot\."/],
    ]);
  });

  describe('reasoning', () => {
    hold([
      ['apart', judgeReasoning({ reasoning: 'Hm', content: '' }), 'yes', /apart from the answer/],
      [
        'inside',
        judgeReasoning({ reasoning: '', content: '<think>Hm' }),
        'partly',
        /inside the answer \(<think>\)/,
      ],
      ['none', judgeReasoning({ reasoning: ' ', content: 'Hi' }), 'no', /showed none/],
    ]);
  });

  describe('a failure', () => {
    const failed = (type: LlamactlError['type'], code: LlamactlError['code'], status?: number) =>
      verdictOf(
        new LlamactlError({
          type,
          code,
          message: 'so it is',
          details: status === undefined ? {} : { status },
        }),
      );
    hold([
      ['off', failed('UNSUPPORTED_FEATURE', 'feature.disabled', 501), 'no', /^so it is \(501\)$/],
      ['no such route', failed('CONNECTION_ERROR', 'connection.wrong-path', 404), 'no', /404/],
      ['an error of the server', failed('CONNECTION_ERROR', 'server.crashed', 500), 'no', /500/],
      ['a request that is refused', failed('INVALID_REQUEST', 'request.invalid-parameter', 400), 'no', /400/],
      ['a lost connection', failed('CONNECTION_ERROR', 'connection.reset'), 'untested', /^so it is$/],
      ['no time', failed('TIMEOUT_ERROR', 'connection.timeout'), 'untested', /./],
      ['busy', failed('SERVER_OVERLOADED', 'server.busy', 503), 'untested', /503/],
      ['a question too long', failed('CONTEXT_OVERFLOW', 'context.overflow', 400), 'untested', /400/],
      ['a model that is not there', failed('MODEL_NOT_FOUND', 'model.not-found', 404), 'untested', /404/],
      ['a cut stream', failed('STREAMING_ERROR', 'stream.truncated'), 'untested', /./],
    ]);
  });

  describe('which models are asked', () => {
    const model = (id: string, status: ModelInfo['status'], sizeBytes: number | null = null): ModelInfo => ({
      ...configuredModel(id),
      status,
      sizeBytes,
    });
    const list = [
      model('a', 'ready'),
      model('big', 'ready', 9),
      model('small', 'ready', 2),
      model('off', 'unloaded', 1),
    ];
    const names = (
      target: { configured?: readonly string[]; isRemote?: boolean; tellsStatus?: boolean },
      wake: boolean,
    ) =>
      othersOf(
        list,
        list[0],
        { configured: [], isRemote: false, tellsStatus: true, ...target },
        wake,
      ).others.map(({ id }) => id);

    it('beside the first those that are loaded, the smallest first, and any with --wake', () => {
      assert.deepEqual(names({}, false), ['small', 'big']);
      assert.deepEqual(names({}, true), ['off', 'small', 'big']);
    });

    it('none where nobody knows what is loaded, without --wake', () => {
      assert.deepEqual(names({ tellsStatus: false }, false), []);
      assert.deepEqual(names({ tellsStatus: false }, true).length, 3);
    });

    it('of a server that costs money only those that the configuration names, --wake or not', () => {
      assert.deepEqual(names({ isRemote: true }, true), []);
      assert.deepEqual(names({ isRemote: true, configured: ['a', 'big'] }, false), ['big']);
    });

    it('never one that sleeps or is not loaded', () => {
      assert.equal(obstacleOf(model('a', 'ready'), {}), null);
      assert.match(obstacleOf(model('a', 'asleep'), {}) ?? '', /asleep: --wake/);
      assert.match(obstacleOf(model('a', 'ready'), { is_sleeping: true }) ?? '', /asleep: --wake/);
      assert.match(obstacleOf(model('a', 'unloaded'), null) ?? '', /not loaded: --wake/);
    });
  });

  it('tells servers of the open internet', () => {
    assert.deepEqual(
      [
        'https://openrouter.ai/api',
        'http://gpu1:8080',
        'http://[::1]:1',
        'http://10.0.0.7',
        'unix:/run/a.sock',
      ].map(isRemoteUrl),
      [true, false, false, false, false],
    );
  });

  describe('--require', () => {
    it('wants a feature to be there, or partly where that will do', () => {
      assert.deepEqual(parseRequirement('tools'), { feature: 'tools', least: 'yes' });
      assert.deepEqual(parseRequirement('tools=partly'), { feature: 'tools', least: 'partly' });
      const matrix = [
        { feature: 'tools', result: 'partly', evidence: '' },
        { feature: 'chat', result: 'yes', evidence: '' },
      ] as const;
      assert.deepEqual(unmet([parseRequirement('tools'), parseRequirement('chat')], matrix), [
        { feature: 'tools', result: 'partly' },
      ]);
      assert.deepEqual(
        unmet([parseRequirement('tools=partly'), parseRequirement('chat=partly')], matrix),
        [],
      );
      assert.deepEqual(unmet([parseRequirement('logprobs')], matrix), [
        { feature: 'logprobs', result: 'untested' },
      ]);
    });

    it('says what it takes', () => {
      assert.throws(() => parseRequirement('tool'), /no feature "tool": did you mean "tools"\?/);
      assert.throws(() => parseRequirement('flying'), /they are chat, streaming, tools/);
      assert.throws(() => parseRequirement('tools=no'), /write tools or tools=partly/);
    });
  });
});
