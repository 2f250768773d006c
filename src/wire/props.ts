import * as z from 'zod';

/**
 * `GET /props`. A router answers `role: "router"` and no slots; builds of 2025-05 lack `is_sleeping`, `endpoint_*` and
 * `chat_template_caps`. What is not named here is passed through for `props --raw`.
 */
export const propsSchema = z.looseObject({
  default_generation_settings: z
    .looseObject({
      /** Tokens that one slot holds; 0 from a router. */
      n_ctx: z.number().nullish(),
      params: z.looseObject({}).nullish(),
    })
    .nullish(),
  total_slots: z.number().nullish(),
  model_path: z.string().nullish(),
  model_alias: z.string().nullish(),
  model_ftype: z.string().nullish(),
  modalities: z.record(z.string(), z.boolean()).nullish(),
  chat_template: z.string().nullish(),
  chat_template_caps: z.record(z.string(), z.boolean()).nullish(),
  bos_token: z.string().nullish(),
  eos_token: z.string().nullish(),
  build_info: z.string().nullish(),
  is_sleeping: z.boolean().nullish(),
  endpoint_slots: z.boolean().nullish(),
  endpoint_props: z.boolean().nullish(),
  endpoint_metrics: z.boolean().nullish(),
  /** `"router"` where the server runs without a model of its own. */
  role: z.string().nullish(),
  max_instances: z.number().nullish(),
  models_autoload: z.boolean().nullish(),
});
export type Props = z.infer<typeof propsSchema>;
