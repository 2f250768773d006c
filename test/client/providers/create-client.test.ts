import assert from 'node:assert/strict';
import { COOL_DOWN, CoolDown } from '../../../src/client/providers/cool-down.js';
import {
  type CreatedClient,
  createClient,
  type ProvidersConfig,
} from '../../../src/client/providers/create-client.js';
import type { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { cannedServer, LLAMA_HEADERS, type Route } from '../../support/canned-server.js';
import { keeper } from '../../support/keeper.js';
import { freePort, shareServer } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';

const HELLO = [{ role: 'user', content: 'Hello' }] as const;

describe('createClient', () => {
  const server = shareServer();
  const keep = keeper();
  let created: CreatedClient | undefined;

  afterEach(async () => {
    await created?.client.destroy();
    created = undefined;
  });

  async function create(requested: string, config: ProvidersConfig): Promise<CreatedClient> {
    created = await createClient(requested, { coolDown: new CoolDown(), ...config });
    return created;
  }
  const dead = async () => ({ baseUrl: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 });

  /** A front with a kind's own endpoints; what it has not is asked of the real server. */
  function front(own: Readonly<Record<string, Route>>) {
    return keep(
      cannedServer({
        ...own,
        '*': async (request, response, body) => {
          const answer = await fetch(`${server.current.url}${request.url}`, {
            method: request.method ?? 'GET',
            headers: { 'content-type': 'application/json' },
            ...(body === '' ? {} : { body }),
          });
          response.writeHead(answer.status, { 'content-type': 'application/json' });
          response.end(await answer.text());
        },
      }),
    );
  }

  it('makes a llama.cpp client with its model and the context of a slot', async () => {
    const { client, provider, target, errors } = await create('llama-cpp', {
      targets: { local: { baseUrl: server.current.url } },
    });
    assert.deepEqual([provider, target, errors], ['llama-cpp', 'local', []]);
    assert.notEqual(client.getCurrentModel(), '');
    assert.equal(client.contextSize.source, 'slot');
  });

  it('makes an OpenAI-compatible client of a server that is only that', async () => {
    const { client } = await create('openai-compatible', {
      targets: { gateway: { provider: 'openai-compatible', baseUrl: `${server.current.url}/v1` } },
    });
    const answer = await client.chat(HELLO, [], { maxTokens: 4 });
    assert.equal(answer.usage.completionTokens > 0, true);
  });

  const ollama = (version: string, ps: string) =>
    keep(cannedServer(replay(`ollama-${version}`, ['ollama'], { 'GET /api/ps': ps })));

  it('takes models, the loaded one first, and the context from Ollama', async () => {
    const { url } = await ollama('v0.17.4', 'ps-two');
    const { client } = await create('ollama', { targets: { o: { provider: 'ollama', baseUrl: url } } });
    assert.equal(client.getCurrentModel(), 'tiny-tools:latest');
    assert.equal(client.getContextSize(), 1024);
    assert.match((await client.chat(HELLO, [], { maxTokens: 8 })).content, /The server is ready/);
  });

  it('asks Ollama for the context of a model that is not loaded, by whatever name', async () => {
    const { url, requests } = await ollama('v0.17.4', 'ps-none');
    const { client } = await create('ollama', {
      targets: { o: { provider: 'ollama', baseUrl: url, model: 'tiny' } },
    });
    assert.equal(client.getContextSize(), 512);
    assert.deepEqual(JSON.parse(requests.at(-1)?.body ?? ''), { model: 'tiny:latest' });
  });

  it('asks an Ollama that does not tell what a model was loaded with', async () => {
    const { url } = await ollama('v0.6.5', 'ps');
    const { client } = await create('ollama', { targets: { o: { provider: 'ollama', baseUrl: url } } });
    assert.equal(client.getContextSize(), 512);
  });

  it('never takes what a model was trained for as what Ollama gives it: it cuts the rest off silently', async () => {
    for (const [trained, expected] of [
      [131_072, 4096],
      [1024, 1024],
    ]) {
      const { url } = await keep(
        cannedServer({
          ...replay('ollama-v0.17.4', ['ollama'], { 'GET /api/ps': 'ps-none' }),
          'POST /api/show': { body: { model_info: { 'llama.context_length': trained } } },
        }),
      );
      const { client } = await create('ollama', { targets: { o: { provider: 'ollama', baseUrl: url } } });
      assert.equal(client.getContextSize(), expected);
      await client.destroy();
    }
  });

  it("proves the key to OpenRouter, names nobody to it, and takes a model's context from the list", async () => {
    const router = await front({
      'GET /api/v1/key': { body: { data: { label: 'sk-or-v1-…', limit: null, usage: 0 } } },
      'GET /api/v1/models': {
        body: {
          data: [{ id: 'qwen/qwen3-4b', context_length: 40_960, top_provider: { context_length: 32_768 } }],
        },
      },
    });
    const { client } = await create('openrouter', {
      targets: { cloud: { provider: 'openrouter', baseUrl: `${router.url}/api/v1`, apiKey: 'sk-or-secret' } },
    });
    assert.equal(client.getContextSize(), 32_768);
    for (const name of ['http-referer', 'x-title', 'x-openrouter-title'])
      assert.equal(router.requests[0]?.headers[name], undefined, name);
  });

  it('falls back when nothing listens, and says why', async () => {
    const { target, errors } = await create('gone', {
      targets: { gone: await dead(), local: { baseUrl: server.current.url } },
    });
    assert.equal(target, 'local');
    assert.match(errors.join('\n'), /^gone: nothing listens on 127\.0\.0\.1:\d+.*llamactl up/s);
  });

  it('falls back from a model that loads past its deadline, in the order of `fallback`', async () => {
    const loading = await keep(
      cannedServer(
        {
          '*': {
            status: 503,
            body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
          },
        },
        LLAMA_HEADERS,
      ),
    );
    const { target } = await create('slow', {
      targets: {
        slow: { baseUrl: loading.url, maxRetries: 0 },
        never: { baseUrl: server.current.url },
        second: { baseUrl: server.current.url },
      },
      fallback: ['slow', 'second', 'never'],
    });
    assert.equal(target, 'second');
  });

  it('does not fall back from a wrong key, and shows no server the key of another', async () => {
    const other = await front({});
    const locked = await keep(
      cannedServer(
        {
          '*': {
            status: 401,
            body: { error: { code: 401, message: 'Invalid API Key', type: 'authentication_error' } },
          },
        },
        LLAMA_HEADERS,
      ),
    );
    const config = {
      targets: { locked: { baseUrl: locked.url, apiKey: 'sk-first' }, other: { baseUrl: other.url } },
    };
    await assert.rejects(create('locked', config), { code: 'auth.wrong-key' });
    assert.deepEqual(other.requests, []);

    await create('gone', {
      targets: { gone: { ...(await dead()), apiKey: 'sk-first' }, other: { baseUrl: other.url } },
    });
    assert.equal(other.requests.length > 0, true);
    assert.equal(JSON.stringify(other.requests).includes('sk-first'), false);
  });

  it('keeps a prompt for a local server on the private network unless the configuration names the remote one', async () => {
    const remote = {
      provider: 'openai-compatible',
      baseUrl: 'http://remote.example',
      maxRetries: 0,
    } as const;
    const triedRemote = async (more: Partial<ProvidersConfig>) => {
      const error = await failureOf(create('gone', { targets: { gone: await dead(), remote }, ...more }));
      assert.equal(error.code, 'connection.refused');
      return error.evidence.some((line) => line.startsWith('remote, tried instead'));
    };
    assert.equal(await triedRemote({}), false);
    assert.equal(await triedRemote({ fallback: ['remote'] }), true);
    assert.equal(await triedRemote({ allowRemote: true }), true);
  });

  it('tries a server that failed lately last, until it has cooled down', async () => {
    let now = 0;
    const coolDown = new CoolDown(() => now);
    const flaky = await front({});
    coolDown.failed(flaky.url);
    const config = {
      targets: { flaky: { baseUrl: flaky.url }, local: { baseUrl: server.current.url } },
      coolDown,
    };
    const second = await create('flaky', config);
    assert.equal(second.target, 'local');
    assert.match(second.errors.join(), /flaky: failed lately/);
    await second.client.destroy();
    now = COOL_DOWN;
    assert.equal((await create('flaky', config)).target, 'flaky');
  });

  it('names the targets there are when asked for another', async () => {
    await assert.rejects(create('lokal', { targets: { local: {} } }), {
      message: 'no target or provider "lokal": the configuration has local',
    });
  });
});

async function failureOf(work: Promise<unknown>): Promise<LlamactlError> {
  return work.then(
    () => assert.fail('it should have failed'),
    (error: LlamactlError) => error,
  );
}
