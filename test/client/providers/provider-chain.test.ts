import assert from 'node:assert/strict';
import { COOL_DOWN, CoolDown } from '../../../src/client/providers/cool-down.js';
import {
  type OpenProvider,
  type ProvidersConfig,
  providersOf,
} from '../../../src/client/providers/create-client.js';
import type { ProviderChain } from '../../../src/client/providers/provider-chain.js';
import type { LlamactlError } from '../../../src/errors/llamactl-error.js';
import {
  type CannedServer,
  cannedServer,
  chunk,
  eventStream,
  LLAMA_HEADERS,
} from '../../support/canned-server.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { keeper } from '../../support/keeper.js';
import { freePort, shareServer } from '../../support/real-server.js';

const HELLO = [{ role: 'user', content: 'Hello' }] as const;
const CHAT = 'POST /v1/chat/completions';

describe('several providers, in the library', () => {
  const server = shareServer({ args: ['-c', '2048', '-np', '1', '--alias', 'tiny'] });
  const keep = keeper();
  let chain: ProviderChain<OpenProvider> | undefined;

  afterEach(async () => {
    await chain?.close();
    chain = undefined;
  });

  function open(config: ProvidersConfig, requested = 'first'): ProviderChain<OpenProvider> {
    chain = providersOf(requested, {
      coolDown: new CoolDown(),
      fallback: Object.keys(config.targets),
      ...config,
    });
    return chain;
  }

  /** The text of a streamed answer, what was seen of it told as it comes. */
  const streamed =
    (seen: string[] = []) =>
    async ({ client }: OpenProvider, begins: () => void): Promise<string> => {
      for await (const event of client.chatStream(HELLO, [], { maxTokens: 4 })) {
        if (event.type === 'content') {
          begins();
          seen.push(event.text);
        }
        if (event.type === 'finish') return event.result.content;
      }
      return assert.fail('a stream ends with its result');
    };

  /** A server that opens well, and fails chats. */
  const failing = (route: Parameters<typeof cannedServer>[0][string]): Promise<CannedServer> =>
    keep(
      cannedServer(
        {
          'GET /health': { body: { status: 'ok' } },
          'GET /v1/models': { body: { data: [{ id: 'tiny' }] } },
          [CHAT]: route,
        },
        LLAMA_HEADERS,
      ),
    );

  const refusals = {
    'answers 503': {
      status: 503,
      body: { error: { code: 503, message: 'no slot available', type: 'unavailable_error' } },
    },
    'answers 429': { status: 429, body: { error: { code: 429, message: 'slow down', type: 'x' } } },
    'loads past its deadline': {
      status: 503,
      body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
    },
    'cuts its streams before the first token': eventStream([chunk({ role: 'assistant' }), 'cut']),
    'never begins to answer': eventStream([chunk({ role: 'assistant' }), 120_000]),
  } as const;
  for (const [what, route] of Object.entries(refusals)) {
    it(`goes on to the next where a server that was opened ${what}`, async () => {
      const first = await failing(route);
      const used = await open({
        targets: {
          first: { baseUrl: first.url, timeout: 300, maxRetries: 0 },
          second: { baseUrl: server.current.url },
        },
      }).use(streamed());
      assert.deepEqual([used.name, used.failures.map(({ name }) => name)], ['second', ['first']]);
      assert.match(used.result, /The server/);
    });
  }

  it('hides no answer that somebody saw some of, and no refusal of the request', async () => {
    const second = await failing(eventStream([chunk({ content: 'no' }), chunk({}, 'stop'), '[DONE]']));
    const cases = [
      [eventStream([chunk({ content: 'half' }), 30, 'cut']), 'stream.truncated'],
      [
        { status: 400, body: { error: { code: 400, message: 'no', type: 'invalid_request_error' } } },
        'request.invalid-parameter',
      ],
      [
        {
          status: 401,
          body: { error: { code: 401, message: 'Invalid API Key', type: 'authentication_error' } },
        },
        'auth.missing-key',
      ],
      [
        {
          status: 400,
          body: {
            error: {
              code: 400,
              message: 'too long',
              type: 'exceed_context_size_error',
              n_prompt_tokens: 9,
              n_ctx: 8,
            },
          },
        },
        'context.overflow',
      ],
    ] as const;
    for (const [route, code] of cases) {
      const first = await failing(route);
      const targets = { first: { baseUrl: first.url }, second: { baseUrl: second.url } };
      await assert.rejects(open({ targets }).use(streamed()), { code });
      await chain?.close();
    }
    assert.deepEqual(second.requests, []);
  });

  it('gives each its own key, model and headers', async () => {
    const second = await failing(eventStream([chunk({ content: 'yes' }), chunk({}, 'stop'), '[DONE]']));
    const targets = {
      first: {
        baseUrl: `http://127.0.0.1:${await freePort()}`,
        apiKey: 'sk-first',
        model: 'first-model',
        headers: { 'x-team': 'first-team' },
      },
      second: { baseUrl: second.url, apiKey: 'sk-second' },
    };
    assert.equal((await open({ targets }).use(streamed())).result, 'yes');
    assert.doesNotMatch(JSON.stringify(second.requests), /first/);
    const asked = second.requests.find(({ line }) => line === CHAT);
    assert.equal(asked?.headers['authorization'], 'Bearer sk-second');
    assert.equal(JSON.parse(asked.body).model, 'tiny');
  });

  it('comes back to the first once it has cooled down and is there', async () => {
    let now = 0;
    const proxy = await keep(FaultProxy.start(server.current.url));
    const options = {
      targets: { first: { baseUrl: proxy.url }, second: { baseUrl: server.current.url } },
      coolDown: new CoolDown(() => now),
    };
    const providers = open(options);
    const answers = async () => (await providers.use(streamed())).name;
    assert.equal(await answers(), 'first');
    await proxy.refuse();
    assert.equal(await answers(), 'second');
    now = COOL_DOWN;
    // A look finds that it is still away.
    assert.equal(await answers(), 'second');
    await proxy.accept();
    assert.equal(await answers(), 'second');
    now += COOL_DOWN;
    assert.equal(await answers(), 'first');
  });

  it('fails as the requested one did where none can answer, with the others as evidence, and who was not asked', async () => {
    const gone = async () => ({ baseUrl: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 });
    const targets = {
      first: await gone(),
      second: await gone(),
      cloud: { provider: 'openai-compatible', baseUrl: 'https://api.example.com' },
    } as const;
    const error = await failureOf(open({ targets, fallback: ['second'] }).use(streamed()));
    assert.equal(error.code, 'connection.refused');
    assert.ok(error.message.includes(new URL(targets.first.baseUrl).host), error.message);
    assert.match(error.evidence.join('\n'), /^second, tried instead: nothing listens on/m);
    assert.match(error.suggestions.join('\n'), /Not asked: cloud\..*allowRemote/);
  });

  it('ends where the stand-in refuses, telling why the first was passed over', async () => {
    const second = await failing({
      status: 401,
      body: { error: { code: 401, message: 'Invalid API Key', type: 'authentication_error' } },
    });
    const targets = {
      first: { baseUrl: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 },
      second: { baseUrl: second.url },
      third: { baseUrl: server.current.url },
    };
    const error = await failureOf(open({ targets }).use(streamed()));
    assert.equal(error.code, 'auth.missing-key');
    assert.match(error.evidence.join('\n'), /^first, asked before: nothing listens on/m);
  });

  it('refuses to choose among the many models of OpenRouter, and takes the only one', async () => {
    const router = (...ids: string[]) =>
      keep(
        cannedServer({
          'GET /v1/key': { body: { data: {} } },
          'GET /v1/models': { body: { data: ids.map((id) => ({ id })) } },
        }),
      );
    const use = (baseUrl: string, requested: string) =>
      open({ targets: { [requested]: { provider: 'openrouter', baseUrl, apiKey: 'k' } } }, requested).use(
        async ({ client }) => client.getCurrentModel(),
      );
    assert.equal((await use((await router('a/one')).url, 'only')).result, 'a/one');
    await chain?.close();
    await assert.rejects(use((await router('a/one', 'b/two')).url, 'many'), {
      message: 'many is OpenRouter, which has many models: name one',
    });
  });

  it('takes no model that embeds for a chat, where there is another', async () => {
    const ollama = await keep(
      cannedServer({
        'GET /api/tags': { body: { models: [{ name: 'nomic-embed-text' }, { name: 'qwen3:4b' }] } },
        'GET /api/ps': { body: { models: [{ name: 'nomic-embed-text', context_length: 2048 }] } },
        'POST /api/show': { body: { model_info: {} } },
      }),
    );
    const targets = { laptop: { provider: 'ollama', baseUrl: ollama.url } } as const;
    const { result } = await open({ targets }, 'laptop').use(async ({ client }) => client.getCurrentModel());
    assert.equal(result, 'qwen3:4b');
  });
});

async function failureOf(work: Promise<unknown>): Promise<LlamactlError> {
  return work.then(
    () => assert.fail('it should have failed'),
    (error: LlamactlError) => error,
  );
}
