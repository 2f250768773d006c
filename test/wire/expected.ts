import assert from 'node:assert/strict';
import { contextSizeOf, takesToolMessages } from '../../src/client/model-info.js';
import { parseToolCalls } from '../../src/client/tool-calls.js';
import { chatCompletionSchema } from '../../src/wire/chat.js';
import { completionSchema, textCompletionSchema } from '../../src/wire/completion.js';
import { embeddingSchema, embeddingVectors } from '../../src/wire/embedding.js';
import { loraAdaptersSchema } from '../../src/wire/lora.js';
import { propsSchema } from '../../src/wire/props.js';
import { nextToken, slotActionSchema, slotsSchema } from '../../src/wire/slots.js';
import {
  applyTemplateSchema,
  detokenizeSchema,
  inputTokensSchema,
  pieceText,
  tokenizeSchema,
} from '../../src/wire/tokenize.js';
import { breaks, eventsOf, fails, measures, notSpoken, type Row, reads, streams } from './expectation.js';

import {
  ANSWER,
  acts,
  badParameter,
  completes,
  embeds,
  lists,
  listsOfRouter,
  missingKey,
  noModel,
  noRoute,
  off,
  overflow,
  ready,
  says,
  slotsAre,
  tells,
  wrongKey,
} from './meanings.js';

