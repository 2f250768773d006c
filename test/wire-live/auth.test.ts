import assert from 'node:assert/strict';
import { Agent } from 'undici';
import { checkHealth } from '../../src/services/health.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, assertOnBuild, failureOf, hear, hello, useClients } from './support.js';

const KEY = 'sk-right-4711';

describe('API keys of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '512', '--metrics', '--alias', 'tiny', '--api-key', KEY] });
  const connect = useClients();

  it('/health is public: it answers 200 without a key, and so proves nothing', async () => {
    assert.deepEqual(await connect(server.current.url).client.health(), { status: 'ok' });
  });

  it('health says unauthorized all the same, exit 11', async () => {
    const { report, error } = await checkHealth(connect(server.current.url).client);
    assert.deepEqual([report.status, report.ready, error?.exit], ['unauthorized', false, 11]);
    assert.deepEqual([report.error?.code, report.server.kind], ['auth.missing-key', 'llama.cpp']);
  });

  for (const [method, path] of [
    ['GET', '/props'],
    ['GET', '/slots'],
    ['GET', '/metrics'],
    ['POST', '/v1/chat/completions'],
    ['POST', '/completion'],
    ['POST', '/tokenize'],
  ] as const) {
    it(`${method} ${path} without a key: 401, the key is missing`, async () => {
      const error = await failureOf(connect(server.current.url).client.request({ method, path }));
      assert.deepEqual(
        [error.type, error.code, error.exit],
        ['AUTHENTICATION_ERROR', 'auth.missing-key', 11],
      );
      assert.match(error.evidence[0] ?? '', /→ 401 "Invalid API Key"/);
    });
  }

  it('a wrong key: 401, and it is not printed', async () => {
    const { client } = connect(server.current.url, { apiKey: 'sk-wrong-0815' });
    const error = await failureOf(client.chat(hello));
    assert.deepEqual([error.type, error.code], ['AUTHENTICATION_ERROR', 'auth.wrong-key']);
    assert.doesNotMatch(JSON.stringify([error, error.details]), /0815/);
  });

  it('a wrong key is the same error before a stream starts', async () => {
    const { error, events } = await hear(connect(server.current.url, { apiKey: 'sk-wrong-0815' }).client);
    assert.deepEqual([error?.code, events], ['auth.wrong-key', []]);
  });

  it('the right key: everything answers', async () => {
    const { client, exchanges } = connect(server.current.url, { apiKey: KEY });
    await client.initialize();
    assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    assert.ok(!JSON.stringify(exchanges).includes(KEY), 'the exchanges of --verbose do not show it');
  });

  it('a key in x-api-key, as Anthropic’s clients send it, is taken too', async () => {
    const dispatcher = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, headers: { ...options.headers, 'x-api-key': KEY } }, handler),
    );
    const { client } = connect(server.current.url, { dispatcher });
    assert.equal((await client.props()).model_alias, 'tiny');
  });

  for (const path of ['/v1/models', '/models']) {
    it(`${path} is public in some builds: it does not tell whether a key is right`, async () => {
      const { client } = connect(server.current.url);
      const status = await client.request({ method: 'GET', path }).then(
        (answer) => answer.status,
        (error) => error.details['status'],
      );
      assertOnBuild(status, { 'v0.6.0': 401, 'v0.1.0': 200 });
    });
  }

  it('initialize does not take a public model list for a welcome', async () => {
    assert.equal((await failureOf(connect(server.current.url).client.initialize())).code, 'auth.missing-key');
  });
});
