import assert from 'node:assert/strict';
import fc from 'fast-check';
import { diffLines } from '../../src/services/line-diff.js';

const text = (before: string, after: string) =>
  diffLines(before, after).map(({ sign, text: line }) => `${sign}${line}`);

describe('two texts compared', () => {
  it('shows what went and came, with three lines around it', () => {
    const lines = Array.from({ length: 20 }, (_, n) => `line ${n}`);
    const changed = lines.with(10, 'changed');
    assert.deepEqual(text(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`), [
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+changed',
      ' line 11',
      ' line 12',
      ' line 13',
      '…',
    ]);
    assert.deepEqual(text('', 'a\nb\n'), ['+a', '+b']);
    assert.deepEqual(text('a\nb\n', ''), ['-a', '-b']);
    assert.deepEqual(text('a\n', 'a\n'), []);
  });

  it('leads from the one text to the other, whatever they are', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const shown = diffLines(
          before.map((line) => `${line}\n`).join(''),
          after.map((line) => `${line}\n`).join(''),
        );
        const gone = shown.filter(({ sign }) => sign === '-').length;
        const come = shown.filter(({ sign }) => sign === '+').length;
        assert.equal(after.length - before.length, come - gone);
        if (shown.some(({ sign }) => sign === '…')) return;
        // Lines before the first change are left out without a mark.
        const left = shown.filter(({ sign }) => sign !== '+').map((line) => line.text);
        const right = shown.filter(({ sign }) => sign !== '-').map((line) => line.text);
        assert.deepEqual(left, before.slice(before.length - left.length));
        assert.deepEqual(right, after.slice(after.length - right.length));
      }),
    );
  });
});
