import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type {
  ChatEvent,
  ChatOptions,
  ChatResult,
  ClientOptions,
  Message,
  RecoveryStep,
  Tool,
} from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import {
  type Canned,
  type CannedServer,
  cannedServer,
  chunk,
  eventStream,
  LLAMA_HEADERS,
  type Route,
} from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { bodyText, recorded } from '../support/fixtures.js';
import { shareServer } from '../support/real-server.js';

const CHAT = 'POST /v1/chat/completions';
const ANSWER = /^ ?The server is ready/;
const hello: Message[] = [{ role: 'user', content: 'Hello' }];
const weather: Tool = { type: 'function', function: { name: 'get_weather' } };

const failed = (status: number, message: string, type = 'invalid_request_error', more = {}): Canned => ({
  status,
  body: { error: { code: status, message, type, ...more } },
});
const answered = (content: string): Canned => ({
  body: { model: 'tiny', choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] },
});
/** A route by the body that is asked. */
const byBody =
  (pick: (body: { model?: string; stream?: boolean }) => Canned | Route): Route =>
  async (request, response, text) => {
    const route = pick(JSON.parse(text));
    if (typeof route === 'function') return route(request, response, text);
    response.writeHead(route.status ?? 200, { 'content-type': 'application/json', ...LLAMA_HEADERS });
    response.end(JSON.stringify(route.body));
  };

