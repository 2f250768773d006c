import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChatResult, Message, Tool } from '../../src/client/types.js';
import { shareServer, startServer, type TestServer } from '../support/real-server.js';
import { ANSWER, framesOf, type Heard, hear, hello, useClients, useFolder } from './support.js';

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

function resultOf({ events, error }: Heard): ChatResult {
  const last = events.at(-1);
  if (last?.type !== 'finish') throw error ?? new Error('the stream has no end');
  return last.result;
}

describe('streams of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '8192', '-np', '2', '--alias', 'tiny'] });
  const connect = useClients();
  /** The stream as text: `client.request` reads any answer to its end. */
  const raw = async (path: string, body: object) => {
    const { client } = connect(server.current.url);
    const asked = { temperature: 0, ...body, stream: true };
    const answer = await client.request({ method: 'POST', path, body: asked });
    assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
    return answer.body;
  };
  const chat = (body: object = {}) =>
    raw('/v1/chat/completions', { messages: hello, max_tokens: 8, ...body });

  describe('on the wire', () => {
    it('frames are "data: {json}" and an empty line, the last "data: [DONE]"', async () => {
      const text = await chat();
      assert.match(text, /^(data: \{[^\n]*\}\n\n)+data: \[DONE\]\n\n$/);
    });

    it('the first chunk gives the role, with null for content', async () => {
      const [first] = framesOf(await chat());
      assert.deepEqual(first.choices[0].delta, { role: 'assistant', content: null });
    });

    it('/completion streams objects of its own and ends with stop: true, without [DONE]', async () => {
      const text = await raw('/completion', { prompt: 'Hello', n_predict: 4 });
      assert.doesNotMatch(text, /\[DONE\]/);
      const frames = framesOf(text);
      assert.deepEqual(
        frames.map(({ stop }) => stop),
        [false, false, false, false, true].slice(-frames.length),
      );
      assert.equal(frames.map(({ content }) => content).join(''), ' The server is ready');
    });

    it('usage comes only where it was asked for, in a last chunk without choices', async () => {
      assert.doesNotMatch(await chat(), /"usage"/);
      const frames = framesOf(await chat({ stream_options: { include_usage: true } }));
      const last = frames.at(-2);
      assert.deepEqual([frames.at(-1), last.choices, last.usage.completion_tokens], ['[DONE]', [], 8]);
      assert.equal(frames.filter(({ usage }) => usage).length, 1);
    });

    it('timings come in the final chunk, and with timings_per_token in each that brings a token', async () => {
      const chunks = framesOf(await chat()).filter((frame) => frame !== '[DONE]');
      assert.deepEqual(
        chunks.map(({ timings }) => timings !== undefined),
        chunks.map((_, index) => index === chunks.length - 1),
      );
      for (const name of ['cache_n', 'prompt_n', 'prompt_ms', 'predicted_n', 'predicted_ms'])
        assert.equal(typeof chunks.at(-1).timings[name], 'number', name);
      const timed = framesOf(await chat({ timings_per_token: true }));
      const tokens = timed.filter((frame) => frame.choices?.[0]?.delta.content);
      assert.ok(tokens.length >= 7 && tokens.every(({ timings }) => timings.predicted_n > 0));
    });

    it('return_progress adds the prompt’s progress, up to its total', async () => {
      const frames = framesOf(await chat({ return_progress: true }));
      const progress = frames.flatMap(({ prompt_progress: told }) => (told ? [told] : []));
      assert.ok(progress.length > 0);
      const { processed, total } = progress.at(-1);
      assert.equal(processed, total);
      assert.deepEqual(
        framesOf(await chat()).filter(({ prompt_progress: told }) => told),
        [],
      );
    });

    it('a tool call comes a token a chunk; its id, type and name only in the first', async () => {
      const text = await chat({ tools: [weather], tool_choice: 'required', max_tokens: 400 });
      const deltas = framesOf(text).flatMap((frame) => frame.choices?.[0]?.delta.tool_calls ?? []);
      const [first, ...rest] = deltas;
      assert.deepEqual([first.index, first.type, first.function.name], [0, 'function', 'get_weather']);
      assert.ok(first.id.length > 0);
      assert.ok(rest.length > 2, `${rest.length} further pieces`);
      for (const delta of rest)
        assert.deepEqual(
          [Object.keys(delta).sort(), Object.keys(delta.function)],
          [['function', 'index'], ['arguments']],
        );
      const pieces = deltas.map(({ function: piece }) => piece.arguments ?? '');
      assert.match(JSON.parse(pieces.join('')).city, /^(Paris|Oslo)$/);
      assert.ok(Math.max(...pieces.map(({ length }) => length)) <= 20, 'short pieces');
    });
  });

  describe('through the client', () => {
    it('text comes piece by piece and adds up to the whole answer', async () => {
      const { client } = connect(server.current.url);
      const streamed = await hear(client);
      const whole = await client.chat(hello, [], { temperature: 0 });
      assert.match(streamed.content, ANSWER);
      assert.equal(streamed.content, whole.content);
      assert.equal(resultOf(streamed).content, whole.content);
      assert.ok(streamed.events.filter(({ type }) => type === 'content').length > 10);
    });

    it('why it ended: its own end, or the token limit', async () => {
      const { client } = connect(server.current.url);
      assert.equal(resultOf(await hear(client)).finishReason, 'stop');
      assert.equal(resultOf(await hear(client, hello, { maxTokens: 3 })).finishReason, 'length');
    });

    it('usage and timings, the same numbers as without a stream', async () => {
      const { client } = connect(server.current.url);
      const options = { temperature: 0, maxTokens: 8 };
      const messages: Message[] = [{ role: 'user', content: 'Count the tokens of this' }];
      const whole = await client.chat(messages, [], options);
      const { usage, timings } = resultOf(await hear(client, messages, options));
      assert.deepEqual(
        [usage.promptTokens, usage.completionTokens],
        [whole.usage.promptTokens, whole.usage.completionTokens],
      );
      assert.equal(usage.completionTokens, 8);
      assert.equal(timings?.generatedTokens, 8);
      assert.ok((timings?.generatedPerSecond ?? 0) > 0);
    });

    it('what the prompt cache saved is told', async () => {
      const { client } = connect(server.current.url);
      const messages: Message[] = [{ role: 'user', content: 'The very same prompt, asked twice' }];
      await hear(client, messages);
      const { usage, timings } = resultOf(await hear(client, messages));
      assert.ok(usage.cachedTokens > 0 && usage.cachedTokens < usage.promptTokens, JSON.stringify(usage));
      assert.equal(timings?.cachedTokens, usage.cachedTokens);
    });

    it('a long prompt’s progress is told before the first token', async () => {
      const long: Message[] = [{ role: 'user', content: 'The server is ready . '.repeat(600) }];
      const { events, error } = await hear(connect(server.current.url).client, long, { maxTokens: 2 });
      assert.equal(error, null);
      const kinds = events.map(({ type }) => type).filter((type) => type !== 'finish');
      assert.deepEqual([...new Set(kinds)], ['prompt-progress', 'content']);
      const progress = events.flatMap((event) => (event.type === 'prompt-progress' ? [event] : []));
      assert.ok(progress.length >= 2, `${progress.length} times`);
      assert.ok(progress.every(({ processed, total }) => processed <= total && total > 3000));
    });

    it('a tool call is put together and its arguments are parsed', async () => {
      const { client } = connect(server.current.url);
      const heard = await hear(client, hello, { tools: [weather], toolChoice: 'required' });
      const { toolCalls, finishReason } = resultOf(heard);
      assert.deepEqual([toolCalls.length, finishReason], [1, 'tool_calls']);
      assert.equal(toolCalls[0]?.name, 'get_weather');
      assert.match(JSON.stringify(toolCalls[0]?.arguments), /^\{"city":"(Paris|Oslo)"\}$/);
    });
  });
});

