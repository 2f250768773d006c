import assert from 'node:assert/strict';
import { shareServer, startServer } from '../support/real-server.js';
import { failureOf, hello, useClients, useFolder } from './support.js';

type Asked = readonly [method: 'GET' | 'POST', path: string, body?: unknown];

/** What a flag turns on. */
const BY_FLAG: readonly (readonly [flag: string, ...asked: Asked[]])[] = [
  ['--metrics', ['GET', '/metrics']],
  ['--slots', ['GET', '/slots']],
  ['--props', ['POST', '/props', {}]],
  [
    '--embeddings',
    ['POST', '/embedding', { content: 'Hello' }],
    ['POST', '/embeddings', { content: 'Hello' }],
    ['POST', '/v1/embeddings', { input: 'Hello' }],
  ],
  [
    '--reranking',
    ['POST', '/rerank', { query: 'Hello', documents: ['server'] }],
    ['POST', '/v1/rerank', { query: 'Hello', documents: ['server'] }],
  ],
  [
    '--slot-save-path',
    ['POST', '/slots/0?action=save', { filename: 'a' }],
    ['POST', '/slots/0?action=restore', { filename: 'a' }],
    ['POST', '/slots/0?action=erase', {}],
  ],
];

describe('features that a real llama-server has switched off', () => {
  const server = shareServer({ args: ['-c', '512', '-np', '1', '--no-slots'] });
  const connect = useClients();

  for (const [flag, ...asked] of BY_FLAG) {
    for (const [method, path, body] of asked) {
      it(`${method} ${path}: 501 that names ${flag}`, async () => {
        const error = await failureOf(connect(server.current.url).client.request({ method, path, body }));
        assert.deepEqual(
          [error.type, error.code, error.exit],
          ['UNSUPPORTED_FEATURE', 'feature.disabled', 15],
        );
        assert.deepEqual([error.details['status'], error.details['flag']], [501, flag]);
        assert.ok(error.suggestions.join('\n').includes(flag), error.suggestions.join('\n'));
      });
    }
  }

  it('the client’s own methods say the same', async () => {
    const { client } = connect(server.current.url);
    for (const call of [() => client.metrics(), () => client.slots(), () => client.embedding('Hello')]) {
      assert.equal((await failureOf(call())).code, 'feature.disabled');
    }
  });

  it('built-in tools: 403, which is no matter of keys', async () => {
    const error = await failureOf(
      connect(server.current.url).client.request({ method: 'GET', path: '/tools' }),
    );
    assert.deepEqual([error.type, error.code], ['UNSUPPORTED_FEATURE', 'feature.disabled']);
    assert.equal(error.details['status'], 403);
    assert.match(error.message, /disabled/);
  });
});

/** Every endpoint of a server with one model, and something to ask of it. */
const ENDPOINTS: readonly Asked[] = [
  ['GET', '/health'],
  ['GET', '/v1/health'],
  ['GET', '/v1/models'],
  ['GET', '/models'],
  ['GET', '/props'],
  ['GET', '/slots'],
  ['GET', '/metrics'],
  ['GET', '/lora-adapters'],
  ['POST', '/v1/chat/completions', { messages: hello, max_tokens: 1 }],
  ['POST', '/v1/completions', { prompt: 'Hello', max_tokens: 1 }],
  ['POST', '/completion', { prompt: 'Hello', n_predict: 1 }],
  ['POST', '/infill', { input_prefix: 'The', input_suffix: 'is', n_predict: 1 }],
  ['POST', '/tokenize', { content: 'Hello' }],
  ['POST', '/detokenize', { tokens: [304] }],
  ['POST', '/apply-template', { messages: hello }],
  ['POST', '/v1/responses', { input: 'Hello', max_output_tokens: 1 }],
  ['POST', '/v1/messages', { messages: hello, max_tokens: 1 }],
  ['POST', '/v1/chat/completions/input_tokens', { messages: hello }],
  ['POST', '/v1/messages/count_tokens', { messages: hello }],
  ['POST', '/lora-adapters', []],
  ['POST', '/props', {}],
];

