import assert from 'node:assert/strict';
import * as z from 'zod';
import { showSchema } from '../../src/client/providers/ollama.js';
import { parseToolCalls } from '../../src/client/tool-calls.js';
import { chatCompletionSchema } from '../../src/wire/chat.js';
import { embeddingSchema, embeddingVectors } from '../../src/wire/embedding.js';
import { fails, notSpoken, type Outcome, type Row, reads, streams } from './expectation.js';

const noRoute = fails('CONNECTION_ERROR', 'connection.wrong-server');
const noModel = fails('MODEL_NOT_FOUND', 'model.not-found', { model: 'llamactl-no-such-model' });
const badParameter = fails('INVALID_REQUEST', 'request.invalid-parameter');
const CALL = { name: 'get_weather', arguments: { city: 'Oslo' } };

/** A whole chat: its text, how it ended, the model as it was asked for, the prompt's tokens. */
function says(content: string, expected: { finish?: string; model?: string; prompt?: number } = {}): Outcome {
  return reads(chatCompletionSchema, ({ choices: [choice], model, usage, timings }) => {
    assert.equal(choice?.message.content, content);
    assert.equal(choice?.finish_reason, expected.finish ?? 'length');
    assert.equal(model, expected.model ?? 'tiny');
    if (expected.prompt !== undefined) assert.equal(usage?.prompt_tokens, expected.prompt);
    assert.equal(timings, undefined);
  });
}

const answered = { answers: (body: string) => assert.match(body, /"The|" The|content/) } satisfies Outcome;
const running = (models: Readonly<Record<string, number>>): Outcome =>
  reads(
    z.object({ models: z.array(z.object({ name: z.string(), context_length: z.number().optional() })) }),
    (answer, build) =>
      assert.deepEqual(
        Object.fromEntries(answer.models.map(({ name, context_length: size }) => [name, size])),
        // v0.6.5 does not tell.
        Object.fromEntries(
          Object.entries(models).map(([name, size]) => [name, build === 'ollama-v0.6.5' ? undefined : size]),
        ),
      ),
  );
const shows = (capabilities: readonly string[], numCtx: number): Outcome =>
  reads(showSchema, (shown) => {
    assert.deepEqual(shown.capabilities, capabilities);
    assert.match(shown.parameters ?? '', new RegExp(`^num_ctx +${numCtx}$`, 'm'));
    assert.equal(shown.model_info?.['llama.context_length'], 8192);
  });

/** What each exchange with an Ollama must turn out to be. */
export const EXPECTED_OF_OLLAMA: Readonly<Record<string, Row>> = {
  root: { answers: (body) => assert.equal(body, 'Ollama is running') },
  version: notSpoken,
  health: noRoute,
  props: noRoute,
  slots: noRoute,
  metrics: noRoute,
  tags: notSpoken,
  'ps-none': running({}),
  models: notSpoken,
  show: shows(['completion'], 512),
  'show-tools': shows(['completion', 'tools'], 1024),
  'show-unknown': noModel,
  chat: says(' The server is ready . It loads one', { prompt: 6 }),
  ps: running({ 'tiny:latest': 512 }),
  'chat-stream': streams(({ content, usage, finishReason, model }) => {
    assert.match(content, /^ The server is ready \. It loads one small model/);
    assert.deepEqual([usage.promptTokens, usage.completionTokens], [6, 24]);
    assert.deepEqual([finishReason, model], ['length', 'tiny']);
  }),
  // There are no keys: any is taken.
  'chat-with-key': answered,
  'tags-with-key': notSpoken,
  'chat-tools-unsupported': fails('UNSUPPORTED_FEATURE', 'feature.unsupported-input'),
  'chat-tools-text': says(' The server is ready . It loads one small model , keeps two slots open and', {
    model: 'tiny-tools',
  }),
  // `tool_choice` is ignored.
  'chat-tools-required-text': says(
    ' The server is ready . It loads one small model , keeps two slots open and',
    { model: 'tiny-tools' },
  ),
  'chat-tools': reads(chatCompletionSchema, ({ choices: [choice] }) => {
    assert.equal(choice?.finish_reason, 'tool_calls');
    const calls = (choice?.message.tool_calls ?? []).map(({ id, function: called }) => ({
      id: id ?? '',
      name: called?.name ?? '',
      arguments: called?.arguments ?? '',
    }));
    const [call] = parseToolCalls(calls).toolCalls;
    assert.deepEqual({ name: call?.name, arguments: call?.arguments }, CALL);
  }),
  'chat-tools-stream': streams(({ toolCalls: [call], finishReason, toolCallProblems }) => {
    assert.deepEqual({ name: call?.name, arguments: call?.arguments }, CALL);
    assert.deepEqual([finishReason, toolCallProblems], ['tool_calls', []]);
  }),
  'chat-tool-result': says(' The server is ready . It loads one', { model: 'tiny-tools' }),
  // One model's file is in memory once: with other settings it takes the place of the first.
  'ps-two': running({ 'tiny-tools:latest': 1024 }),
  'chat-json-schema': says('{"answer":"yes"} ', { finish: 'stop' }),
  'chat-logprobs': says(' The', { prompt: 6 }),
  // Taken without a word by a model that sees nothing: `[img-0]` stands in its prompt.
  'chat-image': says(' The', { prompt: 15 }),
  // 1,100 words for 512 tokens: the rest is dropped without a word.
  'chat-overflow': says(' The server is ready', { prompt: 512 }),
  'chat-overflow-stream': streams(({ content, usage }) => {
    assert.equal(content, ' The server is ready');
    assert.equal(usage.promptTokens, 512);
  }),
  'chat-unknown-model': noModel,
  'chat-unknown-model-stream': noModel,
  'chat-no-model': fails('MODEL_NOT_FOUND', 'model.not-found'),
  'chat-no-messages': badParameter,
  'chat-bad-json': fails('INVALID_REQUEST', 'request.invalid-json'),
  'chat-bad-temperature': badParameter,
  'v1-embeddings': reads(embeddingSchema, (answer) =>
    assert.deepEqual(embeddingVectors(answer), [[0, 0, 0, 0, 0, 0, 0, 0]]),
  ),
  embedding: noRoute,
  tokenize: noRoute,
  'unknown-route': noRoute,
  'wrong-method': noRoute,
  'doubled-v1': noRoute,
};
