import assert from 'node:assert/strict';
import fc from 'fast-check';
import { literalsOf } from '../../src/catalogue/literals.js';
import { createScanner } from '../../src/catalogue/scanner.js';

describe('literalsOf', () => {
  const cases: readonly (readonly [RegExp, readonly string[] | null])[] = [
    [/GGML_ASSERT/i, ['ggml_assert']],
    [/couldn.?t bind|cannot bind/i, ['couldn', 'cannot bind']],
    [/a{2}zzz+yyyy?/i, null],
    [/(?:quite )?rareword/i, ['rareword']],
    [/(?:alpha|omega) \d+/i, ['alpha', 'omega']],
    [/(?!nothing)\w+zebra/i, ['zebra']],
    [/a|zebra/i, null],
    [/[abc]{4}\d\d/i, null],
    [/"message": "zebra"/i, ['message']],
  ];
  for (const [pattern, literals] of cases)
    it(`${pattern}`, () => assert.deepEqual(literalsOf(pattern), literals));
});

describe('createScanner', () => {
  const patterns = [/out of memory/i, /(?:alpha|omega) \d+/i, /memory limit/i];

  it('gives the patterns whose literals stand in the line, in either case', () => {
    const scanner = createScanner(patterns);
    assert.deepEqual(scanner.candidates('CUDA: OUT OF MEMORY, over the memory limit'), [0, 2]);
    assert.deepEqual(scanner.candidates('xalphax'), [1]);
    assert.deepEqual(scanner.candidates('out of memor'), []);
    assert.deepEqual(scanner.candidates(''), []);
  });

  it('never leaves out a pattern that matches', () => {
    const scanner = createScanner(patterns);
    const part = fc.constantFrom('out of ', 'memory', ' limit', 'alpha ', 'OMEGA ', '7', 'x', 'mem', 'é');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const line = parts.join('');
        const found = scanner.candidates(line);
        return patterns.every((pattern, number) => !pattern.test(line) || found.includes(number));
      }),
    );
  });

  it('refuses a pattern that it would have to try on every line', () => {
    assert.throws(() => createScanner([/\d+/i]), /no literal/);
  });
});
