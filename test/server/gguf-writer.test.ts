import assert from 'node:assert/strict';
import { toHalf } from '../../src/server/gguf-writer.js';

describe('16-bit floats', () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0x0000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.5, 0x3800],
    [65_504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -15, 0x0000],
  ];
  for (const [value, bits] of cases) {
    it(`${value} is 0x${bits.toString(16).padStart(4, '0')}`, () => {
      assert.equal(toHalf(value), bits);
    });
  }
});
