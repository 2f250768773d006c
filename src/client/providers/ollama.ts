import * as z from 'zod';
import { type CallOptions, json } from '../endpoints/endpoint.js';
import type { LlamaCppClient } from '../llama-client.js';
import { configuredModel } from '../model-info.js';
import type { ProviderKind } from './provider.js';

const tagsSchema = z.looseObject({
  models: z.array(
    z.looseObject({
      name: z.string(),
      size: z.number().nullish(),
      details: z
        .looseObject({ parameter_size: z.string().nullish(), quantization_level: z.string().nullish() })
        .nullish(),
    }),
  ),
});

/** What is in memory. `context_length` is absent before Ollama 0.11. */
const psSchema = z.looseObject({
  models: z.array(z.looseObject({ name: z.string(), context_length: z.number().nullish() })),
});

/**
 * `model_info` is the GGUF header: its keys begin with the architecture, `llama.context_length`. `parameters` is a text, a
 * setting a line: `num_ctx                        8192`.
 */
const showSchema = z.looseObject({
  model_info: z.record(z.string(), z.unknown()).nullish(),
  parameters: z.string().nullish(),
});

/** What Ollama gives a model without `num_ctx`, where it sees under 24 GiB of GPU memory and nobody has set another. */
export const OLLAMA_CONTEXT = 4096;

/** What Ollama tells of a model's context. */
export interface OllamaWindow {
  /** `num_ctx` of the model itself; null where it has none, and the server's default holds. */
  readonly set: number | null;
  readonly trained: number | null;
}

/** Asks for a model's own settings; loads nothing. @throws LlamactlError where it is not there */
export async function ollamaWindow(
  client: LlamaCppClient,
  model: string,
  options: CallOptions,
): Promise<OllamaWindow> {
  const { model_info: info, parameters } = await client.call(
    { method: 'POST', path: '/api/show', body: { model }, read: json(showSchema), quick: true },
    options,
  );
  const trained = Object.entries(info ?? {}).find(([key]) => key.endsWith('.context_length'))?.[1];
  const set = /^num_ctx\s+(\d+)/m.exec(parameters ?? '')?.[1];
  return {
    set: set === undefined ? null : Number(set),
    trained: typeof trained === 'number' ? trained : null,
  };
}

/** Ollama: OpenAI's chat API under `/v1`, its own lists under `/api`. It has no key. */
export const ollama: ProviderKind = {
  type: 'ollama',
  title: 'Ollama',
  defaultUrl: 'http://localhost:11434',
  headers: {},
  hint: 'Ensure that Ollama runs there (ollama serve) and has a model (ollama pull NAME).',
  discover: async (client, options) => {
    const [tags, running] = await Promise.all([
      client.call({ method: 'GET', path: '/api/tags', read: json(tagsSchema), quick: true }, options),
      client.call({ method: 'GET', path: '/api/ps', read: json(psSchema), quick: true }, options),
    ]);
    return tags.models.map(({ name, size, details }) => {
      const loaded = running.models.find((each) => each.name === name);
      return {
        ...configuredModel(name),
        parameters: parametersOf(details?.parameter_size ?? ''),
        sizeBytes: size ?? null,
        quantization: details?.quantization_level ?? null,
        contextPerSlot: loaded?.context_length ?? null,
        status: loaded === undefined ? 'unloaded' : 'ready',
      };
    });
  },
  // What a model that is not loaded will get without a setting of its own depends on the machine. What it was trained for is
  // more than that, as a rule, but all that can be known.
  contextSize: async (client, model, options) => {
    if (model.contextPerSlot !== null) return model.contextPerSlot;
    const { set, trained } = await ollamaWindow(client, model.id, options);
    return set ?? trained;
  },
};

/** `3.2B` → 3,200,000,000. */
function parametersOf(text: string): number | null {
  const [, number, unit = ''] = /^([\d.]+)\s*([KMBT]?)$/i.exec(text) ?? [];
  const factor = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[unit.toUpperCase()];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}
