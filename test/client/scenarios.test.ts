import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientOptions, Message, RecoveryStep, Tool } from '../../src/client/types.js';
import { cannedServer, chunk, eventStream, LLAMA_HEADERS } from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { freePort, shareServer, startServer, tinyModel } from '../support/real-server.js';

const ANSWER = /^ ?The server is ready \. It loads one small model/;
const hello: Message[] = [{ role: 'user', content: 'Hello' }];
const weather: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Oslo'] } },
      required: ['city'],
    },
  },
};
const open: LlamaCppClient[] = [];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function clientFor(
  baseUrl: string,
  options: ClientOptions = {},
): { client: LlamaCppClient; steps: RecoveryStep[] } {
  const client = new LlamaCppClient({ baseUrl, timeout: 10_000, ...options });
  const steps: RecoveryStep[] = [];
  client.on('recovery', (step) => steps.push(step));
  open.push(client);
  return { client, steps };
}

/** A stream read to its end: what came, and the error where it was cut. */
async function read(client: LlamaCppClient, messages = hello, options = {}) {
  let content = '';
  try {
    for await (const event of client.chatStream(messages, [], { temperature: 0, ...options })) {
      if (event.type === 'content') content += event.text;
      if (event.type === 'finish') return { content, result: event.result };
    }
  } catch (error) {
    return { content, error: error as { type: string; code: string; details: Record<string, unknown> } };
  }
  return { content };
}

