import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { unifiedDiff } from '../../src/deploy/diff.js';
import { Anchored, Reference, toYaml } from '../../src/deploy/yaml.js';

/** What one of the two versions reads as something else. */
const TREACHEROUS = [
  ...[
    'on',
    'off',
    'y',
    'n',
    'yes',
    'No',
    'true',
    'null',
    '~',
    '',
    '=',
    '<<',
    '*a',
    '&a',
    '!x',
    '- a',
    'a: b',
    '#',
  ],
  ...[
    '1_000',
    '12:30',
    '190:20:30',
    '0x1F',
    '0o17',
    '017',
    '0b1',
    '1e3',
    '.5',
    '5.',
    '-1',
    '+1',
    '.inf',
    '.nan',
  ],
  ...[
    '2026-11-24',
    '8080:8080',
    '127.0.0.1:80:80',
    '1.10',
    ' a',
    'a ',
    'a #b',
    '%a',
    '@a',
    '`a`',
    '{a}',
    '[a]',
    '?',
  ],
  ...['a\nb', 'a\n', '\ta', 'ü', '…', "it's", '"q"', '\\', 'a\u0000b', '\u2028'],
];

describe('the YAML that is written', () => {
  const strings = fc.oneof(fc.constantFrom(...TREACHEROUS), fc.string());

  it('is read alike by readers of YAML 1.1 and of 1.2', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, strings, fc.integer(), fc.boolean(), tie('list'), tie('map')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.dictionary(
        strings.filter((key) => key !== '<<' && key !== '__proto__'),
        tie('value'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    })).map;
    fc.assert(
      fc.property(value, (document) => {
        const text = toYaml(document);
        assert.deepEqual(parse(text, { version: '1.1' }), document);
        assert.deepEqual(parse(text, { version: '1.2' }), document);
      }),
      { numRuns: 300 },
    );
  });

  it('quotes all of an environment, so that an edit changes no type', () => {
    const text = toYaml({ env: [{ name: 'A', value: 'abc' }], environment: { B: 'abc' } });
    assert.match(text, /value: "abc"/);
    assert.match(text, /B: "abc"/);
  });

  it('keeps scripts readable', () => {
    assert.match(toYaml({ command: ['/bin/sh', '-c', 'a\nb "$c"\n'] }), / {2}- \|\n {4}a\n {4}b "\$c"\n/);
  });

  it('leaves out what is undefined, and keeps the order', () => {
    assert.equal(toYaml({ b: 1, a: undefined, c: [] }), 'b: 1\nc: []\n');
  });

  it('writes what is shared once', () => {
    const text = toYaml({
      shared: new Anchored('s', { a: 1, b: 2 }),
      one: { '<<': new Reference('s'), b: 3 },
    });
    assert.deepEqual(parse(text, { version: '1.1', merge: true }).one, { a: 1, b: 3 });
  });

  it('gives the reason of the longest path that fits', () => {
    const reasons = { memory: 'any', 'limits.memory': 'the limit', 'args.1': 'second' };
    assert.equal(
      toYaml({ memory: 1, limits: { memory: 2 }, args: ['a', 'b'] }, { reasons }),
      '# any\nmemory: 1\nlimits:\n  # the limit\n  memory: 2\nargs:\n  - a\n  # second\n  - b\n',
    );
  });
});

describe('a diff', () => {
  it('shows what changes, with a little around it', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
    assert.equal(
      unifiedDiff('x.yaml', before, before.replace('e\n', 'E\nE2\n')),
      '--- a/x.yaml\n+++ b/x.yaml\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+E2\n f\n g\n h\n',
    );
  });

  it('of a new file and of equal files', () => {
    assert.equal(unifiedDiff('x', null, 'a\n'), '--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n');
    assert.equal(unifiedDiff('x', 'a\n', 'a\n'), '');
  });

  it('leads from the one to the other, and back', () => {
    const lines = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const [old, fresh] = [before, after].map((each) => each.map((line) => `${line}\n`).join(''));
        const shown = unifiedDiff('x', old ?? '', fresh ?? '')
          .split('\n')
          .slice(2)
          .filter((line) => /^[-+ ]/.test(line));
        const side = (mark: string) => shown.filter((line) => line[0] !== mark).map((line) => line.slice(1));
        const changed = before.length + after.length > 0 && old !== fresh;
        if (!changed) return;
        // Short texts are shown whole, or lack only lines that both have.
        for (const line of side('-')) assert.ok(after.includes(line));
        for (const line of side('+')) assert.ok(before.includes(line));
        const removed = shown.filter((line) => line.startsWith('-')).length;
        const added = shown.filter((line) => line.startsWith('+')).length;
        assert.equal(added - removed, after.length - before.length);
      }),
    );
  });
});
