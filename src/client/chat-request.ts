import type { WireMessage } from './messages.js';
import type { ChatOptions, Tool } from './types.js';

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly WireMessage[];
  readonly tools: readonly Tool[];
  readonly options: ChatOptions;
}

/** The body of `POST /v1/chat/completions`. What the caller left open is left to the server. */
export function chatBody(request: ChatRequest, stream: boolean): Record<string, unknown> {
  const { options, tools } = request;
  return withoutUndefined({
    model: request.model === '' ? undefined : request.model,
    messages: request.messages,
    tools: tools.length > 0 ? tools : undefined,
    tool_choice: tools.length > 0 ? (options.toolChoice ?? 'auto') : undefined,
    response_format:
      options.jsonSchema === undefined
        ? undefined
        : { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: options.jsonSchema } },
    ...samplingBody(options),
    max_tokens: options.maxTokens,
    // `return_progress` (ignored by builds that lack it) shows a long prefill to be alive.
    ...(stream ? { stream: true, stream_options: { include_usage: true }, return_progress: true } : {}),
  });
}

/** Sampling settings in llama-server's names, the same for chats and completions. */
export function samplingBody(options: ChatOptions): Record<string, unknown> {
  return withoutUndefined({
    temperature: options.temperature,
    top_p: options.topP,
    top_k: options.topK,
    min_p: options.minP,
    repeat_penalty: options.repeatPenalty,
    mirostat: options.mirostat,
    mirostat_tau: options.mirostatTau,
    mirostat_eta: options.mirostatEta,
    seed: options.seed,
    ignore_eos: options.ignoreEos,
    stop: options.stop?.length ? options.stop : undefined,
  });
}

function withoutUndefined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
