import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pieceText, tokenizeSchema } from '../../src/wire/tokenize.js';

describe('pieceText', () => {
  for (const [piece, text] of [
    ['The', 'The'],
    ['', ''],
    [[195], '<0xC3>'],
    [[0xf0, 0x9f], '<0xF0><0x9F>'],
    [[10, 255], '<0x0A><0xFF>'],
    [[0xc3, 0xa9], 'é'],
    [[0xef, 0xbb, 0xbf], '\ufeff'],
    [[], ''],
  ] as const) {
    it(`shows ${JSON.stringify(piece)} as ${JSON.stringify(text)}`, () =>
      assert.equal(pieceText(piece), text));
  }

  it('shows bytes that are UTF-8 as what they say, and others each by itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = [...Buffer.from(text)];
        // Lone surrogates become U+FFFD on the way into bytes.
        assert.equal(pieceText(bytes), Buffer.from(text).toString('utf8'));
        const singly = bytes.map((byte) => pieceText([byte])).join('');
        assert.match(singly, /^(?:[\0-\x7f]|<0x[0-9A-F]{2}>)*$/s);
      }),
    );
  });
});

describe('tokenizeSchema', () => {
  it('takes ids alone, and ids with pieces of both kinds', () => {
    for (const tokens of [
      [1, 2],
      [],
      [
        { id: 1, piece: 'a' },
        { id: 2, piece: [255] },
      ],
    ])
      assert.deepEqual(tokenizeSchema.parse({ tokens }).tokens, tokens);
  });

  for (const tokens of [
    ['a'],
    [{ id: 1 }],
    [{ id: 1, piece: [256] }],
    [{ id: 1, piece: [0.5] }],
    'many',
    undefined,
  ]) {
    it(`refuses ${JSON.stringify(tokens)}`, () =>
      assert.equal(tokenizeSchema.safeParse({ tokens }).success, false));
  }
});
