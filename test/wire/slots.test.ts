import assert from 'node:assert/strict';
import { nextToken, slotSchema } from '../../src/wire/slots.js';

const slot = (more: object) => slotSchema.parse({ id: 0, n_ctx: 512, ...more });

describe('nextToken', () => {
  it('reads an object and an array of one alike', () => {
    assert.equal(nextToken(slot({ next_token: { n_decoded: 3 } }))?.n_decoded, 3);
    assert.equal(nextToken(slot({ next_token: [{ n_decoded: 3 }] }))?.n_decoded, 3);
  });

  it('is null for a slot that has served nothing', () => {
    assert.equal(nextToken(slot({})), null);
    assert.equal(nextToken(slot({ next_token: [] })), null);
    assert.equal(nextToken(slot({ next_token: null })), null);
  });
});

describe('slotSchema', () => {
  it('needs an id and a context, and hands on what it does not know', () => {
    assert.equal(slotSchema.safeParse({ id: 0 }).success, false);
    assert.equal(slot({ made_of: 'cheese' })['made_of'], 'cheese');
  });
});