describe('errors of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '512', '--api-key', 'sk-right'] });

  for (const [what, method, path, type, status] of [
    ['a refused key', 'GET', '/props', 'authentication_error', 401],
    ['an unknown route', 'GET', '/v2/nope', 'not_found_error', 404],
    ['a request that it cannot use', 'POST', '/v1/chat/completions', 'invalid_request_error', 400],
    ['an endpoint that is off', 'GET', '/metrics', 'not_supported_error', 501],
  ] as const) {
    it(`${what}: a body with code, message and type, from a server that calls itself llama.cpp`, async () => {
      const response = await fetch(`${server.current.url}${path}`, {
        method,
        ...(what === 'a refused key' ? {} : { headers: { authorization: 'Bearer sk-right' } }),
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      assert.deepEqual([response.status, error['code'], error['type']], [status, status, type]);
      assert.equal(typeof error['message'], 'string');
      assert.equal(response.headers.get('server'), 'llama.cpp');
    });
  }

  it('built-in tools that are off: a body without a code', async () => {
    const headers = { authorization: 'Bearer sk-right' };
    const response = await fetch(`${server.current.url}/tools`, { headers });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    assert.deepEqual([response.status, error['type'], 'code' in error], [403, 'feature_disabled', false]);
  });

  it('its log lines begin with a clock and a level', () => {
    const lines = server.current
      .log()
      .split('\n')
      .filter((line) => line.includes('listening on'));
    assert.match(lines[0] ?? '', /^\d+\.\d\d\.\d{3}\.\d{3} I srv {2}/);
  });
});

describe('the endpoints of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '512', '-np', '1', '--metrics', '--props'] });
  const connect = useClients();

  for (const [method, path, body] of ENDPOINTS) {
    it(`${method} ${path} answers`, async () => {
      const { status } = await connect(server.current.url).client.request({ method, path, body });
      assert.equal(status, 200);
    });
  }
});

describe('the same features switched on', () => {
  const connect = useClients();
  const folder = useFolder();

  describe('by the flags that were named', () => {
    const args = ['-c', '512', '-np', '1', '--metrics', '--slots', '--props', '--tools', 'get_info'];
    const server = shareServer({ args });

    for (const path of ['/metrics', '/slots', '/tools']) {
      it(`GET ${path} answers`, async () => {
        const { status } = await connect(server.current.url).client.request({ method: 'GET', path });
        assert.equal(status, 200);
      });
    }

    it('POST /props answers', async () => {
      const { client } = connect(server.current.url);
      const { status } = await client.request({ method: 'POST', path: '/props', body: {} });
      assert.equal(status, 200);
    });
  });

  describe('--embeddings', () => {
    const server = shareServer({ args: ['-c', '512', '-np', '1', '--embeddings', '--pooling', 'mean'] });

    it('embeds, and chats all the same', async () => {
      const { client } = connect(server.current.url);
      assert.equal((await client.embedding('Hello')).length, 1);
      assert.equal((await client.chat(hello, [], { maxTokens: 2 })).finishReason, 'length');
    });

    it('an input over the physical batch: a 500 that names the batch, not the context', async () => {
      const text = 'server '.repeat(800);
      const error = await failureOf(connect(server.current.url).client.embedding(text));
      assert.deepEqual([error.type, error.code], ['INVALID_REQUEST', 'request.batch-too-small']);
      assert.equal(error.details['status'], 500);
      assert.match(error.message, /input \(\d+ tokens\) is too large/);
    });
  });

  it('--reranking ranks', async () => {
    const server = await startServer({ args: ['-c', '512', '-np', '1', '--reranking'] });
    const body = { query: 'Hello', documents: ['server', 'ready'] };
    for (const path of ['/rerank', '/v1/rerank']) {
      const answer = await connect(server.url).client.request({ method: 'POST', path, body });
      assert.equal(JSON.parse(answer.body).results.length, 2, path);
    }
    await server.stop();
  });

  describe('--slot-save-path', () => {
    let path = '';
    before(() => {
      path = `${folder.path}/`;
    });
    const server = shareServer({
      get args() {
        return ['-c', '512', '-np', '1', '--slot-save-path', path];
      },
    });
    const act = async (action: string, body: unknown = {}) => {
      const { client } = connect(server.current.url);
      const asked = { method: 'POST', path: `/slots/0?action=${action}`, body } as const;
      return JSON.parse((await client.request(asked)).body);
    };

    it('saves a slot, erases it, and restores what it saved', async () => {
      const { client } = connect(server.current.url);
      await client.completion({ prompt: 'Hello', maxTokens: 8, temperature: 0 });
      const { n_saved: saved } = await act('save', { filename: 'a.bin' });
      assert.ok(saved > 8, `${saved} tokens saved`);
      assert.equal((await act('erase')).n_erased, saved);
      assert.equal((await act('restore', { filename: 'a.bin' })).n_restored, saved);
    });

    it('a file that is not there, and one outside the folder: refused as the request’s fault', async () => {
      for (const filename of ['missing.bin', '../outside.bin']) {
        const error = await failureOf(act('restore', { filename }));
        assert.deepEqual([error.exit, error.details['status']], [15, 400], filename);
      }
    });
  });
});
