import * as z from 'zod';
import type { CallOptions } from '../endpoints/endpoint.js';
import { json } from '../endpoints/endpoint.js';
import type { LlamaCppClient } from '../llama-client.js';
import { configuredModel } from '../model-info.js';
import type { ModelInfo } from '../types.js';

/** OpenAI's list, and the context sizes that OpenRouter (`context_length`) and vLLM (`max_model_len`) add to it. */
const listSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      context_length: z.number().nullish(),
      max_model_len: z.number().nullish(),
      meta: z.looseObject({ n_ctx: z.number().nullish(), n_ctx_train: z.number().nullish() }).nullish(),
      top_provider: z.looseObject({ context_length: z.number().nullish() }).nullish(),
    }),
  ),
});

/** The models of `GET /v1/models`. @throws LlamactlError where the server cannot be used */
export async function openAiModels(client: LlamaCppClient, options: CallOptions): Promise<ModelInfo[]> {
  const { data } = await client.call(
    { method: 'GET', path: '/v1/models', read: json(listSchema), quick: true },
    options,
  );
  return data.map((entry) => ({
    ...configuredModel(entry.id),
    contextPerSlot: entry.meta?.n_ctx ?? entry.top_provider?.context_length ?? entry.max_model_len ?? null,
    contextTrained: entry.context_length ?? entry.meta?.n_ctx_train ?? null,
    status: 'ready',
  }));
}
