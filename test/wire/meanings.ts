import assert from 'node:assert/strict';
import { contextSizeOf, modelInfo, takesToolMessages } from '../../src/client/model-info.js';
import type { ModelInfo } from '../../src/client/types.js';
import { chatCompletionSchema } from '../../src/wire/chat.js';
import { completionSchema } from '../../src/wire/completion.js';
import { embeddingSchema, embeddingVectors } from '../../src/wire/embedding.js';
import { healthSchema } from '../../src/wire/health.js';
import { modelListSchema, routerActionSchema } from '../../src/wire/models.js';
import { propsSchema } from '../../src/wire/props.js';
import { nextToken, slotsSchema } from '../../src/wire/slots.js';
import { fails, type Outcome, reads } from './expectation.js';

export const ANSWER = /^ ?The server is ready \. It loads one small model , keeps two slots open/;

// --- what the endpoints say ------------------------------------------------------------------------------------

export const ready = reads(healthSchema, ({ status }) => assert.equal(status, 'ok'));

/** A single server's list: one model, `-c 1024 -np 2` leaving 512 tokens to a slot. */
export function lists(id: string, contextPerSlot = 512): Outcome {
  return reads(modelListSchema, ({ data }, build) => {
    const [model, ...others] = data.map(modelInfo);
    assert.deepEqual(others, []);
    assert.deepEqual(model, {
      id,
      aliases: [],
      parameters: 999_840,
      sizeBytes: 2_002_560,
      // Builds of 2025-05 tell neither the file type nor the slot's context.
      quantization: build === '2025-05' ? null : 'F16',
      contextPerSlot: build === '2025-05' ? null : contextPerSlot,
      contextTrained: 8192,
      status: 'ready',
    });
  });
}

/** A router's list: each model's status, in the order alpha, beta, broken. */
export function listsOfRouter(statuses: readonly ModelInfo['status'][]): Outcome {
  return reads(modelListSchema, ({ data }) => {
    const models = data.map(modelInfo);
    assert.deepEqual(
      models.map(({ id, status }) => `${id} ${status}`),
      ['alpha', 'beta', 'broken'].map((id, i) => `${id} ${statuses[i]}`),
    );
    for (const { status, contextPerSlot } of models)
      assert.equal(contextPerSlot, status === 'ready' ? 512 : null);
  });
}

/** A single server's properties. Without `-np` there are four slots, which share their context; in 2025-05 one. */
export function tells(slot: { context: number; slots?: number; asleep?: boolean }): Outcome {
  return reads(propsSchema, (props, build) => {
    assert.deepEqual(contextSizeOf(props, undefined), { tokens: slot.context, source: 'slot' });
    const old = build === '2025-05';
    assert.equal(props.total_slots, slot.slots ?? (old ? 1 : 4));
    assert.match(props.build_info ?? '', /^b\d+-\w+$/);
    assert.match(props.model_path ?? '', /\.gguf$/);
    assert.match(props.chat_template ?? '', /<\|im_start\|>/);
    assert.equal(props.modalities?.['vision'] ?? false, false);
    assert.equal(props.is_sleeping, old ? undefined : (slot.asleep ?? false));
    assert.equal(typeof props.endpoint_slots, old ? 'undefined' : 'boolean');
    // Told by `chat_template_caps`, and where there is none read from the template.
    assert.equal(typeof takesToolMessages(props), 'boolean');
  });
}

export function slotsAre(count: number, context: number, generated: number | null): Outcome {
  return reads(slotsSchema, (slots) => {
    assert.deepEqual(
      slots.map(({ id, n_ctx }) => [id, n_ctx]),
      Array.from({ length: count }, (_, id) => [id, context]),
    );
    for (const slot of slots) assert.equal(slot.is_processing, false);
    const [first] = slots;
    assert.equal((first && nextToken(first)?.n_decoded) ?? null, generated);
  });
}

/** A whole chat: text and token counts, the prompt's in full whatever was cached. */
export function says(
  text: RegExp,
  expected: { finish: string; model: string; old?: string; prompt?: number; generated?: number },
): Outcome {
  return reads(chatCompletionSchema, ({ choices, model, usage, timings }, build) => {
    const [choice] = choices;
    assert.match(choice?.message.content ?? '', text);
    assert.equal(choice?.finish_reason, expected.finish);
    assert.equal(model, build === '2025-05' ? (expected.old ?? expected.model) : expected.model);
    if (expected.prompt !== undefined) assert.equal(usage?.prompt_tokens, expected.prompt);
    if (expected.generated !== undefined) assert.equal(usage?.completion_tokens, expected.generated);
    if (build === '2025-05') {
      assert.equal(usage?.prompt_tokens_details, undefined);
      // Without the cached ones, and how many those are is not told.
      assert.ok((timings?.prompt_n ?? 0) <= (usage?.prompt_tokens ?? 0));
    } else {
      assert.equal((timings?.prompt_n ?? 0) + (timings?.cache_n ?? 0), usage?.prompt_tokens);
      assert.equal(timings?.cache_n, usage?.prompt_tokens_details?.cached_tokens);
    }
    assert.ok((timings?.predicted_per_second ?? 0) > 0);
  });
}

export function completes(text: string, evaluated: number): Outcome {
  return reads(completionSchema, (answer) => {
    assert.equal(answer.content, text);
    assert.equal(answer.stop, true);
    assert.equal(answer.stop_type, 'limit');
    assert.equal(answer.tokens_evaluated, evaluated);
    assert.equal(answer.tokens_predicted, text.trim().split(' ').length);
    assert.equal(answer.truncated, false);
    assert.equal(typeof answer.timings?.predicted_ms, 'number');
  });
}

/** One vector an input, of unit length; `The` is 0.5 in its second place. */
export function embeds(inputs: number, second?: number): Outcome {
  return reads(embeddingSchema, (answer) => {
    const vectors = embeddingVectors(answer);
    assert.equal(vectors.length, inputs);
    for (const vector of vectors) {
      assert.equal(vector.length, 480);
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-3, `length ${Math.hypot(...vector)}`);
    }
    if (second !== undefined) assert.equal(vectors[0]?.[1], second);
  });
}

export const acts = reads(routerActionSchema, ({ success }) => assert.equal(success, true));

// --- what the failures are -------------------------------------------------------------------------------------

export const missingKey = fails('AUTHENTICATION_ERROR', 'auth.missing-key');
export const wrongKey = fails('AUTHENTICATION_ERROR', 'auth.wrong-key');
export const noRoute = fails('CONNECTION_ERROR', 'connection.wrong-path');
export const badParameter = fails('INVALID_REQUEST', 'request.invalid-parameter');
export const noModel = fails('MODEL_NOT_FOUND', 'model.not-found');
export const overflow = fails('CONTEXT_OVERFLOW', 'context.overflow', { nPromptTokens: 8021, nCtx: 512 });
export const off = (flag?: string) => fails('UNSUPPORTED_FEATURE', 'feature.disabled', { flag });
