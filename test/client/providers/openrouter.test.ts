import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LlamaCppClient } from '../../../src/client/llama-client.js';
import { CoolDown } from '../../../src/client/providers/cool-down.js';
import { createClient } from '../../../src/client/providers/create-client.js';
import { openRouter } from '../../../src/client/providers/openrouter.js';
import type { ChatEvent } from '../../../src/client/types.js';
import { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { type CannedServer, cannedServer, eventStream, type Route } from '../../support/canned-server.js';
import { keeper } from '../../support/keeper.js';

/** Shapes of OpenRouter's documentation: the file names its pages. */
const DOCUMENTED = JSON.parse(
  readFileSync(new URL('../../fixtures/documented/openrouter.json', import.meta.url), 'utf8'),
) as {
  readonly key: unknown;
  readonly models: unknown;
  readonly chat: unknown;
  readonly stream: readonly unknown[];
  readonly midStreamError: unknown;
  readonly midStreamErrorOfOld: unknown;
  readonly errors: readonly {
    readonly label: string;
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: unknown;
    readonly type: string;
    readonly code: string;
    readonly message?: string;
    readonly evidence?: string;
  }[];
};
const HELLO = [{ role: 'user', content: 'Hello' }] as const;
const CHAT = 'POST /api/v1/chat/completions';

describe('OpenRouter, in the shapes that it documents', () => {
  const keep = keeper();
  let client: LlamaCppClient | undefined;
  afterEach(() => client?.destroy());

  const serve = (routes: Readonly<Record<string, Route>>): Promise<CannedServer> =>
    keep(
      cannedServer({
        'GET /api/v1/key': { body: DOCUMENTED.key },
        'GET /api/v1/models': { body: DOCUMENTED.models },
        ...routes,
      }),
    );
  const connect = ({ url }: CannedServer) => {
    client = new LlamaCppClient({
      baseUrl: `${url}/api/v1`,
      apiKey: 'sk-or-v1-secret',
      headers: openRouter.headers,
      model: 'acme/small-chat',
      maxRetries: 0,
      fallback: false,
    });
    return client;
  };
  const streamOf = (parts: readonly unknown[]) =>
    eventStream(parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))));
  async function hear(events: AsyncIterable<ChatEvent>) {
    const heard: ChatEvent[] = [];
    try {
      for await (const event of events) heard.push(event);
    } catch (error) {
      if (error instanceof LlamactlError) return { heard, error };
      throw error;
    }
    return { heard, error: null };
  }

  it('lists its models, with the context of the provider that is asked first', async () => {
    const models = await openRouter.discover(connect(await serve({})), {});
    assert.deepEqual(
      models.map(({ id, contextPerSlot, contextTrained }) => [id, contextPerSlot, contextTrained]),
      [
        ['acme/small-chat', 32_768, 40_960],
        ['acme/text-only', null, 8192],
      ],
    );
  });

  it('is asked for the key first: the list of models proves none', async () => {
    const server = await serve({
      'GET /api/v1/key': { status: 401, body: { error: { message: 'User not found.', code: 401 } } },
    });
    const config = {
      targets: { cloud: { provider: 'openrouter', baseUrl: `${server.url}/api`, apiKey: 'sk-or-old' } },
      coolDown: new CoolDown(),
    } as const;
    await assert.rejects(createClient('cloud', config), { code: 'auth.wrong-key' });
    assert.deepEqual(
      server.requests.map(({ line }) => line),
      ['GET /api/v1/key'],
    );
  });

  it('is told nothing of who asks: that is optional, and public in its rankings', async () => {
    const server = await serve({ [CHAT]: { body: DOCUMENTED.chat } });
    await connect(server).chat(HELLO);
    const { headers } = server.requests[0] ?? {};
    for (const name of ['x-openrouter-title', 'x-title', 'http-referer'])
      assert.equal(headers?.[name], undefined, name);
    assert.equal(headers?.['authorization'], 'Bearer sk-or-v1-secret');
  });

  it('answers with the thinking apart, what was cached, and who answered', async () => {
    const server = await serve({ [CHAT]: { body: DOCUMENTED.chat } });
    const answer = await connect(server).chat(HELLO);
    assert.deepEqual([answer.content, answer.reasoning], ['Good day.', 'A greeting.']);
    assert.deepEqual(answer.usage, { promptTokens: 10, completionTokens: 4, cachedTokens: 3 });
    assert.deepEqual([answer.finishReason, answer.model], ['stop', 'acme/small-chat']);
  });

  it('streams the same: comments are no events, and the end that is told twice is one', async () => {
    const server = await serve({ [CHAT]: streamOf(DOCUMENTED.stream) });
    const { heard, error } = await hear(connect(server).chatStream(HELLO));
    assert.equal(error, null);
    assert.deepEqual(
      heard.map((event) => ('text' in event ? `${event.type} ${event.text}` : event.type)),
      ['reasoning A greeting.', 'content Good', 'content  day.', 'finish'],
    );
    const last = heard.at(-1);
    assert.ok(last?.type === 'finish');
    assert.deepEqual(last.result.usage, { promptTokens: 10, completionTokens: 4, cachedTokens: 3 });
  });

  for (const [name, failure, expected] of [
    ['in mid-stream', DOCUMENTED.midStreamError, ['SERVER_OVERLOADED', 'server.busy']],
    [
      'in mid-stream, with a code in words',
      DOCUMENTED.midStreamErrorOfOld,
      ['CONNECTION_ERROR', 'server.crashed'],
    ],
  ] as const) {
    it(`a failure ${name} is one, and what had come is kept`, async () => {
      const server = await serve({ [CHAT]: streamOf([...DOCUMENTED.stream.slice(0, 4), failure, '[DONE]']) });
      const { error } = await hear(connect(server).chatStream(HELLO));
      assert.deepEqual([error?.type, error?.code], expected);
      assert.match(error?.message ?? '', /The provider has hung up/);
      assert.equal(error?.details['visible'], true);
      const partial = error?.details['partial'] as { readonly content: string } | undefined;
      assert.equal(partial?.content, 'Good');
    });
  }

  it('a failure that is the first and only event of a 200 is one that another try may mend', async () => {
    const server = await serve({ [CHAT]: streamOf([DOCUMENTED.stream[0], DOCUMENTED.midStreamError]) });
    const { error } = await hear(connect(server).chatStream(HELLO));
    assert.deepEqual([error?.code, error?.details['visible']], ['server.busy', false]);
  });

  it('a stream that says no more than that it ended in an error is cut, not whole', async () => {
    const cut = { choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] };
    const server = await serve({ [CHAT]: streamOf([...DOCUMENTED.stream.slice(0, 4), cut, '[DONE]']) });
    assert.equal((await hear(connect(server).chatStream(HELLO))).error?.code, 'stream.truncated');
  });

  it('is never asked for another model than the one that is not there: who knows what that costs', async () => {
    const server = await serve({
      [CHAT]: { status: 400, body: { error: { message: 'acme/nope is not a valid model ID', code: 400 } } },
    });
    client = new LlamaCppClient({
      baseUrl: `${server.url}/api`,
      apiKey: 'sk-or-v1-secret',
      model: 'acme/nope',
    });
    await assert.rejects(client.chat(HELLO), { code: 'model.not-found' });
    assert.deepEqual(
      server.requests.map(({ line }) => line),
      [CHAT],
    );
  });

  describe('fails with', () => {
    for (const { label, status, headers = {}, body, type, code, message, evidence } of DOCUMENTED.errors) {
      it(label, async () => {
        const server = await serve({ [CHAT]: { status, headers, body } });
        const error = await connect(server)
          .chat(HELLO)
          .then(
            (answer) => assert.fail(`it answered ${JSON.stringify(answer)}`),
            (failure: LlamactlError) => failure,
          );
        assert.deepEqual([error.type, error.code], [type, code], error.message);
        if (message !== undefined) assert.match(error.message, new RegExp(message));
        if (evidence !== undefined) assert.ok(error.evidence.includes(evidence), error.evidence.join('\n'));
        const wait = headers['retry-after'];
        if (wait !== undefined) assert.equal(error.details['retryAfterMs'], Number(wait) * 1000);
      });
    }
  });
});
