import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseExposition, parseServerMetrics } from '../../src/wire/metrics.js';

const only = (text: string) => {
  const samples = parseExposition(text);
  assert.equal(samples?.length, 1, text);
  return samples[0];
};

describe('parseExposition', () => {
  it('passes comments and empty lines over', () => {
    assert.deepEqual(parseExposition('# HELP a of a\n# TYPE a counter\n\n#\na 1\n'), [
      { name: 'a', labels: {}, value: 1 },
    ]);
  });

  for (const [text, value] of [
    ['a 12', 12],
    ['a 1.5e-3', 0.0015],
    ['a -0', -0],
    ['a +Inf', Infinity],
    ['a -Inf', -Infinity],
    ['a inf', Infinity],
    ['a 5 1795396276000', 5],
    ['a\t7\t', 7],
    ['a 3\r', 3],
    ['a{} 4', 4],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${value}`, () => assert.equal(only(text)?.value, value));
  }

  it('reads NaN, which is no error', () => {
    assert.ok(Number.isNaN(only('a NaN')?.value));
    assert.ok(Number.isNaN(only('a nan')?.value));
  });

  it('reads labels, and what is escaped in them', () => {
    assert.deepEqual(only(String.raw`a{model="C:\\tiny",text="he said \"go\"\n",brace="} 9",empty=""} 1`), {
      name: 'a',
      labels: { model: String.raw`C:\tiny`, text: 'he said "go"\n', brace: '} 9', empty: '' },
      value: 1,
    });
    assert.deepEqual(only('a{x="1", y="2",} 1')?.labels, { x: '1', y: '2' });
  });

  for (const text of ['<html>', '{"error":{}}', 'a', 'a b', 'a{x="1" 1', 'a 1 2 3', '1a 5', 'a 0x1g']) {
    it(`knows ${text} to be none`, () => assert.equal(parseExposition(text), null));
  }

  it('gives back what was written, whatever the labels hold', () => {
    const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/);
    const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((key) => key !== '__proto__');
    const value = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(Infinity, -Infinity));
    const labels = fc.dictionary(
      label,
      fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\r/g, '')),
    );
    const written = (number: number) =>
      Object.is(number, -0) ? '-0' : String(number).replace('Infinity', 'Inf');
    fc.assert(
      fc.property(name, labels, value, (metric, given, number) => {
        const pairs = Object.entries(given).map(
          ([key, text]) =>
            `${key}="${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`,
        );
        const line = `${metric}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${written(number)}`;
        assert.deepEqual(only(line), { name: metric, labels: { ...given }, value: number });
      }),
    );
  });
});

describe('parseServerMetrics', () => {
  it('is null for the metrics of another program', () => {
    assert.equal(parseServerMetrics('go_goroutines 7\nprocess_open_fds 12\n'), null);
    assert.equal(parseServerMetrics('vllm:num_requests_running{model_name="m"} 0.0\n'), null);
    assert.equal(parseServerMetrics(''), null);
    assert.equal(parseServerMetrics('<html>llamacpp:prompt_tokens_total 1</html>'), null);
  });

  it("finds llama-server's among those of another program", () => {
    const metrics = parseServerMetrics(
      'go_goroutines 7\nllamacpp:requests_processing 2\nllamacpp:prompt_tokens_total 41\n',
    );
    assert.equal(metrics?.requestsProcessing, 2);
    assert.equal(metrics.promptTokens, 41);
  });

  it('is null in what a build does not have, and 0 in what is 0', () => {
    const metrics = parseServerMetrics('llamacpp:requests_deferred 0\n');
    assert.equal(metrics?.requestsDeferred, 0);
    assert.equal(metrics.promptTokensCached, null);
    assert.equal(metrics.largestSequence, null);
  });

  it('takes a metric of 2024 that is gone, and one that is to come, without complaint', () => {
    const metrics = parseServerMetrics(
      'llamacpp:kv_cache_usage_ratio 0.5\nllamacpp:made_of_cheese{kind="brie"} NaN\nllamacpp:n_decode_total 3\n',
    );
    assert.equal(metrics?.decodeCalls, 3);
  });
});