/** What each recorded exchange must turn out to be: one row a label, by the server's configuration. */
export const EXPECTED: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  auth: {
    'no-key /health': ready,
    'no-key /v1/models': {
      ...missingKey,
      except: { '2025-05': lists('tiny.gguf'), 'v0.1.0': lists('tiny.gguf') },
    },
    'no-key /models': {
      ...missingKey,
      except: { '2025-05': lists('tiny.gguf'), 'v0.1.0': lists('tiny.gguf') },
    },
    'no-key /props': missingKey,
    'no-key /slots': missingKey,
    'no-key /metrics': missingKey,
    'no-key chat': missingKey,
    'wrong-key props': wrongKey,
    'right-key props': tells({ context: 512 }),
    'x-api-key props': { ...tells({ context: 512 }), except: { '2025-05': wrongKey } },
  },

  bare: {
    'metrics-disabled': off('--metrics'),
    'slots-disabled': off('--slots'),
  },

  busy: {
    'metrics-busy': measures((metrics, build) => {
      // The counters stand still while a request runs (facts: "Metrics").
      assert.equal(metrics.promptTokens, 6);
      assert.equal(metrics.generatedTokens, 0);
      assert.equal(metrics.requestsProcessing, 1);
      assert.equal(metrics.requestsDeferred, build === '2025-05' ? 0 : 2);
      assert.equal(metrics.promptTokensCached, build === '2025-05' ? null : 0);
      assert.equal(metrics.largestSequence === null, build === '2025-05');
    }),
    'slots-busy': {
      ...reads(slotsSchema, ([slot]) => {
        assert.equal(slot?.is_processing, true);
        assert.equal(slot.n_ctx, 1024);
        const generated = slot && nextToken(slot)?.n_decoded;
        assert.ok(generated && generated > 0, 'a live count of what is generated');
        // What the slot holds, generated tokens included: not to be added to them.
        assert.ok(Math.abs((slot.n_prompt_tokens ?? 0) - (generated + 6)) <= 1);
      }),
      except: { '2025-05': breaks('TIMEOUT_ERROR', 'connection.timeout') },
    },
    'slots-busy-fail': {
      ...fails('SERVER_OVERLOADED', 'server.busy'),
      except: { '2025-05': breaks('TIMEOUT_ERROR', 'connection.timeout') },
    },
    'metrics-idle': measures((metrics) => {
      assert.equal(metrics.requestsProcessing, 0);
      assert.equal(metrics.requestsDeferred, 0);
      assert.ok((metrics.promptTokens ?? 0) > 6);
    }),
  },

  default: {
    health: ready,
    'v1-health': { ...ready, except: { '2025-05': noRoute } },
    models: lists('tiny'),
    props: tells({ context: 512, slots: 2 }),
    slots: { ...slotsAre(2, 512, null), except: { '2025-05': off('--slots') } },
    'metrics-fresh': measures((metrics) => {
      assert.equal(metrics.promptTokens, 0);
      assert.equal(metrics.generatedTokens, 0);
      assert.equal(metrics.requestsProcessing, 0);
    }),
    chat: says(ANSWER, { finish: 'stop', model: 'tiny', prompt: 25, generated: 35 }),
    'chat-stream': streams(({ content, finishReason, usage, timings, model }) => {
      assert.equal(content, ' The server is ready .');
      assert.equal(finishReason, 'length');
      assert.equal(usage.promptTokens, 25);
      assert.equal(usage.completionTokens, 5);
      assert.equal(timings?.generatedTokens, 5);
      assert.equal(model, 'tiny');
    }),
    'chat-stream-timings': streams(({ content, finishReason }, build, chunks) => {
      assert.equal(content, ' The server is');
      assert.equal(finishReason, 'length');
      const timed = chunks.filter(({ timings }) => timings).length;
      const progress = chunks.flatMap(({ prompt_progress: told }) => (told ? [told] : []));
      if (build === '2025-05') {
        assert.deepEqual(progress, []);
      } else {
        assert.ok(timed >= 3, 'timings with each token');
        assert.equal(progress.at(-1)?.processed, progress.at(-1)?.total);
      }
    }),
    'chat-tools-required': {
      ...reads(chatCompletionSchema, ({ choices: [choice] }) => {
        assert.equal(choice?.finish_reason, 'tool_calls');
        const calls = (choice.message.tool_calls ?? []).map((call) => ({
          id: call.id ?? '',
          name: call.function?.name ?? '',
          arguments: call.function?.arguments ?? '',
        }));
        const { toolCalls, problems } = parseToolCalls(calls);
        assert.deepEqual(problems, []);
        assert.equal(toolCalls[0]?.name, 'get_weather');
        assert.deepEqual(toolCalls[0].arguments, { city: 'Paris' });
        assert.notEqual(toolCalls[0].id, '');
      }),
      except: { '2025-05': off('--jinja') },
    },
    'chat-tools-stream': {
      ...streams(({ toolCalls, toolCallProblems, finishReason }) => {
        assert.equal(finishReason, 'tool_calls');
        assert.deepEqual(toolCallProblems, []);
        assert.equal(toolCalls.length, 1);
        assert.equal(toolCalls[0]?.name, 'get_weather');
        assert.deepEqual(toolCalls[0].arguments, { city: 'Paris' });
      }),
      // "Cannot use tools with stream": that build takes tools, but not both at once.
      except: { '2025-05': fails('STREAMING_ERROR', 'feature.unsupported-input') },
    },
    'chat-tool-result': says(/^ The server is ready$/, { finish: 'length', model: 'tiny', generated: 4 }),
    'chat-json-schema': says(/^\{"ok": true\} ?$/, { finish: 'stop', model: 'tiny' }),
    'chat-image': fails('UNSUPPORTED_FEATURE', 'feature.unsupported-input'),
    'chat-mirostat': says(/^ The server is$/, { finish: 'length', model: 'tiny', generated: 3 }),
    'chat-overflow': {
      ...overflow,
      // That build drops the prompt's middle and says nothing: 341 tokens of 8,021 (facts: "Builds differ").
      except: { '2025-05': says(ANSWER, { finish: 'stop', model: 'tiny', prompt: 341 }) },
    },
    'chat-overflow-stream': {
      ...overflow,
      except: {
        '2025-05': streams(({ usage }) =>
          assert.ok(usage.promptTokens < 512, `${usage.promptTokens} tokens`),
        ),
      },
    },
    'chat-no-messages': badParameter,
    'chat-bad-json': {
      ...fails('INVALID_REQUEST', 'request.invalid-json'),
      except: { '2025-05': breaks('CONNECTION_ERROR', 'connection.reset') },
    },
    'chat-bad-role': badParameter,
    'chat-bad-temperature': {
      ...badParameter,
      except: { '2025-05': says(ANSWER, { finish: 'stop', model: 'tiny' }) },
    },
    // The name is ignored; the reply says who answered, except in builds of 2025-05, which give the name back.
    'chat-unknown-model': says(/^ The server$/, { finish: 'length', model: 'tiny', old: 'gpt-9' }),
    'chat-bad-grammar': fails('INVALID_REQUEST', 'request.invalid-grammar'),
    completion: completes(' The server is ready', 6),
    'completion-stream': {
      answers: (body) => {
        const chunks = eventsOf(body).map((data) => completionSchema.parse(JSON.parse(data)));
        assert.equal(chunks.map(({ content }) => content).join(''), ' The server is');
        assert.deepEqual(
          chunks.map(({ stop }) => stop),
          [...chunks.slice(1).map(() => false), true],
          'the end is `stop: true`, not [DONE]',
        );
        assert.equal(chunks.at(-1)?.tokens_predicted, 3);
      },
    },
    'completion-probs': completes(' The', 6),
    'v1-completions': reads(textCompletionSchema, ({ choices: [choice] }) => {
      assert.equal(choice?.text, ' The server is');
      assert.equal(choice.finish_reason, 'length');
    }),
    tokenize: reads(tokenizeSchema, ({ tokens }) => assert.deepEqual(tokens, [316, 336, 333, 368])),
    'tokenize-pieces': reads(tokenizeSchema, ({ tokens }) =>
      assert.deepEqual(
        tokens.map((token) => (typeof token === 'number' ? token : `${token.id} ${pieceText(token.piece)}`)),
        // "é" is two tokens of a byte each.
        ['1 <s>', '316 T', '336 h', '333 e', '264  ', '203 <0xC3>', '177 <0xA9>'],
      ),
    ),
    detokenize: reads(detokenizeSchema, ({ content }) => assert.equal(content, '<s>DE')),
    'detokenize-bad': badParameter,
    'apply-template': reads(applyTemplateSchema, ({ prompt }) =>
      assert.equal(prompt, '<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n'),
    ),
    'input-tokens': {
      ...reads(inputTokensSchema, (answer) => assert.equal(answer.input_tokens, 25)),
      except: { '2025-05': noRoute },
    },
    infill: completes(' The server is', 17),
    'embedding-disabled': {
      ...off('--embeddings'),
      // Without pooling: a vector a token, not normalised.
      except: {
        '2025-05': reads(embeddingSchema, (answer) => assert.equal(embeddingVectors(answer)[0]?.length, 480)),
      },
    },
    'v1-embeddings-disabled': { ...off('--embeddings'), except: { '2025-05': badParameter } },
    'rerank-disabled': off('--reranking'),
    lora: reads(loraAdaptersSchema, (adapters) => assert.deepEqual(adapters, [])),
    'props-post-disabled': off('--props'),
    'slot-save-disabled': off('--slot-save-path'),
    'slot-erase': off('--slot-save-path'),
    'slot-bad-id': off('--slot-save-path'),
    anthropic: { ...notSpoken, except: { '2025-05': noRoute } },
    responses: { ...notSpoken, except: { '2025-05': noRoute } },
    'unknown-route': noRoute,
    'wrong-method': noRoute,
    'doubled-v1': noRoute,
    tools: { ...off(), except: { '2025-05': noRoute } },
    'models-load-not-router': noRoute,
    'metrics-after': measures((metrics, build) => {
      assert.equal(metrics.promptTokens, build === '2025-05' ? 513 : 442);
      assert.equal(metrics.promptTokensCached, build === '2025-05' ? null : 422);
      assert.equal(metrics.generatedTokens, build === '2025-05' ? 184 : 294);
      assert.ok((metrics.generatedSeconds ?? 0) > 0);
    }),
    'slots-after': { ...slotsAre(2, 512, 0), except: { '2025-05': off('--slots') } },
    'slots-fail': { ...slotsAre(2, 512, 0), except: { '2025-05': off('--slots') } },
  },

  embeddings: {
    embedding: embeds(1),
    embeddings: embeds(2),
    'v1-embeddings': embeds(2, 0.5),
    'v1-embeddings-base64': embeds(1, 0.5),
    'embedding-empty': embeds(1, 1),
    chat: {
      ...says(/^ The server$/, { finish: 'length', model: 'tiny.gguf' }),
      // "Start it without `--embeddings`": the flag to leave out is no remedy.
      except: { '2025-05': off() },
    },
    'too-long': fails('INVALID_REQUEST', 'request.batch-too-small'),
  },

  loading: {
    // Asked from before the start until it is ready: first nothing listens, then the model loads.
    early: {
      ...breaks('CONNECTION_ERROR', 'connection.refused'),
      ...fails('SERVER_OVERLOADED', 'server.loading'),
      ...ready,
    },
    ready: tells({ context: 512 }),
  },

  'slots-saving': {
    completion: completes(' The server is ready', 11),
    save: reads(slotActionSchema, (done) => assert.deepEqual([done.id_slot, done.n_saved], [0, 14])),
    restore: reads(slotActionSchema, (done) => assert.deepEqual([done.id_slot, done.n_restored], [0, 14])),
    'restore-missing': badParameter,
    'save-traversal': badParameter,
    erase: reads(slotActionSchema, (done) => assert.deepEqual([done.id_slot, done.n_erased], [0, 0])),
  },

  prefix: {
    '/health': noRoute,
    '/llm/health': missingKey,
    '/llm/v1/models': missingKey,
    '/llm/props': missingKey,
  },

  router: {
    health: ready,
    models: listsOfRouter(['unloaded', 'unloaded', 'unloaded']),
    'v1-models': listsOfRouter(['unloaded', 'unloaded', 'unloaded']),
    props: reads(propsSchema, (props) => {
      assert.equal(props.role, 'router');
      assert.equal(props.max_instances, 1);
      assert.equal(props.models_autoload, true);
      // 0 is no size: the fallback holds until a model is asked.
      assert.deepEqual(contextSizeOf(props, undefined), { tokens: 4096, source: 'fallback' });
      assert.equal(takesToolMessages(props), null);
    }),
    slots: noModel,
    'metrics-no-model': noModel,
    'metrics-unloaded-noautoload': noModel,
    'chat-unknown-model': fails('MODEL_NOT_FOUND', 'model.not-found', { model: 'nope' }),
    'chat-no-model': noModel,
    load: acts,
    'models-loading': listsOfRouter(['loading', 'unloaded', 'unloaded']),
    'models-loaded': listsOfRouter(['ready', 'unloaded', 'unloaded']),
    'load-again': badParameter,
    chat: says(/^ The server$/, { finish: 'length', model: 'alpha' }),
    metrics: measures((metrics) => assert.equal(metrics.promptTokens, 21)),
    'slots-model': slotsAre(4, 512, null),
    'props-model': tells({ context: 512, slots: 4 }),
    'chat-autoload-beta': says(/^ The server$/, { finish: 'length', model: 'beta' }),
    'models-after-swap': listsOfRouter(['unloaded', 'ready', 'unloaded']),
    unload: acts,
    'load-broken': {
      // The other model was still being unloaded.
      ...fails('SERVER_OVERLOADED', 'model.router-limit'),
      except: { 'v0.1.0': acts },
    },
    'models-after-broken': {
      ...listsOfRouter(['unloaded', 'unloaded', 'unloaded']),
      except: { 'v0.1.0': listsOfRouter(['unloaded', 'unloaded', 'failed']) },
    },
    'chat-broken': fails('MODEL_NOT_FOUND', 'model.load-failed'),
    // The same answer as of a server that is no router.
    'load-unknown': noRoute,
    'unload-idle': noModel,
  },

  sleeping: {
    'asleep /health': ready,
    'asleep /props': reads(propsSchema, ({ is_sleeping: asleep }) => assert.equal(typeof asleep, 'boolean')),
    'asleep /v1/models': lists('tiny.gguf'),
    'asleep /metrics': measures((metrics) => assert.equal(metrics.requestsProcessing, 0)),
    'slots-while-asleep': slotsAre(1, 512, null),
    'props-after-slots': tells({ context: 512, slots: 1, asleep: false }),
    'chat-wakes': says(/^ The server/, { finish: 'length', model: 'tiny.gguf' }),
    'props-awake': tells({ context: 512, slots: 1, asleep: false }),
  },
};
