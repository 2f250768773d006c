import assert from 'node:assert/strict';
import { hurried, mayFallBack, whyNot } from '../../../src/client/providers/fall-back.js';
import { othersFor } from '../../../src/client/providers/others.js';
import type { ErrorCode } from '../../../src/errors/codes.js';
import type { ErrorType } from '../../../src/errors/error-type.js';
import { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { leavesNetwork } from '../../../src/wire/hosts.js';

function failure(type: ErrorType, code: ErrorCode, details: Readonly<Record<string, unknown>> = {}) {
  return new LlamactlError({ type, code, message: 'what was wrong', details });
}

describe('whether another provider may answer', () => {
  it('may where the server was the trouble, and its state only', () => {
    for (const [type, code] of [
      ['CONNECTION_ERROR', 'connection.refused'],
      ['CONNECTION_ERROR', 'connection.reset'],
      ['CONNECTION_ERROR', 'connection.dns'],
      ['CONNECTION_ERROR', 'network.proxy-interference'],
      ['TIMEOUT_ERROR', 'connection.timeout'],
      ['TIMEOUT_ERROR', 'server.wedged'],
      ['SERVER_OVERLOADED', 'server.busy'],
      ['SERVER_OVERLOADED', 'server.loading'],
      ['STREAMING_ERROR', 'stream.truncated'],
      ['STREAMING_ERROR', 'stream.idle-timeout'],
    ] as const)
      assert.equal(mayFallBack(failure(type, code)), true, code);
  });

  it('may not where the key, the request, the address or the answer is at fault, or somebody stopped it', () => {
    for (const [type, code] of [
      ['AUTHENTICATION_ERROR', 'auth.wrong-key'],
      ['AUTHENTICATION_ERROR', 'network.proxy-interference'],
      ['INVALID_REQUEST', 'request.invalid-parameter'],
      ['CONTEXT_OVERFLOW', 'context.overflow'],
      ['MODEL_NOT_FOUND', 'model.not-found'],
      ['MODEL_NOT_FOUND', 'model.load-failed'],
      ['UNSUPPORTED_FEATURE', 'feature.disabled'],
      ['CONNECTION_ERROR', 'connection.tls-untrusted'],
      ['CONNECTION_ERROR', 'connection.wrong-server'],
      ['CONNECTION_ERROR', 'connection.wrong-path'],
      ['STREAMING_ERROR', 'stream.malformed'],
      ['STREAMING_ERROR', 'feature.unsupported-input'],
      ['INTERRUPTED', 'interrupted'],
      ['USAGE_ERROR', 'usage.invalid'],
      ['INTERNAL_ERROR', 'internal'],
    ] as const)
      assert.equal(mayFallBack(failure(type, code)), false, code);
    assert.equal(mayFallBack(new Error('a bug')), false);
  });

  it('may not once some of the answer was seen; thinking that nobody was shown is thrown away', () => {
    const cut = (partial: object) =>
      failure('STREAMING_ERROR', 'stream.truncated', { visible: true, partial });
    const thought = cut({ content: '', reasoning: 'Hm', toolCalls: [], toolCallProblems: [] });
    assert.equal(mayFallBack(thought), false);
    assert.equal(mayFallBack(thought, false), true);
    for (const partial of [
      { content: 'A', reasoning: 'Hm', toolCalls: [], toolCallProblems: [] },
      { content: '', reasoning: 'Hm', toolCalls: [{}], toolCallProblems: [] },
      { content: '', reasoning: 'Hm', toolCalls: [], toolCallProblems: [{}] },
    ])
      assert.equal(mayFallBack(cut(partial), false), false);
  });

  it('is told in a few words', () => {
    assert.equal(
      whyNot('local', failure('CONNECTION_ERROR', 'connection.refused')),
      'local refused the connection',
    );
    assert.equal(
      whyNot('local', failure('TIMEOUT_ERROR', 'connection.timeout', { timeoutMs: 30_000 })),
      'local gave no answer in 30 s',
    );
    assert.equal(
      whyNot('cloud', failure('USAGE_ERROR', 'usage.invalid')),
      'cloud cannot be used (what was wrong)',
    );
  });

  it('makes a client hurry that another can stand in for, and keeps what was asked for', () => {
    assert.deepEqual(hurried({ timeout: 60_000 }), {
      timeout: 60_000,
      maxRetries: 1,
      aliveEvery: 10_000,
      retryWindow: 5000,
      pool: { connectionTimeout: 5000 },
    });
    const asked = {
      maxRetries: 0,
      aliveEvery: 50,
      retryWindow: 100,
      pool: { maxConnections: 1, connectionTimeout: 200 },
    };
    assert.deepEqual(hurried(asked), asked);
  });
});

describe('who may answer in place of the requested target', () => {
  const kinds = { local: 'llama-cpp', second: 'llama-cpp', cloud: 'openrouter', laptop: 'ollama' } as const;
  const remote = (name: string) => name === 'cloud';

  it('those that `fallback` names, in its order, and nobody who is merely listed', () => {
    assert.deepEqual(
      othersFor('local', kinds, { fallback: ['second', 'local', 'cloud', 'second'] }, remote),
      {
        asked: ['second', 'cloud'],
        withheld: ['laptop'],
      },
    );
    assert.deepEqual(othersFor('local', kinds, { fallback: [] }, remote).asked, []);
  });

  it('everybody where remote ones are allowed: those of `fallback` first, remote ones last', () => {
    const of = (fallback: string[]) =>
      othersFor('local', { ...kinds, third: 'llama-cpp' }, { fallback, allowRemote: true }, remote);
    assert.deepEqual(of(['second']), { asked: ['second', 'laptop', 'third', 'cloud'], withheld: [] });
    assert.deepEqual(of(['cloud']).asked, ['cloud', 'laptop', 'second', 'third']);
  });

  it('without `fallback`, as the specification has it, but for those that the prompt would leave the network for', () => {
    assert.deepEqual(othersFor('local', kinds, {}, remote), {
      asked: ['laptop', 'second'],
      withheld: ['cloud'],
    });
    assert.deepEqual(othersFor(null, kinds, {}, remote).asked, ['laptop', 'local', 'second']);
  });

  it('knows what leaves the network, one server of several deciding', () => {
    const [local, home, cloud] = [
      'unix:/run/llama.sock',
      'http://192.168.1.7:8080',
      'https://api.example.com',
    ];
    assert.equal(leavesNetwork([local], [home]), false);
    assert.equal(leavesNetwork([local], [cloud]), true);
    assert.equal(leavesNetwork([cloud], [cloud]), false);
    assert.equal(leavesNetwork([cloud, home], [cloud]), true);
    assert.equal(leavesNetwork([home], [home, cloud]), true);
  });
});
