import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ChatEvent, ChatOptions, ClientOptions, Message } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import {
  type CannedServer,
  cannedServer,
  chunk,
  eventStream,
  LLAMA_HEADERS,
  type Route,
} from '../support/canned-server.js';

const hello: Message[] = [{ role: 'user', content: 'Hello' }];

interface Read {
  readonly events: readonly ChatEvent[];
  readonly text: string;
  readonly error: LlamactlError | undefined;
}

describe('a streamed chat', () => {
  let server: CannedServer;
  let client: LlamaCppClient;

  afterEach(async () => {
    await client.destroy();
    await server.stop();
  });

  /** A client of a server that streams this; nothing is asked again unless the test says so. */
  const serve = async (route: Route, options: ClientOptions = {}) => {
    server = await cannedServer({ 'POST /v1/chat/completions': route }, LLAMA_HEADERS);
    client = new LlamaCppClient({ baseUrl: server.url, maxRetries: 0, fallback: false, ...options });
  };

  const read = async (options: ChatOptions = {}): Promise<Read> => {
    const events: ChatEvent[] = [];
    let error: LlamactlError | undefined;
    try {
      for await (const event of client.chatStream(hello, [], options)) events.push(event);
    } catch (thrown) {
      assert.ok(thrown instanceof LlamactlError, String(thrown));
      error = thrown;
    }
    const text = events.flatMap((event) => (event.type === 'content' ? [event.text] : [])).join('');
    return { events, text, error };
  };

  const fails = async (type: string, code: string, options: ChatOptions = {}) => {
    const result = await read(options);
    assert.deepEqual([result.error?.type, result.error?.code], [type, code], result.error?.message);
    return { ...result, error: result.error as LlamactlError };
  };

  /** Streams these, then writes one of `comments` after the other until the client leaves. */
  const thenOnly = (parts: readonly string[], comments: readonly string[]): Route => {
    return async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of parts) response.write(`data: ${part}\n\n`);
      for (let i = 0; !response.destroyed; i++) {
        response.write(comments[i % comments.length] ?? '');
        await sleep(20);
      }
    };
  };

  describe('deadlines', () => {
    for (const [name, comments] of [
      ["llama-server's bare colons", [':\n\n']],
      ['several at once', [':\n\n:\n\n:\n\n']],
      ['ones with a text', [': OPENROUTER PROCESSING\n\n', ': ping - 2026-11-24 12:00:00\r\n\r\n']],
      ['ones in pieces', [': keep', '-alive', '\n', '\n']],
    ] as const) {
      it(`gives an answer up that stopped, whatever keeps the connection alive: ${name}`, async () => {
        await serve(thenOnly([chunk({ content: 'Hel' }), chunk({ content: 'lo' })], comments), {
          idleTimeout: 200,
        });
        const { error, text } = await fails('STREAMING_ERROR', 'stream.idle-timeout');
        assert.match(error.message, /nothing came in 200 ms/);
        assert.equal(text, 'Hello', 'what came is kept');
        assert.equal((error.details['partial'] as { content: string }).content, 'Hello');
        assert.equal(error.details['visible'], true);
        assert.equal(server.requests.length, 1);
      });
    }

    it('takes neither comments nor the role for a first token', async () => {
      await serve(thenOnly([chunk({ role: 'assistant', content: null })], [':\n\n']), { timeout: 200 });
      const { error } = await fails('TIMEOUT_ERROR', 'connection.timeout');
      assert.match(error.message, /^no first token from .* in 200 ms$/);
      assert.equal(error.details['visible'], false);
    });

    it('is patient with a long prompt that is seen to move', async () => {
      const progress = (processed: number) =>
        JSON.stringify({ choices: [], prompt_progress: { total: 10, processed, cache: 0, time_ms: 1 } });
      const parts = Array.from({ length: 10 }, (_, i) => [progress(i + 1), 250] as const).flat();
      await serve(eventStream([...parts, chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]']), {
        timeout: 1500,
      });
      const { events, error, text } = await read();
      assert.equal(error, undefined);
      assert.equal(text, 'Hello', 'after 2.5 s, with a deadline of 1.5 s');
      assert.deepEqual(events.filter(({ type }) => type === 'prompt-progress').at(-1), {
        type: 'prompt-progress',
        processed: 10,
        total: 10,
      });
    });

    it('holds the idle deadline against silence alone, not against the whole', async () => {
      const parts = Array.from({ length: 10 }, () => [chunk({ content: 'x' }), 250] as const).flat();
      await serve(eventStream([...parts, chunk({}, 'stop'), '[DONE]']), { timeout: 1500 });
      assert.equal((await read()).text, 'x'.repeat(10));
    });

    it('does not blame the server while its reader holds it up', async () => {
      const many = Array.from({ length: 3000 }, () => chunk({ content: 'x' }));
      await serve(eventStream([...many, chunk({}, 'stop'), '[DONE]']), { idleTimeout: 1000 });
      let count = 0;
      for await (const { type } of client.chatStream(hello)) {
        if (type === 'content' && ++count === 1) await sleep(2500);
      }
      assert.equal(count, 3000);
    });

    it('takes the deadline of one request before the client’s', async () => {
      await serve(thenOnly([], [':\n\n']));
      const { error } = await fails('TIMEOUT_ERROR', 'connection.timeout', { timeout: 150 });
      assert.equal(error.details['timeoutMs'], 150);
    });
  });

  describe('the end', () => {
    it('is a finish reason, with or without [DONE]', async () => {
      for (const end of [['[DONE]'], []]) {
        await serve(eventStream([chunk({ content: 'Hello' }), chunk({}, 'stop'), ...end]));
        const { events, error } = await read();
        assert.equal(error, undefined);
        const last = events.at(-1);
        assert.equal(last?.type === 'finish' && last.result.content, 'Hello');
        await client.destroy();
        await server.stop();
      }
      await serve({});
    });

    it('is none without a finish reason, however politely it is said', async () => {
      for (const end of [['[DONE]'], [], [50, 'cut' as const]]) {
        await serve(eventStream([chunk({ content: 'Hello' }), ...end]));
        const { error, text } = await fails('STREAMING_ERROR', 'stream.truncated');
        assert.equal(text, 'Hello');
        assert.match(error.message, /cut/);
        await client.destroy();
        await server.stop();
      }
      await serve({});
    });

    it('does not wait for a server that keeps the connection open, and closes it', async () => {
      let closed: Promise<unknown> = Promise.resolve();
      await serve(async (_request, response) => {
        closed = once(response, 'close');
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(
          `data: ${chunk({ content: 'Hello' })}\n\ndata: ${chunk({}, 'stop')}\n\ndata: [DONE]\n\n`,
        );
      });
      assert.equal((await read()).text, 'Hello');
      await closed;
    });

    it('keeps a whole answer whose connection is reset after its finish reason', async () => {
      await serve(eventStream([chunk({ content: 'Hello' }), chunk({}, 'stop'), 50, 'cut']));
      assert.equal((await read()).error, undefined);
    });
  });

  describe('leaving', () => {
    /** Streams for ever; `gone` once the client has left. */
    const endless = () => {
      let left: () => void = () => {};
      const gone = new Promise<void>((resolve) => {
        left = resolve;
      });
      const route = async (_request: IncomingMessage, response: ServerResponse) => {
        response.on('close', left);
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        while (!response.destroyed) {
          response.write(`data: ${chunk({ content: 'x' })}\n\n`);
          await sleep(5);
        }
      };
      return { route, gone };
    };

    it('ends the request as soon as the loop is left', async () => {
      const { route, gone } = endless();
      await serve(route);
      for await (const { type } of client.chatStream(hello)) if (type === 'content') break;
      await gone;
    });

    it('ends it when a signal aborts, and says that it was interrupted', async () => {
      const { route, gone } = endless();
      await serve(route);
      const controller = new AbortController();
      await assert.rejects(
        async () => {
          for await (const { type } of client.chatStream(hello, [], { signal: controller.signal }))
            if (type === 'content') controller.abort(new Error('Ctrl-C'));
        },
        { type: 'INTERRUPTED', code: 'interrupted' },
      );
      await gone;
    });

    it('sends nothing where the signal has aborted before, or nobody reads', async () => {
      const { route } = endless();
      await serve(route);
      client.chatStream(hello);
      await assert.rejects(client.chatStream(hello, [], { signal: AbortSignal.abort() }).next(), {
        type: 'INTERRUPTED',
      });
      const unread = client.chatStream(hello);
      await unread.return?.();
      assert.deepEqual(await unread.next(), { done: true, value: undefined });
      assert.equal(server.requests.length, 0);
    });
  });

  describe('errors inside', () => {
    const overflow =
      '{"error":{"code":400,"message":"request (8021 tokens) exceeds the available context size (512 tokens)","type":"exceed_context_size_error","n_prompt_tokens":8021,"n_ctx":512}}';

    it('are what the server says, before a token and after one', async () => {
      for (const before of [[], [chunk({ content: 'Hello' })]]) {
        await serve(eventStream([...before, overflow]));
        const { error } = await fails('CONTEXT_OVERFLOW', 'context.overflow');
        assert.equal(error.details['nCtx'], 512);
        assert.equal(error.details['visible'], before.length > 0);
        await client.destroy();
        await server.stop();
      }
      await serve({});
    });

    for (const [name, frame] of [
      [
        'an event of its own',
        `event: error\ndata: {"code":500,"message":"Compute error.","type":"server_error"}\n\n`,
      ],
      [
        'the field of builds before 2025-10',
        `error: {"code":500,"message":"Compute error.","type":"server_error"}\n\n`,
      ],
      [
        'an object in the data',
        `data: {"error":{"code":500,"message":"Compute error.","type":"server_error"}}\n\n`,
      ],
    ] as const) {
      it(`are read as ${name}`, async () => {
        await serve((_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.end(frame);
        });
        const { error } = await fails('CONNECTION_ERROR', 'server.crashed');
        assert.equal(error.message, 'the server failed: Compute error.');
      });
    }

    it('are those of the answer where it is no stream', async () => {
      await serve({
        status: 401,
        body: { error: { code: 401, message: 'Invalid API Key', type: 'authentication_error' } },
      });
      await fails('AUTHENTICATION_ERROR', 'auth.missing-key');
    });

    it('are told where something else answers 200', async () => {
      await serve({
        headers: { 'content-type': 'text/html', server: 'nginx' },
        body: '<html><title>Hello</title>',
      });
      const { error } = await fails('CONNECTION_ERROR', 'connection.wrong-server');
      assert.match(error.message, /nginx/);
    });
  });

  describe('events that do not parse', () => {
    const told = ({ events }: Read) =>
      events.flatMap((event) => (event.type === 'recovery' ? [event.step] : []));

    it('are left out, each told, up to five', async () => {
      const broken = ['{"cut', '[1]', '"text"', '{"choices":1}', 'null'];
      await serve(
        eventStream([
          chunk({ content: 'Hel' }),
          ...broken,
          chunk({ content: 'lo' }),
          chunk({}, 'stop'),
          '[DONE]',
        ]),
      );
      const result = await read();
      assert.equal(result.error, undefined);
      assert.equal(result.text, 'Hello');
      assert.deepEqual(
        told(result).map(({ action, attempt }) => [action, attempt]),
        [1, 2, 3, 4, 5].map((attempt) => ['skip-malformed-event', attempt]),
      );
    });

    it('end the stream at the sixth, with the event as the proof', async () => {
      await serve(eventStream([chunk({ content: 'Hello' }), ...Array.from({ length: 6 }, () => '{"cut')]));
      const { error, text } = await fails('STREAMING_ERROR', 'stream.malformed');
      assert.equal(text, 'Hello');
      assert.match(error.evidence[0] ?? '', /\{\\"cut/);
    });
  });
});
