import assert from 'node:assert/strict';
import fc from 'fast-check';
import { embeddingSchema, embeddingVectors } from '../../src/wire/embedding.js';

const vectors = (answer: unknown) => embeddingVectors(embeddingSchema.parse(answer));

/** As `encoding_format: "base64"` has it. */
function base64(numbers: readonly number[]): string {
  return Buffer.from(new Float32Array(numbers).buffer).toString('base64');
}

describe('embeddingVectors', () => {
  it('reads both shapes, in the order of the inputs whatever that of the answer', () => {
    const rows = [
      { index: 1, embedding: [3, 4] },
      { index: 0, embedding: [1, 2] },
    ];
    const inOrder = [
      [1, 2],
      [3, 4],
    ];
    assert.deepEqual(vectors(rows), inOrder);
    assert.deepEqual(vectors({ object: 'list', data: rows }), inOrder);
  });

  it('reads one vector in a list, and without pooling one a token', () => {
    assert.deepEqual(vectors([{ index: 0, embedding: [[1, 2]] }]), [[1, 2]]);
    assert.deepEqual(
      vectors([
        { index: 0, embedding: [[1], [2]] },
        { index: 1, embedding: [[3]] },
      ]),
      [[1], [2], [3]],
    );
  });

  it('reads base64 as little-endian 32-bit floats', () => {
    assert.deepEqual(vectors({ data: [{ index: 0, embedding: 'AAAAPwAAgL8=' }] }), [[0.5, -1]]);
  });

  it('gives the same for base64 and for numbers, whatever they are', () => {
    const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(numbers, (given) => {
        const encoded = vectors({ data: [{ index: 0, embedding: base64(given) }] });
        assert.deepEqual(encoded, vectors({ data: [{ index: 0, embedding: given }] }));
      }),
    );
  });

  it('leaves a float that is cut off out', () => {
    const cut = Buffer.from(base64([1, 2]), 'base64')
      .subarray(0, 7)
      .toString('base64');
    assert.deepEqual(vectors({ data: [{ index: 0, embedding: cut }] }), [[1]]);
  });

  it('refuses what is no vector', () => {
    for (const embedding of [null, [null], [[null]], {}, 1])
      assert.equal(
        embeddingSchema.safeParse([{ index: 0, embedding }]).success,
        false,
        JSON.stringify(embedding),
      );
  });
});
