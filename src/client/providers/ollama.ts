import * as z from 'zod';
import { type CallOptions, json } from '../endpoints/endpoint.js';
import type { LlamaCppClient } from '../llama-client.js';
import { configuredModel } from '../model-info.js';
import type { ModelInfo } from '../types.js';
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

/** What is in memory. v0.6.5 tells no `context_length`, v0.11.10 and v0.17.4 do. */
const psSchema = z.looseObject({
  models: z.array(z.looseObject({ name: z.string(), context_length: z.number().nullish() })),
});

/**
 * `model_info` is the GGUF header: its keys begin with the architecture, `llama.context_length`. `parameters` is text, a name
 * and a value a line, as the Modelfile has them.
 */
export const showSchema = z.looseObject({
  model_info: z.record(z.string(), z.unknown()).nullish(),
  parameters: z.string().nullish(),
  /** `completion`, `tools`, `vision`, `embedding` … */
  capabilities: z.array(z.string()).nullish(),
});
type Shown = z.infer<typeof showSchema>;

/** What a model gets where nothing sets `num_ctx` (measured): v0.17.4 on a machine without a GPU, and v0.6.5. */
const USUAL_CONTEXT = 4096;
const USUAL_CONTEXT_OF_OLD = 2048;

/**
 * Ollama: OpenAI's chat API under `/v1`, its own lists under `/api`. It has no key. What is longer than the context is cut
 * without a word, so a context size that is too large loses the middle of a conversation.
 */
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
        // `qwen3` is `qwen3:latest`, and is what people write.
        aliases: name.endsWith(':latest') ? [name.slice(0, -':latest'.length)] : [],
        parameters: parametersOf(details?.parameter_size ?? ''),
        sizeBytes: size ?? null,
        quantization: details?.quantization_level ?? null,
        contextPerSlot: loaded?.context_length ?? null,
        status: loaded === undefined ? 'unloaded' : 'ready',
      };
    });
  },
  choose: firstForChat,
  contextSize: async (client, model, options) => {
    if (model.contextPerSlot !== null) return model.contextPerSlot;
    const { set, usual, trained } = await ollamaWindow(client, model, options);
    const given = set ?? usual;
    return Math.min(given, trained ?? given);
  },
};

/** What Ollama tells of a model's context, beside what one in memory has. */
export interface OllamaWindow {
  /** `num_ctx` of the model itself; null where it has none, and the server's default holds. */
  readonly set: number | null;
  /** The server's default, where nobody has set another. */
  readonly usual: number;
  readonly trained: number | null;
}

/** Asks for a model's own settings; loads nothing. @throws LlamactlError where it is not there */
export async function ollamaWindow(
  client: LlamaCppClient,
  { id, status }: Pick<ModelInfo, 'id' | 'status'>,
  options: CallOptions,
): Promise<OllamaWindow> {
  const shown = await client.call(
    { method: 'POST', path: '/api/show', body: { model: id }, read: json(showSchema), quick: true },
    options,
  );
  // One that does not tell what a model in memory has is an old one.
  const usual = status === 'ready' ? USUAL_CONTEXT_OF_OLD : USUAL_CONTEXT;
  return { set: numCtxOf(shown), usual, trained: trainedOf(shown) };
}

/** The context that the Modelfile sets. */
function numCtxOf({ parameters }: Shown): number | null {
  const value = /^num_ctx\s+(\d+)\s*$/m.exec(parameters ?? '')?.[1];
  return value === undefined ? null : Number(value);
}

function trainedOf({ model_info: info }: Shown): number | null {
  const value = Object.entries(info ?? {}).find(([key]) => key.endsWith('.context_length'))?.[1];
  return typeof value === 'number' ? value : null;
}

/** `3.2B` → 3,200,000,000. */
function parametersOf(text: string): number | null {
  const [, number, unit = ''] = /^([\d.]+)\s*([KMBT]?)$/i.exec(text) ?? [];
  const factor = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[unit.toUpperCase()];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor);
}
