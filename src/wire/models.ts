import * as z from 'zod';

/** What a server tells of a loaded model. `n_ctx` (of a slot) is absent in builds of 2025-05. */
export const modelMetaSchema = z.looseObject({
  n_ctx: z.number().nullish(),
  n_ctx_train: z.number().nullish(),
  n_embd: z.number().nullish(),
  n_params: z.number().nullish(),
  n_vocab: z.number().nullish(),
  size: z.number().nullish(),
  ftype: z.string().nullish(),
});
export type ModelMeta = z.infer<typeof modelMetaSchema>;

/** One model of a list. `status` is a router's: `unloaded loading loaded sleeping downloading`. */
export const modelEntrySchema = z.looseObject({
  id: z.string(),
  aliases: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  owned_by: z.string().nullish(),
  meta: modelMetaSchema.nullish(),
  architecture: z.looseObject({ input_modalities: z.array(z.string()).nullish() }).nullish(),
  status: z
    .looseObject({
      value: z.string(),
      args: z.array(z.string()).nullish(),
      failed: z.boolean().nullish(),
      exit_code: z.number().nullish(),
    })
    .nullish(),
});
export type ModelEntry = z.infer<typeof modelEntrySchema>;

/** `GET /v1/models` and `/models`. (`models[]`, a copy in Ollama's shape, is not used.) */
export const modelListSchema = z.looseObject({ data: z.array(modelEntrySchema) });
export type ModelListAnswer = z.infer<typeof modelListSchema>;

/** The `data:` of a router's `GET /models/sse`. */
export const routerEventSchema = z.looseObject({
  model: z.string(),
  event: z.string(),
  data: z.looseObject({
    status: z.string().nullish(),
    progress: z
      .looseObject({ stages: z.array(z.string()), current: z.string(), value: z.number() })
      .nullish(),
    exit_code: z.number().nullish(),
    info: modelEntrySchema.nullish(),
  }),
});
export type RouterEvent = z.infer<typeof routerEventSchema>;

/** `POST /models/load` and `/models/unload`. */
export const routerActionSchema = z.looseObject({ success: z.boolean() });
