import * as z from 'zod';
import { identifyServer } from '../../catalogue/identify-server.js';
import type { CallOptions } from '../endpoints/endpoint.js';
import { json } from '../endpoints/endpoint.js';
import type { LlamaCppClient } from '../llama-client.js';
import { configuredModel, modelStatus } from '../model-info.js';
import type { ModelInfo } from '../types.js';

/**
 * OpenAI's list, and what others add to it: context sizes OpenRouter (`context_length`) and vLLM (`max_model_len`), names and
 * state llama-swap (`meta.llamaswap.aliases`, `status`).
 */
const listSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      context_length: z.number().nullish(),
      max_model_len: z.number().nullish(),
      meta: z
        .looseObject({
          n_ctx: z.number().nullish(),
          n_ctx_train: z.number().nullish(),
          llamaswap: z
            .looseObject({ aliases: z.array(z.string()).nullish() })
            .nullish()
            .catch(null),
        })
        .nullish(),
      status: z.looseObject({ value: z.string() }).nullish().catch(null),
      top_provider: z.looseObject({ context_length: z.number().nullish() }).nullish(),
    }),
  ),
});

/** LM Studio's own list since 0.3.6: OpenAI's has names alone. `loaded_context_length` is absent of what is not loaded. */
const lmStudioSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      quantization: z.string().nullish(),
      state: z.string().nullish(),
      max_context_length: z.number().nullish(),
      loaded_context_length: z.number().nullish(),
    }),
  ),
});

/** llama-swap's: what has a process. Versions that say it in the list need not be asked. */
const runningSchema = z.looseObject({
  running: z.array(z.looseObject({ model: z.string(), state: z.string().nullish() })),
});

/** The models of `GET /v1/models`, and what the program that answers tells of them elsewhere; none is loaded for it. */
export async function openAiModels(client: LlamaCppClient, options: CallOptions): Promise<ModelInfo[]> {
  const { list, program } = await client.call(
    {
      method: 'GET',
      path: '/v1/models',
      read: (body) => ({
        list: json(listSchema)(body),
        program: identifyServer({ status: 200, headers: {}, body }),
      }),
      quick: true,
    },
    options,
  );
  // It tells more of each than OpenAI's list has room for.
  if (program === 'llama.cpp') return client.models(options);
  const models = list.data.map(
    ({ id, meta, status, ...entry }): ModelInfo => ({
      ...configuredModel(id),
      aliases: meta?.llamaswap?.aliases ?? [],
      contextPerSlot: meta?.n_ctx ?? entry.top_provider?.context_length ?? entry.max_model_len ?? null,
      contextTrained: entry.context_length ?? meta?.n_ctx_train ?? null,
      status: status == null ? 'ready' : modelStatus(status.value),
    }),
  );
  if (program === 'lm-studio') return withLmStudio(client, options, models);
  const isTold = list.data.some(({ status }) => status != null);
  return program === 'llama-swap' && !isTold ? withRunning(client, options, models) : models;
}

/** What an endpoint of one program adds; one that is not there, or answers otherwise, adds nothing. */
async function beside<T>(
  client: LlamaCppClient,
  options: CallOptions,
  path: string,
  schema: z.ZodType<T>,
): Promise<T | null> {
  return client
    .call({ method: 'GET', path, read: json(schema), quick: true }, { ...options, retries: 0 })
    .catch((error: unknown) => {
      if (options.signal?.aborted) throw error;
      return null;
    });
}

async function withLmStudio(
  client: LlamaCppClient,
  options: CallOptions,
  models: readonly ModelInfo[],
): Promise<ModelInfo[]> {
  const own = await beside(client, options, '/api/v0/models', lmStudioSchema);
  return models.map((model) => {
    const told = own?.data.find(({ id }) => id === model.id);
    if (told === undefined) return model;
    return {
      ...model,
      quantization: told.quantization ?? model.quantization,
      contextPerSlot: told.loaded_context_length ?? null,
      contextTrained: told.max_context_length ?? null,
      status: told.state === 'not-loaded' ? 'unloaded' : told.state === 'loading' ? 'loading' : 'ready',
    };
  });
}

async function withRunning(
  client: LlamaCppClient,
  options: CallOptions,
  models: readonly ModelInfo[],
): Promise<ModelInfo[]> {
  const answer = await beside(client, options, '/running', runningSchema);
  if (answer === null) return [...models];
  return models.map((model) => {
    const process = answer.running.find((each) => each.model === model.id);
    return {
      ...model,
      status: process === undefined ? 'unloaded' : process.state === 'starting' ? 'loading' : 'ready',
    };
  });
}

const upstreamProps = z.looseObject({
  default_generation_settings: z.looseObject({ n_ctx: z.number().nullish() }).nullish(),
});

/** What a slot of a llama-server behind llama-swap holds; asked of one that runs only, since asking starts it. */
export async function contextBehindSwap(
  client: LlamaCppClient,
  model: ModelInfo,
  options: CallOptions,
): Promise<number | null> {
  const path = `/upstream/${encodeURIComponent(model.id)}/props`;
  const props = await beside(client, options, path, upstreamProps);
  return props?.default_generation_settings?.n_ctx ?? null;
}
