import * as z from 'zod';
import { json } from '../endpoints/endpoint.js';
import { configuredModel } from '../model-info.js';
import { firstForChat } from './choose.js';
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

/** `model_info` is the GGUF header: its keys begin with the architecture, `llama.context_length`. */
const showSchema = z.looseObject({ model_info: z.record(z.string(), z.unknown()).nullish() });

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
  choose: firstForChat,
  // What the model was trained for is more than Ollama gives a model that it loads by itself, but all that can be known then.
  contextSize: async (client, model, options) => {
    if (model.contextPerSlot !== null) return model.contextPerSlot;
    const { model_info: info } = await client.call(
      {
        method: 'POST',
        path: '/api/show',
        body: { model: model.id },
        read: json(showSchema),
        quick: true,
      },
      options,
    );
    const found = Object.entries(info ?? {}).find(([key]) => key.endsWith('.context_length'))?.[1];
    return typeof found === 'number' ? found : null;
  },
};

/** `3.2B` → 3,200,000,000. */
function parametersOf(text: string): number | null {
  const [, number, unit = ''] = /^([\d.]+)\s*([KMBT]?)$/i.exec(text) ?? [];
  const factor = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[unit.toUpperCase()];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}
