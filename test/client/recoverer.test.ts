import assert from 'node:assert/strict';
import type { ChatResult, Message, Tool } from '../../src/client/types.js';
import { chunk, eventStream } from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { bodyText, recorded } from '../support/fixtures.js';
import { shareServer } from '../support/real-server.js';
import { answered, byBody, CHAT, chatLab, failed, hello } from './chat-lab.js';

const ANSWER = /^ ?The server is ready/;
const weather: Tool = { type: 'function', function: { name: 'get_weather' } };

describe('recovery of a chat', () => {
  const lab = chatLab();

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
      lab.connect(proxy.url);
      const { events, result } = await lab.streamed(hello, [], { temperature: 0 });
      assert.match(result.content, ANSWER);
      assert.equal(result.recovery[0]?.action, 'use-non-streaming');
      const content = events.flatMap((event) => (event.type === 'content' ? [event.text] : []));
      assert.deepEqual(content, [result.content], 'the whole answer as one event');
    });

    it('asks nothing again once a token was seen, whatever broke', async () => {
      for (const [fault, code, options] of [
        [{ kind: 'cut', afterBytes: 2000, how: 'fin' }, 'stream.truncated', {}],
        [{ kind: 'half-open', afterBytes: 2000 }, 'stream.idle-timeout', { idleTimeout: 300 }],
      ] as const) {
        proxy.next(fault);
        lab.connect(proxy.url, options);
        const error = await lab.fails(lab.streamed(hello, [], { temperature: 0 }), code);
        assert.equal(error.details['visible'], true);
        assert.match((error.details['partial'] as ChatResult).content, /^ ?The/);
      }
      assert.deepEqual(lab.steps, []);
    });

    it('counts thinking and a piece of a tool call as seen', async () => {
      for (const delta of [
        { reasoning_content: 'hmm' },
        { tool_calls: [{ index: 0, id: 'a', function: { name: 'get_weather', arguments: '{' } }] },
      ]) {
        await lab.serve({ [CHAT]: eventStream([chunk(delta), 50, 'cut']) });
        await lab.fails(lab.streamed(hello, [weather]), 'stream.truncated');
        assert.equal(lab.chats().length, 1);
      }
    });

    it('tries a connection again that failed before any answer, still as a stream', async () => {
      proxy.next({ kind: 'reset' });
      lab.connect(proxy.url);
      const { events, result } = await lab.streamed(hello, [], { temperature: 0 });
      assert.deepEqual(
        result.recovery.map(({ action }) => action),
        ['retry'],
      );
      assert.ok(events.filter(({ type }) => type === 'content').length > 5);
    });

    it('asks a build without streamed tool calls for a whole one (recorded, 2025-05 and v0.6.0)', async () => {
      const refusal = recorded('2025-05', 'default', 'chat-tools-stream').response;
      const whole = recorded('v0.6.0', 'default', 'chat-tools-required').response;
      await lab.serve({
        [CHAT]: byBody(({ stream }) =>
          stream
            ? { status: refusal?.status ?? 0, body: refusal?.body }
            : { body: JSON.parse(bodyText(whole?.body)) },
        ),
      });
      const { events, result } = await lab.streamed(hello, [weather]);
      assert.deepEqual(result.toolCalls[0]?.arguments, { city: 'Paris' });
      assert.equal(result.recovery[0]?.action, 'use-non-streaming');
      const pieces = events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.arguments] : []));
      assert.deepEqual(JSON.parse(pieces.join('')), { city: 'Paris' });
    });
  });

  it('waits for a model that loads, in a stream as well', async () => {
    let asked = 0;
    await lab.serve({
      [CHAT]: byBody(() =>
        asked++ < 3
          ? failed(503, 'Loading model', 'unavailable_error')
          : eventStream([chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]']),
      ),
    });
    const { events, result } = await lab.streamed();
    assert.equal(result.content, 'Hello');
    assert.deepEqual(
      events.map(({ type }) => type),
      ['recovery', 'content', 'finish'],
    );
    assert.equal(result.recovery[0]?.action, 'wait-for-loading');
  });

  it('ends while it waits, when it is interrupted', async () => {
    await lab.serve({
      [CHAT]: { status: 429, headers: { 'retry-after': '9' }, body: { error: { message: 'slow down' } } },
    });
    const controller = new AbortController();
    lab.client.on('recovery', () => setImmediate(() => controller.abort()));
    const error = await lab.fails(lab.client.chat(hello, [], { signal: controller.signal }), 'interrupted');
    assert.equal(error.type, 'INTERRUPTED');
    assert.equal(lab.chats().length, 1);
  });

  it('gives each kind of recovery its turn in one chat', async () => {
    let asked = 0;
    await lab.serve({
      [CHAT]: byBody(({ model, stream }) => {
        asked++;
        if (asked === 1) return failed(503, 'Loading model', 'unavailable_error');
        if (asked === 2) return { status: 429, body: { error: { message: 'slow down' } } };
        if (model !== 'alpha') return failed(400, `model '${model}' not found`);
        return stream ? eventStream([':', 50, 'cut']) : answered('Hello');
      }),
      'GET /v1/models': { body: { data: [{ id: 'alpha' }] } },
    });
    const { result } = await lab.streamed(hello, [], { model: 'nope' });
    assert.equal(result.content, 'Hello');
    assert.deepEqual(
      result.recovery.map(({ action }) => action),
      ['wait-for-loading', 'retry', 'use-first-available-model', 'use-non-streaming'],
    );
  });

  it('sends the results of tools as text where the template knows none, and tells it once', async () => {
    await lab.serve({
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
    const result = await lab.client.chat(conversation, [weather]);
    assert.equal(result.content, 'It rains');
    assert.deepEqual(lab.chats()[0].messages.slice(1), [
      { role: 'assistant', content: 'Tool call: get_weather({})' },
      { role: 'user', content: 'Tool result: rain' },
    ]);
    assert.deepEqual(
      result.recovery.map(({ action }) => action),
      ['tool-results-as-user-messages'],
    );
  });
});
