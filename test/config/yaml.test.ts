import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseJson } from '../../src/config/json/parse.js';
import { printJson } from '../../src/config/json/print.js';
import { commentsOf, plainValue } from '../../src/config/tree.js';
import { parseYaml } from '../../src/config/yaml/parse.js';
import { printYaml } from '../../src/config/yaml/print.js';
import { configFixtures } from './fixtures.js';

describe('YAML', () => {
  it('reads what it prints of any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const { tree } = parseJson(text);
        assert.ok(tree !== null);
        const printed = printYaml(tree);
        // The yaml package's own reading, so that it is YAML to others too.
        assert.deepEqual(parse(printed), JSON.parse(text));
      }),
    );
  });

  it('keeps every comment, whichever way a file is turned', () => {
    for (const { name, text } of configFixtures('good')) {
      const first = name.endsWith('.yaml') ? parseYaml(text).tree : parseJson(text).tree;
      assert.ok(first !== null);
      const comments = commentsOf(first);
      const second = parseYaml(printYaml(first)).tree;
      assert.ok(second !== null);
      const third = parseJson(printJson(second)).tree;
      assert.ok(third !== null);
      for (const tree of [second, third]) {
        assert.deepEqual([...commentsOf(tree)].sort(), [...comments].sort(), name);
        assert.deepEqual(plainValue(tree.root), plainValue(first.root), name);
      }
    }
  });

  it('unfolds anchors and merge keys; what stands in the map itself wins', () => {
    const { tree } = parseYaml('x-a: &a {t: 1, u: 2}\nb: {<<: *a, t: 3}\nc: *a\n');
    assert.deepEqual(tree && plainValue(tree.root), {
      'x-a': { t: 1, u: 2 },
      b: { u: 2, t: 3 },
      c: { t: 1, u: 2 },
    });
  });

  it('refuses what unfolds without end', () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `k${n + 1}: &k${n + 1} [${`*k${n}, `.repeat(9)}*k${n}]`,
    );
    const { complaints, whole } = parseYaml(['k0: &k0 [x]', ...levels].join('\n'));
    assert.equal(whole, false);
    assert.match(complaints[0]?.message ?? '', /unfold to more than/);
  });

  it('comes to an end on any text', () => {
    const texts = configFixtures('good').map(({ text }) => text);
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.string({ maxLength: 5, unit: fc.constantFrom(...'\n\t :-#&*!{}[]"\'|>%@`a') }),
        (text, at, put) => {
          const place = at % text.length;
          const given = text.slice(0, place) + put + text.slice(place);
          for (const { message } of parseYaml(given).complaints) assert.match(message, /^[^A-Z]/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