// The fifteen scenarios of the specification (7.7), by their titles, on a real server.
describe('LlamaCppClient Advanced Tests', () => {
  const server = shareServer({ args: ['-c', '8192', '-np', '4', '--metrics', '--alias', 'tiny'] });
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await FaultProxy.start(server.current.url);
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.destroy()));
    await proxy.stop();
  });

  describe('Connection Management', () => {
    it('handles server restarts gracefully', async () => {
      const port = await freePort();
      const first = await startServer({ port, args: ['-c', '1024', '-np', '1'] });
      const { client, steps } = clientFor(first.url);
      const answer = await client.chat(hello, [], { temperature: 0 });
      assert.match(answer.content, ANSWER);
      await first.stop();
      // Somebody restarts it while the conversation goes on.
      const restarting = new Promise((resolve) => setTimeout(resolve, 300)).then(() =>
        startServer({ port, args: ['-c', '1024', '-np', '1'] }),
      );
      const patient = clientFor(first.url, { maxRetries: 10 });
      const again = await patient.client.chat(
        [...hello, { role: 'assistant', content: answer.content }, { role: 'user', content: 'Go on' }],
        [],
        { temperature: 0 },
      );
      assert.match(again.content, ANSWER);
      assert.ok([...steps, ...patient.steps].length > 0, 'the user is told');
      await (await restarting).stop();
    });

    it('recovers from network partitions', async () => {
      const { client, steps } = clientFor(proxy.url, { maxRetries: 10 });
      assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
      await proxy.refuse();
      setTimeout(() => void proxy.accept(), 400);
      assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
      assert.ok(
        steps.some(({ action, code }) => action === 'retry' && /^connection\./.test(code)),
        JSON.stringify(steps),
      );
    });

    it('handles concurrent request limits', async () => {
      const { client } = clientFor(server.current.url, { pool: { maxConnections: 3 } });
      const waits: number[] = [];
      client.on('waiting', ({ pending }) => waits.push(pending));
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => client.chat(hello, [], { temperature: 0 })),
      );
      for (const { content } of answers) assert.match(content, ANSWER);
      assert.ok(waits.length > 0, 'waiting for a connection is told');

      proxy.always = {
        kind: 'answer',
        status: 429,
        headers: { 'retry-after': '0', 'content-type': 'application/json' },
        body: '{"error":{"message":"slow down"}}',
      };
      const limited = clientFor(proxy.url, { maxRetries: 1 });
      await assert.rejects(limited.client.chat(hello), { type: 'SERVER_OVERLOADED', code: 'server.busy' });
      assert.equal(limited.steps.length, 1);
    });
  });

  describe('Model Management', () => {
    let folder: string;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-models-'));
      const tiny = await tinyModel();
      copyFileSync(tiny, join(folder, 'alpha.gguf'));
      copyFileSync(tiny, join(folder, 'beta.gguf'));
      writeFileSync(join(folder, 'broken.gguf'), 'GGUF, or so it says');
    });

    after(() => rmSync(folder, { recursive: true, force: true }));

    it('switches models dynamically', async () => {
      const router = await startServer({
        model: null,
        args: ['--models-dir', folder, '--models-max', '1', '-c', '512'],
      });
      const { client } = clientFor(router.url, { maxRetries: 5 });
      client.setModel('alpha');
      assert.equal((await client.chat(hello, [], { temperature: 0, maxTokens: 3 })).model, 'alpha');
      client.setModel('beta');
      assert.equal((await client.chat(hello, [], { temperature: 0, maxTokens: 3 })).model, 'beta');
      await router.stop();
    });

    it('handles model loading failures', async () => {
      const router = await startServer({
        model: null,
        args: ['--models-dir', folder, '--models-max', '2', '-c', '512'],
      });
      const { client } = clientFor(router.url);
      await assert.rejects(client.chat(hello, [], { model: 'broken' }), {
        type: 'MODEL_NOT_FOUND',
        code: 'model.load-failed',
      });
      // A name that the router does not have: the first that it has answers, and the user is told.
      const other = clientFor(router.url);
      const result = await other.client.chat(hello, [], { model: 'nowhere', temperature: 0, maxTokens: 3 });
      assert.match(result.model, /alpha|beta/);
      assert.equal(result.recovery[0]?.action, 'use-first-available-model');
      await assert.rejects(
        clientFor(router.url, { fallback: false }).client.chat(hello, [], { model: 'nowhere' }),
        { code: 'model.not-found' },
      );
      await router.stop();
    });

    it('detects context size changes', async () => {
      const port = await freePort();
      const first = await startServer({ port, args: ['-c', '1024', '-np', '2'] });
      const { client } = clientFor(first.url);
      await client.initialize();
      assert.equal(client.getContextSize(), 512, 'of a slot, not of the server');
      await first.stop();
      const second = await startServer({ port, args: ['-c', '2048', '-np', '1'] });
      assert.deepEqual(await client.refreshContextSize(), { tokens: 2048, source: 'slot' });
      assert.equal(client.getContextSize(), 2048);
      await second.stop();
    });
  });

  describe('Streaming Edge Cases', () => {
    it('handles malformed streaming responses', async () => {
      const route = eventStream([
        chunk({ content: 'one ' }),
        '{"broken',
        '[1,2]',
        chunk({ content: 'two' }),
        chunk({}, 'stop'),
        '[DONE]',
      ]);
      const canned = await cannedServer({ 'POST /v1/chat/completions': route }, LLAMA_HEADERS);
      const { client, steps } = clientFor(canned.url);
      assert.equal((await read(client)).content, 'one two');
      assert.deepEqual(steps, [], 'told in the stream, beside the text');
      await canned.stop();

      // The same on the wire: bytes of a real answer's body flipped.
      proxy.next({ kind: 'garble', atByte: 900, bytes: 40 });
      const garbled = await read(clientFor(proxy.url).client);
      assert.ok(
        garbled.result !== undefined || /stream\.|connection\./.test(garbled.error?.code ?? ''),
        JSON.stringify(garbled),
      );
    });

    it('recovers from streaming interruptions', async () => {
      // After the head and before the first token: asked again without streaming.
      proxy.next({ kind: 'cut', afterBytes: 320, how: 'fin' });
      const { client, steps } = clientFor(proxy.url);
      assert.match((await read(client)).content, ANSWER);
      assert.equal(steps[0]?.action, 'use-non-streaming');
      // After it: nothing is asked again, and what came is kept.
      proxy.next({ kind: 'cut', afterBytes: 3000, how: 'rst' });
      const cut = await read(clientFor(proxy.url).client);
      assert.equal(cut.error?.type, 'STREAMING_ERROR');
      assert.equal(cut.error?.code, 'stream.truncated');
      assert.ok(cut.content.length > 0);
      assert.equal((cut.error?.details['partial'] as { content: string } | undefined)?.content, cut.content);
      assert.equal(proxy.connections, 3, 'no fourth request');
    });

    it('handles large streaming responses', async function () {
      this.timeout(120_000);
      // A GiB of events, as a server sends that repeats its settings with each token; the text itself is 4 MB.
      const EVENTS = 1024 * 256;
      const padding = 'x'.repeat(3950);
      const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'sixteen letters. ' } }], padding })}\n\n`;
      const canned = await cannedServer({
        'POST /v1/chat/completions': async (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream', ...LLAMA_HEADERS });
          const batch = Buffer.from(event.repeat(64));
          for (let i = 0; i < EVENTS / 64; i++) {
            if (!response.write(batch)) await new Promise((resolve) => response.once('drain', resolve));
          }
          response.end(`data: ${chunk({}, 'stop')}\n\ndata: [DONE]\n\n`);
        },
      });
      const { client } = clientFor(canned.url);
      let peak = 0;
      let events = 0;
      const before = process.memoryUsage().rss;
      for await (const { type } of client.chatStream(hello)) {
        if (type === 'content' && ++events % 4096 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      }
      assert.equal(events, EVENTS);
      assert.ok(peak - before < 200 * 1024 * 1024, `${Math.round((peak - before) / 1024 / 1024)} MiB more`);
      await canned.stop();
    });
  });

  describe('Tool Calling Integration', () => {
    it('accumulates tool calls correctly', async () => {
      const { client } = clientFor(server.current.url);
      const options = { temperature: 0, toolChoice: 'required' } as const;
      const whole = await client.chat(hello, [weather], options);
      let pieces = '';
      for await (const event of client.chatStream(hello, [weather], options)) {
        if (event.type === 'tool-call-delta') pieces += event.arguments;
        if (event.type === 'finish') {
          assert.equal(event.result.finishReason, 'tool_calls');
          assert.equal(event.result.toolCalls[0]?.name, 'get_weather');
          assert.deepEqual(event.result.toolCalls[0]?.arguments, whole.toolCalls[0]?.arguments);
          assert.deepEqual(JSON.parse(pieces), event.result.toolCalls[0]?.arguments);
        }
      }
      // The result goes back, and the conversation goes on.
      const [call] = whole.toolCalls;
      const followUp = await client.chat(
        [
          ...hello,
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: call?.id ?? '', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
            ],
          },
          { role: 'tool', content: '12 °C', tool_call_id: call?.id ?? '' },
        ],
        [weather],
        { temperature: 0, toolChoice: 'none' },
      );
      assert.match(followUp.content, /server is ready/);
    });

    it('handles partial tool call responses', async () => {
      proxy.next({ kind: 'cut', afterBytes: 9000, how: 'fin' });
      const { client } = clientFor(proxy.url);
      const options = { temperature: 0, toolChoice: 'required' } as const;
      await assert.rejects(
        async () => {
          for await (const _ of client.chatStream(hello, [weather], options));
        },
        { type: 'STREAMING_ERROR', code: 'stream.truncated' },
      );
      // Cut at the token limit instead: the call is unusable, and says why.
      await assert.rejects(
        clientFor(server.current.url).client.chat(hello, [weather], { ...options, maxTokens: 80 }),
        { code: 'request.tool-call-parse', message: /get_weather .* cut at its token limit/ },
      );
    });

    it('validates tool call arguments', async () => {
      const call = (text: string) =>
        chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'get_weather', arguments: text } }] });
      const canned = await cannedServer(
        {
          'POST /v1/chat/completions': eventStream([
            call('{"city": Oslo}'),
            chunk({}, 'tool_calls'),
            '[DONE]',
          ]),
        },
        LLAMA_HEADERS,
      );
      const { client } = clientFor(canned.url);
      await assert.rejects(
        async () => {
          for await (const _ of client.chatStream(hello, [weather]));
        },
        (error: { code: string; message: string; evidence: string[] }) => {
          assert.equal(error.code, 'request.tool-call-parse');
          assert.match(error.message, /get_weather.*not JSON/);
          assert.match(error.evidence[0] ?? '', /\{"city": Oslo\}/);
          return true;
        },
      );
      await canned.stop();
    });
  });

  describe('Performance Tests', () => {
    it('maintains performance under load', async function () {
      this.timeout(120_000);
      // A thousand conversations at once through one client; each ends with the right text.
      const { client } = clientFor(server.current.url, {
        timeout: 100_000,
        pool: { maxConnections: 64, connectionTimeout: 100_000 },
      });
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          read(client, [{ role: 'user', content: `Hello number ${i}` }], { maxTokens: 10 }),
        ),
      );
      for (const { content, error } of answers)
        assert.match(content, /^ The server is ready \. It loads one small model$/, String(error));
    });

    it('memory usage remains stable', async function () {
      this.timeout(120_000);
      const { client } = clientFor(server.current.url, { pool: { maxConnections: 8 } });
      const burst = async (requests: number) => {
        let left = requests;
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            while (left-- > 0) await client.health();
          }),
        );
      };
      const heap = () => {
        collectGarbage();
        return process.memoryUsage().heapUsed;
      };
      await burst(2000);
      const before = heap();
      await burst(10_000);
      const grown = heap() - before;
      assert.ok(grown < 20 * 1024 * 1024, `${Math.round(grown / 1024)} KiB more after 10,000 requests`);
    });

    it('connection pooling works correctly', async () => {
      const { client } = clientFor(proxy.url, { pool: { maxConnections: 2 } });
      await Promise.all(Array.from({ length: 20 }, () => client.health()));
      assert.ok(proxy.connections <= 2, `${proxy.connections} connections for 20 plain requests`);
      // A connection that carried a stream is not used again (the server closes it without saying so).
      const before = proxy.connections;
      for (let i = 0; i < 3; i++) await read(client, hello, { maxTokens: 2 });
      await client.health();
      assert.ok(
        proxy.connections >= before + 2,
        `${proxy.connections - before} connections for three streams`,
      );

      const busy = clientFor(proxy.url, {
        pool: { maxConnections: 1, connectionTimeout: 300 },
        maxRetries: 0,
      });
      proxy.next({ kind: 'silence' });
      const stuck = busy.client.health().catch(() => {});
      await assert.rejects(busy.client.health(), (error: { type: string; message: string }) => {
        assert.equal(error.type, 'TIMEOUT_ERROR');
        assert.match(error.message, /all 1 connections were in use for 300 ms/);
        return true;
      });
      await busy.client.destroy();
      await stuck;
    });
  });
});
