import * as z from 'zod';

const nextTokenSchema = z.looseObject({
  has_next_token: z.boolean().nullish(),
  n_remain: z.number().nullish(),
  /** Tokens generated so far: moves while a request runs, unlike the counters of `/metrics`. */
  n_decoded: z.number().nullish(),
});

/**
 * A slot of `GET /slots`. An idle one that has served nothing has only the first fields. `n_prompt_tokens` is what the slot
 * holds, generated tokens included. `next_token` is an object in some builds, an array of one in others; {@link nextToken}
 * reads both.
 */
export const slotSchema = z.looseObject({
  id: z.number(),
  n_ctx: z.number(),
  is_processing: z.boolean().nullish(),
  speculative: z.boolean().nullish(),
  id_task: z.number().nullish(),
  n_prompt_tokens: z.number().nullish(),
  n_prompt_tokens_processed: z.number().nullish(),
  n_prompt_tokens_cache: z.number().nullish(),
  params: z.looseObject({ max_tokens: z.number().nullish(), n_predict: z.number().nullish() }).nullish(),
  next_token: z.union([nextTokenSchema, z.array(nextTokenSchema)]).nullish(),
});
export type Slot = z.infer<typeof slotSchema>;

/** `GET /slots`. */
export const slotsSchema = z.array(slotSchema);

/** `POST /slots/{id}?action=save|restore|erase`. */
export const slotActionSchema = z.looseObject({
  id_slot: z.number(),
  n_saved: z.number().optional(),
  n_restored: z.number().optional(),
  n_erased: z.number().optional(),
});

/** A slot's generation state, whichever shape the build gives it. */
export function nextToken(slot: Slot): z.infer<typeof nextTokenSchema> | null {
  const { next_token: next } = slot;
  return (Array.isArray(next) ? next[0] : next) ?? null;
}
