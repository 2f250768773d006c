import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson } from '../../src/config/json/parse.js';
import { printJson } from '../../src/config/json/print.js';
import { commentsOf, plainValue } from '../../src/config/tree.js';
import { configFixtures } from './fixtures.js';

describe('JSON as people write it', () => {
  it('reads every JSON text as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (text, pretty) => {
        const given = pretty ? JSON.stringify(JSON.parse(text), null, 2) : text;
        const { tree, complaints, whole } = parseJson(given);
        assert.deepEqual(complaints, []);
        assert.ok(tree !== null && whole);
        // Of a key that stands twice both keep the last.
        assert.deepEqual(plainValue(tree.root), JSON.parse(given));
      }),
    );
  });

  it('reads what it prints', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        const { tree } = parseJson(text);
        assert.ok(tree !== null);
        assert.deepEqual(JSON.parse(printJson(tree)), JSON.parse(text));
      }),
    );
  });

  it('comes to an end on any text, and complains inside it', () => {
    const texts = configFixtures('good').map(({ text }) => text);
    const broken = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(12), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(broken, ([text, at, length, put]) => {
        const place = at % text.length;
        const given = text.slice(0, place) + put + text.slice(place + length);
        for (const { span } of parseJson(given).complaints)
          assert.ok(span.start >= 0 && span.start <= span.end && span.end <= given.length + 1);
      }),
      { numRuns: 500 },
    );
  });

  it('goes on after a fault, so that one reading tells them all', () => {
    const { complaints, tree } = parseJson('{a: 1, "b": \'x\', "c": [1, 2,], "d": True "e": 07}');
    assert.deepEqual(
      complaints.map(({ message }) => message),
      [
        'a key stands in double quotes: write "a"',
        "a text stands in double quotes, not in '",
        'a comma before ]: JSON allows none after the last entry',
        'True is no JSON: write true',
        'a comma is missing before this',
        '07 is no JSON number: write 7',
      ],
    );
    assert.deepEqual(tree && plainValue(tree.root), { a: 1, b: 'x', c: [1, 2], d: true, e: 7 });
  });

  it('keeps comments of both kinds with what they are about', () => {
    const text = [
      '// head',
      '{',
      '  // before a',
      '  "a": 1, // behind a',
      '  /* before b,',
      '   * in two lines */',
      '  "b": [1 /* one */, 2],',
      '  // last',
      '}',
      '// tail',
    ].join('\n');
    const { tree } = parseJson(text.replace('2],', '2]'));
    assert.ok(tree !== null);
    const comments = ['head', 'before a', 'behind a', 'before b,', 'in two lines', 'one', 'last', 'tail'];
    assert.deepEqual(commentsOf(tree), comments);
    const again = parseJson(printJson(tree)).tree;
    assert.ok(again !== null);
    assert.deepEqual(commentsOf(again), comments);
    assert.deepEqual(plainValue(again.root), { a: 1, b: [1, 2] });
  });

  it('does not mistake an address in a text for a comment', () => {
    const { tree } = parseJson('{"baseUrl": "http://localhost:8080/*x*/"}');
    assert.deepEqual(tree && plainValue(tree.root), { baseUrl: 'http://localhost:8080/*x*/' });
  });

  it('has an end to what it takes inside each other', () => {
    const { complaints, whole } = parseJson('['.repeat(100_000));
    assert.equal(whole, false);
    assert.match(complaints[0]?.message ?? '', /more than 100 brackets/);
  });

  it('makes no prototype of a key', () => {
    const { tree } = parseJson('{"__proto__": {"polluted": true}}');
    const value = tree && plainValue(tree.root);
    assert.deepEqual(Object.keys(value ?? {}), ['__proto__']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});
