import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ChatEvent } from '../../src/client/types.js';
import { type CannedServer, cannedServer } from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { bodyText, recorded } from '../support/fixtures.js';

const PATH = '/v1/chat/completions';

/** Every kind of thing that a stream holds, in few bytes: characters of 2 to 4 bytes, all line ends, comments, a tool call. */
const SHORT = Buffer.from(
  [
    ':\n\n',
    'data: {"choices":[{"delta":{"role":"assistant","content":null}}],"model":"é"}\r\n\r\n',
    'data: {"choices":[{"delta":{"reasoning_content":"hmm 🦙"}}]}\n\n',
    ': ping\r\n\r\n',
    'data: {"choices":[{"delta":{"content":"Grüße, 世界 🦙"}}]}\n\n',
    'data: {"choices":\r\ndata: [{"delta":{"content":"!"}}]}\r\n\r\n',
    'data: {"cut\n\n',
    'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\\"c\\":"}}]}}]}\r\r',
    'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\\"Zürich\\"}"}}]}}]}\n\n',
    'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\n',
    'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7},"timings":{"predicted_n":7}}\n\n',
    'data: [DONE]\n\n',
  ].join(''),
);

/** What a client's reader sees of a chat. */
async function read(client: LlamaCppClient): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of client.chatStream([{ role: 'user', content: 'Hello' }])) events.push(event);
  return events;
}

/** A dispatcher of the caller's that hands a response's body over in exactly these pieces, which no socket promises to. */
function handingOver(pieces: readonly Uint8Array[]) {
  type Handler = Required<
    Pick<
      import('undici').Dispatcher.DispatchHandler,
      'onRequestStart' | 'onResponseStart' | 'onResponseData' | 'onResponseEnd'
    >
  >;
  return {
    dispatch(_request: unknown, handler: Handler) {
      const controller = {
        abort() {},
        pause() {},
        resume() {},
        paused: false,
        aborted: false,
        reason: null,
      };
      handler.onRequestStart(controller, {});
      handler.onResponseStart(controller, 200, { 'content-type': 'text/event-stream' }, 'OK');
      for (const piece of pieces) handler.onResponseData(controller, Buffer.from(piece));
      handler.onResponseEnd(controller, {});
      return true;
    },
    close: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}

const readPieces = (pieces: readonly Uint8Array[]) =>
  read(new LlamaCppClient({ dispatcher: handingOver(pieces), maxRetries: 0 }));

function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

describe('chatStream of a stream that is split', () => {
  let whole: ChatEvent[];

  before(async () => {
    whole = await readPieces([SHORT]);
  });

  it('reads the whole stream as what it says', () => {
    const last = whole.at(-1);
    assert.ok(last?.type === 'finish');
    const { content, reasoning, toolCalls, finishReason, model, usage } = last.result;
    assert.equal(content, 'Grüße, 世界 🦙!');
    assert.equal(reasoning, 'hmm 🦙');
    assert.deepEqual(toolCalls, [{ id: 'a', name: 'f', arguments: { c: 'Zürich' } }]);
    assert.equal(finishReason, 'tool_calls');
    assert.equal(model, 'é');
    assert.deepEqual(usage, { promptTokens: 5, completionTokens: 7, cachedTokens: 0 });
    assert.equal(whole.filter(({ type }) => type === 'recovery').length, 1, 'one event is malformed');
  });

  it('gives the same at each of its boundaries', async () => {
    for (let cut = 1; cut < SHORT.length; cut++)
      assert.deepEqual(
        await readPieces([SHORT.subarray(0, cut), SHORT.subarray(cut)]),
        whole,
        `cut at ${cut}`,
      );
  });

  it('gives the same byte by byte', async () => {
    assert.deepEqual(await readPieces(Array.from(SHORT, (_, i) => SHORT.subarray(i, i + 1))), whole);
  });

  it('gives the same wherever it is cut, and however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (cuts) => {
        assert.deepEqual(await readPieces(splitAt(SHORT, cuts)), whole);
      }),
      { numRuns: 300 },
    );
  });

  for (const [build, label] of [
    ['2025-05', 'chat-stream'],
    ['v0.6.0', 'chat-stream-timings'],
    ['v0.6.0', 'chat-tools-stream'],
  ] as const) {
    it(`gives the same of a real server's answer: ${build}, ${label}`, async () => {
      const bytes = Buffer.from(bodyText(recorded(build, 'default', label).response?.body));
      const expected = await readPieces([bytes]);
      assert.equal(expected.at(-1)?.type, 'finish');
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(), { maxLength: 60 }), async (cuts) => {
          assert.deepEqual(await readPieces(splitAt(bytes, cuts)), expected);
        }),
        { numRuns: 40 },
      );
    });
  }
});

describe('chatStream of a stream that comes in small packets', () => {
  let server: CannedServer;
  let proxy: FaultProxy;

  before(async () => {
    server = await cannedServer({
      [`POST ${PATH}`]: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(SHORT);
      },
    });
    proxy = await FaultProxy.start(server.url);
  });

  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  for (const size of [1, 2, 3, 7, 64]) {
    it(`of ${size} bytes: the same, head and chunk sizes split as well`, async () => {
      const client = new LlamaCppClient({ baseUrl: proxy.url, maxRetries: 0 });
      proxy.always = { kind: 'pass' };
      const whole = await read(client);
      proxy.always = { kind: 'split', size };
      assert.deepEqual(await read(client), whole);
      await client.destroy();
    });
  }
});
