import * as z from 'zod';
import { timingsSchema } from './chat.js';

/** `POST /completion` and `/infill`, whole or a chunk of the stream (which ends with `stop: true` and no `[DONE]`). */
export const completionSchema = z.looseObject({
  content: z.string(),
  stop: z.boolean().nullish(),
  stop_type: z.string().nullish(),
  model: z.string().nullish(),
  tokens_predicted: z.number().nullish(),
  tokens_evaluated: z.number().nullish(),
  tokens_cached: z.number().nullish(),
  truncated: z.boolean().nullish(),
  timings: timingsSchema.nullish(),
});
export type CompletionAnswer = z.infer<typeof completionSchema>;

/** `POST /v1/completions`. */
export const textCompletionSchema = z.looseObject({
  choices: z.array(z.looseObject({ text: z.string(), finish_reason: z.string().nullish() })).min(1),
  model: z.string().nullish(),
});
