import * as z from 'zod';

/** The server's stop-watch of one request. `cache_n` is absent in builds of 2025-05. */
export const timingsSchema = z.object({
  cache_n: z.number().optional(),
  prompt_n: z.number().optional(),
  prompt_ms: z.number().optional(),
  prompt_per_second: z.number().nullish(),
  predicted_n: z.number().optional(),
  predicted_ms: z.number().optional(),
  predicted_per_second: z.number().nullish(),
});
export type WireTimings = z.infer<typeof timingsSchema>;

/** Token counts of one request. `prompt_tokens_details` is absent in builds of 2025-05. */
export const usageSchema = z.object({
  prompt_tokens: z.number().optional(),
  completion_tokens: z.number().optional(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});
export type WireUsage = z.infer<typeof usageSchema>;

const toolCallDeltaSchema = z.object({
  index: z.number().nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});

/**
 * A chunk of `POST /v1/chat/completions` with `stream`. Only what is used is checked: this runs once a token. The first has
 * `content: null`, the last (with `stream_options.include_usage`) `choices: []`.
 */
export const chatChunkSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            /** The same, as Ollama and OpenRouter call it. */
            reasoning: z.string().nullish(),
            tool_calls: z.array(toolCallDeltaSchema).nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
  usage: usageSchema.nullish(),
  timings: timingsSchema.nullish(),
  prompt_progress: z
    .object({
      total: z.number(),
      processed: z.number(),
      cache: z.number().optional(),
      time_ms: z.number().optional(),
    })
    .nullish(),
});
export type ChatChunk = z.infer<typeof chatChunkSchema>;

/** The answer of `POST /v1/chat/completions` without `stream`. `model` is `gpt-3.5-turbo` in builds of 2025-05. */
export const chatCompletionSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        /** OpenRouter's, of an answer that broke off: a failure, whatever content stands beside it. */
        error: z.null({ error: 'the answer broke off' }).optional(),
        message: z.object({
          content: z.string().nullish(),
          reasoning_content: z.string().nullish(),
          reasoning: z.string().nullish(),
          tool_calls: z.array(toolCallDeltaSchema).nullish(),
        }),
      }),
    )
    .min(1),
  usage: usageSchema.nullish(),
  timings: timingsSchema.nullish(),
});
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;