describe('a reasoning model of a real llama-server', () => {
  const connect = useClients();
  const folder = useFolder();
  let server: TestServer;

  before(async () => {
    // A template that knows of thinking, and a grammar that makes the tiny model think.
    const template = join(folder.path, 'thinking.jinja');
    writeFileSync(template, THINKING_TEMPLATE);
    const grammar = 'root ::= "<think>\\n" "let me see" "\\n</think>\\n\\n" "done"';
    server = await startServer({
      args: ['-c', '512', '--chat-template-file', template, '--grammar', grammar],
    });
  });

  after(() => server.stop());

  it('its thinking streams apart from the answer', async () => {
    const heard = await hear(connect(server.url).client);
    const thought = heard.events.map((event) => (event.type === 'reasoning' ? event.text : '')).join('');
    assert.deepEqual([thought.trim(), heard.content], ['let me see', 'done']);
    const { reasoning, content } = resultOf(heard);
    assert.deepEqual([reasoning.trim(), content], ['let me see', 'done']);
  });

  it('the same without a stream', async () => {
    const { reasoning, content } = await connect(server.url).client.chat(hello, [], { temperature: 0 });
    assert.deepEqual([reasoning.trim(), content], ['let me see', 'done']);
  });
});

const THINKING_TEMPLATE = [
  "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' }}",
  '{%- if message.reasoning_content %}',
  "{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}",
  "{{- message.content + '<|im_end|>\\n' }}{%- endfor %}",
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}",
  '{%- if enable_thinking is defined and enable_thinking is false %}',
  "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}",
].join('');