describe('recovery of a chat', () => {
  let server: CannedServer | undefined;
  let client: LlamaCppClient | undefined;
  let steps: RecoveryStep[];

  const clientOf = (baseUrl: string, options: ClientOptions = {}) => {
    client = new LlamaCppClient({ baseUrl, timeout: 10_000, ...options });
    client.on('recovery', (step) => steps.push(step));
    return client;
  };
  const serve = async (routes: Readonly<Record<string, Route>>, options: ClientOptions = {}) => {
    server = await cannedServer(routes, LLAMA_HEADERS);
    return clientOf(server.url, options);
  };
  const chats = () =>
    (server?.requests ?? []).filter(({ line }) => line === CHAT).map(({ body }) => JSON.parse(body));
  const fails = async (asked: Promise<unknown>, code: string) => {
    const error = await asked.then(
      () => assert.fail('it was answered'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LlamactlError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  };
  const streamed = async (messages = hello, tools: readonly Tool[] = [], options: ChatOptions = {}) => {
    const events: ChatEvent[] = [];
    assert.ok(client !== undefined);
    for await (const event of client.chatStream(messages, tools, options)) events.push(event);
    const last = events.at(-1);
    assert.ok(last?.type === 'finish', JSON.stringify(last));
    return { events, result: last.result };
  };

  beforeEach(() => {
    steps = [];
  });

  afterEach(async () => {
    await client?.destroy();
    await server?.stop();
    server = undefined;
  });

  describe('whose model is not served', () => {
    const list = (
      ...models: readonly { id: string; status?: string; aliases?: string[]; failed?: boolean }[]
    ): Canned => ({
      body: {
        data: models.map(({ id, status, aliases = [], failed: broken }) => ({
          id,
          aliases,
          ...(status === undefined ? {} : { status: { value: status, ...(broken ? { failed: true } : {}) } }),
        })),
      },
    });
    const only = (...served: string[]) =>
      byBody(({ model = '' }) =>
        served.includes(model) ? answered(`I am ${model}`) : failed(400, `model '${model}' not found`),
      );

    it('asks the first that is loaded, before one that would have to be', async () => {
      await serve({
        [CHAT]: only('alpha', 'beta'),
        'GET /v1/models': list(
          { id: 'broken', status: 'unloaded', failed: true },
          { id: 'alpha', status: 'unloaded' },
          { id: 'beta', status: 'loaded' },
        ),
      });
      const result = await (client as LlamaCppClient).chat(hello, [], { model: 'nope' });
      assert.equal(result.content, 'I am beta');
      assert.deepEqual(
        result.recovery.map(({ action, type }) => [action, type]),
        [['use-first-available-model', 'MODEL_NOT_FOUND']],
      );
      assert.match(
        result.recovery[0]?.message ?? '',
        /^the server has no model "nope"\. Asking "beta" instead\.$/,
      );
      assert.deepEqual(steps, result.recovery, 'told as it happens, too');
      assert.equal(
        server?.requests.some(({ line }) => line.includes('model=')),
        false,
        'and loads nothing to look',
      );
    });

    it('picks a model where none was named', async () => {
      await serve({
        [CHAT]: byBody(({ model }) =>
          model === undefined
            ? failed(400, 'model name is missing from the request')
            : answered(`I am ${model}`),
        ),
        'GET /v1/models': list({ id: 'alpha', status: 'loaded' }),
      });
      assert.equal((await (client as LlamaCppClient).chat(hello)).content, 'I am alpha');
    });

    it('says so where there is no other, none by another name, or no list', async () => {
      for (const models of [
        list(),
        list({ id: 'alpha', aliases: ['nope'] }),
        list({ id: 'broken', status: 'unloaded', failed: true }),
        failed(401, 'Invalid API Key', 'authentication_error'),
      ]) {
        await serve({ [CHAT]: only(), 'GET /v1/models': models });
        await fails((client as LlamaCppClient).chat(hello, [], { model: 'nope' }), 'model.not-found');
        assert.equal(chats().length, 1);
        assert.deepEqual(steps, []);
        await client?.destroy();
        await server?.stop();
      }
    });

    it('does so once: a server that refuses both is believed', async () => {
      await serve({ [CHAT]: only(), 'GET /v1/models': list({ id: 'alpha' }) });
      const error = await fails(
        (client as LlamaCppClient).chat(hello, [], { model: 'nope' }),
        'model.not-found',
      );
      assert.match(error.message, /"alpha"/);
      assert.equal(chats().length, 2);
    });

    it('does not where --no-fallback was asked for', async () => {
      await serve({ [CHAT]: only('alpha'), 'GET /v1/models': list({ id: 'alpha' }) }, { fallback: false });
      await fails((client as LlamaCppClient).chat(hello, [], { model: 'nope' }), 'model.not-found');
      assert.equal(server?.requests.length, 1);
    });

    it('does not where the model is there and does not load', async () => {
      await serve({
        [CHAT]: failed(500, 'model name=broken failed to load', 'server_error'),
        'GET /v1/models': list({ id: 'alpha' }),
      });
      await fails((client as LlamaCppClient).chat(hello, [], { model: 'broken' }), 'model.load-failed');
      assert.equal(server?.requests.length, 1);
    });
  });

  describe('that is longer than the context', () => {
    const real = shareServer({ args: ['-c', '512', '-np', '1'] });
    const long = (turns: number): Message[] => [
      { role: 'system', content: 'Be brief' },
      ...Array.from({ length: turns }, (_, i): Message[] => [
        { role: 'user', content: `Question ${i}: what did the server say about its slots?` },
        { role: 'assistant', content: 'The server is ready.' },
      ]).flat(),
      { role: 'user', content: 'Hello' },
    ];

    it('leaves out the oldest messages, counted by the server, and says how many', async () => {
      const result = await clientOf(real.current.url).chat(long(20), [], { temperature: 0, maxTokens: 20 });
      assert.match(result.content, ANSWER);
      assert.ok(result.usage.promptTokens <= 492, `${result.usage.promptTokens} tokens`);
      const [step] = result.recovery;
      assert.equal(step?.action, 'truncate-context');
      assert.match(
        step.message,
        /^the request is [\d,]+ tokens long, and a slot holds 512\. Left out the oldest \d+ messages\.$/,
      );
    });

    it('does the same for a stream', async () => {
      clientOf(real.current.url);
      const { events, result } = await streamed(long(20), [], { temperature: 0, maxTokens: 20 });
      assert.match(result.content, ANSWER);
      assert.equal(result.recovery[0]?.action, 'truncate-context');
      assert.equal(events[0]?.type, 'recovery', 'before the first token');
    });

    it('keeps what the user asked, and says so where that alone is too long', async () => {
      const messages: Message[] = [...long(3), { role: 'user', content: 'word '.repeat(1000) }];
      const error = await fails(clientOf(real.current.url).chat(messages), 'context.overflow');
      assert.equal(error.details['nCtx'], 512);
      assert.deepEqual(steps, []);
    });

    it('leaves nothing out where --no-fallback was asked for', async () => {
      await fails(clientOf(real.current.url, { fallback: false }).chat(long(20)), 'context.overflow');
    });

    it('lets the overflow stand where the server does not count (no /apply-template)', async () => {
      await serve({
        [CHAT]: failed(400, 'too long', 'exceed_context_size_error', { n_prompt_tokens: 900, n_ctx: 512 }),
        '*': failed(404, 'File Not Found', 'not_found_error'),
      });
      await fails((client as LlamaCppClient).chat(long(3)), 'context.overflow');
    });
  });

  describe('whose stream breaks', () => {
    const real = shareServer({ args: ['-c', '512', '-np', '1'] });
    let proxy: FaultProxy;

    beforeEach(async () => {
      proxy = await FaultProxy.start(real.current.url);
    });

    afterEach(() => proxy.stop());

    it('asks without streaming where nothing was seen of it', async () => {
      // After the head.
      proxy.next({ kind: 'cut', afterBytes: 320, how: 'fin' });
      clientOf(proxy.url);
      const { events, result } = await streamed(hello, [], { temperature: 0 });
      assert.match(result.content, ANSWER);
      assert.equal(proxy.connections, 2);
      assert.equal(result.recovery[0]?.action, 'use-non-streaming');
      const content = events.flatMap((event) => (event.type === 'content' ? [event.text] : []));
      assert.deepEqual(content, [result.content], 'the whole answer as one event');
    });

    it('asks nothing again once a token was seen, whatever broke', async () => {
      for (const [fault, code, options] of [
        [{ kind: 'cut', afterBytes: 2000, how: 'fin' }, 'stream.truncated', {}],
        [{ kind: 'half-open', afterBytes: 2000 }, 'stream.idle-timeout', { idleTimeout: 300 }],
      ] as const) {
        const before = proxy.connections;
        proxy.next(fault);
        clientOf(proxy.url, options);
        const error = await fails(streamed(hello, [], { temperature: 0 }), code);
        assert.equal(error.details['visible'], true);
        assert.match((error.details['partial'] as ChatResult).content, /^ ?The/);
        assert.equal(proxy.connections - before, 1);
        await client?.destroy();
      }
      assert.deepEqual(steps, []);
    });

    it('counts thinking and a piece of a tool call as seen', async () => {
      for (const delta of [
        { reasoning_content: 'hmm' },
        { tool_calls: [{ index: 0, id: 'a', function: { name: 'get_weather', arguments: '{' } }] },
      ]) {
        await serve({ [CHAT]: eventStream([chunk(delta), 50, 'cut']) });
        await fails(streamed(hello, [weather]), 'stream.truncated');
        assert.equal(chats().length, 1);
        await client?.destroy();
        await server?.stop();
      }
    });

    it('tries a connection again that failed before any answer, still as a stream', async () => {
      proxy.next({ kind: 'reset' });
      clientOf(proxy.url);
      const { events, result } = await streamed(hello, [], { temperature: 0 });
      assert.deepEqual(
        result.recovery.map(({ action }) => action),
        ['retry'],
      );
      assert.ok(events.filter(({ type }) => type === 'content').length > 5);
    });

    it('asks a build without streamed tool calls for a whole one (recorded, 2025-05 and v0.6.0)', async () => {
      const refusal = recorded('2025-05', 'default', 'chat-tools-stream').response;
      const whole = recorded('v0.6.0', 'default', 'chat-tools-required').response;
      await serve({
        [CHAT]: byBody(({ stream }) =>
          stream
            ? { status: refusal?.status ?? 0, body: refusal?.body }
            : { body: JSON.parse(bodyText(whole?.body)) },
        ),
      });
      const { events, result } = await streamed(hello, [weather]);
      assert.deepEqual(result.toolCalls[0]?.arguments, { city: 'Paris' });
      assert.equal(result.recovery[0]?.action, 'use-non-streaming');
      const pieces = events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.arguments] : []));
      assert.deepEqual(JSON.parse(pieces.join('')), { city: 'Paris' });
    });
  });

  it('waits for a model that loads, in a stream as well', async () => {
    let asked = 0;
    await serve({
      [CHAT]: byBody(() =>
        asked++ < 3
          ? failed(503, 'Loading model', 'unavailable_error')
          : eventStream([chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]']),
      ),
    });
    const { events, result } = await streamed();
    assert.equal(result.content, 'Hello');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['recovery', 'content', 'finish'],
    );
    assert.equal(result.recovery[0]?.action, 'wait-for-loading');
  });

  it('ends while it waits, when it is interrupted', async () => {
    await serve({
      [CHAT]: { status: 429, headers: { 'retry-after': '9' }, body: { error: { message: 'slow down' } } },
    });
    const controller = new AbortController();
    (client as LlamaCppClient).on('recovery', () => setImmediate(() => controller.abort()));
    const error = await fails(
      (client as LlamaCppClient).chat(hello, [], { signal: controller.signal }),
      'interrupted',
    );
    assert.equal(error.type, 'INTERRUPTED');
    assert.equal(chats().length, 1);
  });

  it('gives each kind of recovery its turn in one chat', async () => {
    let asked = 0;
    await serve({
      [CHAT]: byBody(({ model, stream }) => {
        asked++;
        if (asked === 1) return failed(503, 'Loading model', 'unavailable_error');
        if (asked === 2) return { status: 429, body: { error: { message: 'slow down' } } };
        if (model !== 'alpha') return failed(400, `model '${model}' not found`);
        return stream ? eventStream([':', 50, 'cut']) : answered('Hello');
      }),
      'GET /v1/models': { body: { data: [{ id: 'alpha' }] } },
    });
    const { result } = await streamed(hello, [], { model: 'nope' });
    assert.equal(result.content, 'Hello');
    assert.deepEqual(
      result.recovery.map(({ action }) => action),
      ['wait-for-loading', 'retry', 'use-first-available-model', 'use-non-streaming'],
    );
  });

  it('sends the results of tools as text where the template knows none, and tells it once', async () => {
    await serve({
      [CHAT]: answered('It rains'),
      'GET /props': { body: { chat_template_caps: { supports_tool_calls: false } } },
    });
    const conversation: Message[] = [
      ...hello,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', function: { name: 'get_weather', arguments: '{}' } }],
      },
      { role: 'tool', content: 'rain', tool_call_id: 'a' },
    ];
    const result = await (client as LlamaCppClient).chat(conversation, [weather]);
    assert.equal(result.content, 'It rains');
    assert.deepEqual(chats()[0].messages.slice(1), [
      { role: 'assistant', content: 'Tool call: get_weather({})' },
      { role: 'user', content: 'Tool result: rain' },
    ]);
    assert.deepEqual(
      result.recovery.map(({ action }) => action),
      ['tool-results-as-user-messages'],
    );
  });
});
