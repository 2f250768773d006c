import assert from 'node:assert/strict';
import { ENTRIES } from '../../src/catalogue/entries.js';
import { RECOVERY, type RecoveryStrategy, recoveryOf } from '../../src/catalogue/recovery.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import { LLAMA_CPP_ERROR_TYPES, type LlamaCppErrorType } from '../../src/errors/error-type.js';

type Row = Pick<RecoveryStrategy, 'retry' | 'backoff' | 'maxRetries' | 'fallback'>;

/**
 * The specification's table (7.3). Its fallbacks are not tries over again of the same request, so where it says `retry` of
 * an overflow, it is the shorter request that is asked; and a stream that broke is asked again once.
 */
const SPECIFIED: Readonly<Record<Exclude<LlamaCppErrorType, 'UNSUPPORTED_FEATURE'>, Row>> = {
  CONNECTION_ERROR: { retry: true, backoff: 'exponential', maxRetries: 3 },
  AUTHENTICATION_ERROR: { retry: false, backoff: 'none', maxRetries: 0 },
  MODEL_NOT_FOUND: { retry: false, backoff: 'none', maxRetries: 0, fallback: 'use-first-available-model' },
  CONTEXT_OVERFLOW: { retry: false, backoff: 'none', maxRetries: 0, fallback: 'truncate-context' },
  SERVER_OVERLOADED: { retry: true, backoff: 'exponential', maxRetries: 5 },
  INVALID_REQUEST: { retry: false, backoff: 'none', maxRetries: 0 },
  TIMEOUT_ERROR: { retry: true, backoff: 'none', maxRetries: 2 },
  STREAMING_ERROR: { retry: true, backoff: 'none', maxRetries: 1, fallback: 'use-non-streaming' },
};

const strategy = (code: CatalogueCode) => {
  const entry = ENTRIES.find((each) => each.code === code);
  assert.ok(entry !== undefined);
  const found = recoveryOf(entry);
  assert.ok(found !== null);
  return found;
};

describe('the recovery table', () => {
  for (const [type, row] of Object.entries(SPECIFIED)) {
    it(`does after ${type} what the specification says`, () => {
      const { retry, backoff, maxRetries, fallback } = RECOVERY[type as LlamaCppErrorType];
      assert.deepEqual({ retry, backoff, maxRetries, ...(fallback === undefined ? {} : { fallback }) }, row);
    });
  }

  it('never asks a server again for what it cannot do as it was started', () => {
    assert.equal(RECOVERY.UNSUPPORTED_FEATURE.retry, false);
    assert.equal(RECOVERY.UNSUPPORTED_FEATURE.fallback, undefined);
  });

  it('lengthens the deadline after one that passed, and after nothing else', () => {
    const longer = LLAMA_CPP_ERROR_TYPES.filter((type) => RECOVERY[type].longerDeadline);
    assert.deepEqual(longer, ['TIMEOUT_ERROR']);
  });

  it('has a sentence for the user in each row', () => {
    for (const type of LLAMA_CPP_ERROR_TYPES) assert.match(RECOVERY[type].userMessage, /^[A-Z].{10,}\.$/);
  });

  it('tries again only where it says how often', () => {
    for (const { retry, backoff, maxRetries } of LLAMA_CPP_ERROR_TYPES.map((type) => RECOVERY[type]))
      assert.equal(retry, maxRetries > 0 || backoff === 'wait');
  });
});

describe('recoveryOf', () => {
  it('waits for a model that loads, without counting', () => {
    const { retry, backoff } = strategy('server.loading');
    assert.deepEqual({ retry, backoff }, { retry: true, backoff: 'wait' });
  });

  for (const code of [
    'connection.tls-mismatch',
    'connection.tls-untrusted',
    'connection.wrong-server',
    'connection.wrong-path',
    'server.crashed',
    'server.wedged',
    'model.load-failed',
    'auth.missing-key',
    'auth.wrong-key',
    'feature.disabled',
    'request.invalid-json',
    'request.template-error',
  ] as const) {
    it(`does nothing after ${code}, which asking again does not change`, () => {
      const { retry, fallback } = strategy(code);
      assert.equal(retry, false);
      assert.equal(fallback, undefined);
    });
  }

  for (const code of [
    'connection.refused',
    'connection.dns',
    'connection.reset',
    'network.proxy-interference',
    'server.busy',
    'model.router-limit',
  ] as const) {
    it(`tries again after ${code}, with growing pauses`, () => {
      const { retry, backoff } = strategy(code);
      assert.deepEqual({ retry, backoff }, { retry: true, backoff: 'exponential' });
    });
  }

  it("falls back by the type, where a code's cause is no other than its type's", () => {
    assert.equal(strategy('model.not-found').fallback, 'use-first-available-model');
    assert.equal(strategy('context.overflow').fallback, 'truncate-context');
    assert.equal(strategy('stream.truncated').fallback, 'use-non-streaming');
  });

  it('asks without streaming where a build cannot stream what was asked', () => {
    const found = recoveryOf({ type: 'STREAMING_ERROR', code: 'feature.unsupported-input' });
    assert.equal(found?.fallback, 'use-non-streaming');
  });

  it('asks a proxy that wants a login no second time', () => {
    const found = recoveryOf({ type: 'AUTHENTICATION_ERROR', code: 'network.proxy-interference' });
    assert.equal(found?.retry, false);
  });

  it("has nothing for failures that are not a server's", () => {
    assert.equal(recoveryOf({ type: 'USAGE_ERROR', code: 'usage.invalid' }), null);
    assert.equal(recoveryOf({ type: 'INTERRUPTED', code: 'interrupted' }), null);
    assert.equal(recoveryOf({ type: 'INTERNAL_ERROR', code: 'internal' }), null);
  });

  it('knows every entry of the catalogue', () => {
    for (const { code, type } of ENTRIES) assert.notEqual(recoveryOf({ code, type }), null, code);
  });
});
