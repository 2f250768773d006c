import { type ChatCompletion, chatCompletionSchema } from '../../wire/chat.js';
import { type CompletionAnswer, completionSchema } from '../../wire/completion.js';
import { embeddingSchema, embeddingVectors } from '../../wire/embedding.js';
import { timingsOf } from '../chat-accumulator.js';
import { samplingBody } from '../chat-request.js';
import type { ChatOptions, Timings } from '../types.js';
import { type EndpointCall, json } from './endpoint.js';

/** `POST /v1/chat/completions`, not streamed. */
export function chatCompletion(body: Readonly<Record<string, unknown>>): EndpointCall<ChatCompletion> {
  return { method: 'POST', path: '/v1/chat/completions', body, read: json(chatCompletionSchema) };
}

export interface CompletionParams extends Omit<ChatOptions, 'toolChoice' | 'signal' | 'timeout'> {
  readonly prompt: string | readonly number[];
}

export interface InfillParams extends Omit<ChatOptions, 'toolChoice' | 'signal' | 'timeout' | 'jsonSchema'> {
  /** The text before the gap, and after it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Typed after the prefix, where an editor's user has begun already. */
  readonly prompt?: string;
}

export interface CompletionResult {
  readonly content: string;
  /** `limit`, `eos`, `word`; empty where the build does not tell. */
  readonly stopType: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly timings: Timings | null;
}

/** `POST /completion`: text continued without a chat template. */
export function completion(params: CompletionParams): EndpointCall<CompletionResult> {
  return {
    method: 'POST',
    path: '/completion',
    body: {
      prompt: params.prompt,
      ...(params.model === undefined ? {} : { model: params.model }),
      ...samplingBody(params),
      ...(params.maxTokens === undefined ? {} : { n_predict: params.maxTokens }),
      ...(params.jsonSchema === undefined ? {} : { json_schema: params.jsonSchema }),
    },
    read: (body) => completionResult(completionSchema.parse(JSON.parse(body))),
  };
}

/** `POST /infill`: a gap filled, by a model trained for it. */
export function infill(params: InfillParams): EndpointCall<CompletionResult> {
  return {
    method: 'POST',
    path: '/infill',
    body: {
      input_prefix: params.prefix,
      input_suffix: params.suffix,
      prompt: params.prompt ?? '',
      ...(params.model === undefined ? {} : { model: params.model }),
      ...samplingBody(params),
      ...(params.maxTokens === undefined ? {} : { n_predict: params.maxTokens }),
    },
    read: (body) => completionResult(completionSchema.parse(JSON.parse(body))),
  };
}

/** `POST /embedding`: one vector for each input. */
export function embedding(input: string | readonly string[]): EndpointCall<number[][]> {
  return {
    method: 'POST',
    path: '/embedding',
    body: { content: input },
    read: (body) => embeddingVectors(embeddingSchema.parse(JSON.parse(body))),
  };
}

function completionResult(answer: CompletionAnswer): CompletionResult {
  return {
    content: answer.content,
    stopType: answer.stop_type ?? '',
    model: answer.model ?? '',
    promptTokens: answer.tokens_evaluated ?? 0,
    completionTokens: answer.tokens_predicted ?? 0,
    timings: timingsOf(answer.timings),
  };
}
