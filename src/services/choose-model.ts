import type { CallOptions } from '../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { noModelNamed } from '../client/providers/choose.js';
import { kindOf } from '../client/providers/kinds.js';
import type { ModelInfo } from '../client/types.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { targetWords } from './target-words.js';

/** Gateways without a list of models: they may do without a name as well. */
const LISTLESS: ReadonlySet<string> = new Set(['connection.wrong-path', 'connection.wrong-server']);

/**
 * The model to ask a server for where none is named, and of how many it is chosen; null where the server is to choose.
 * @param label how it is called
 * @throws LlamactlError where the choice is the user's, or there is no model
 */
export async function chooseModel(
  client: LlamaCppClient,
  label: string,
  target: Parameters<typeof targetWords>[0],
  asking: CallOptions,
): Promise<{ readonly model: string; readonly among: number } | null> {
  const { provider } = target;
  const kind = kindOf(provider);
  // Its list is long and public: neither key nor time is spent on it.
  if (provider === 'openrouter') throw noModelNamed(label, kind, targetWords(target));
  let models: readonly ModelInfo[];
  try {
    models = await kind.discover(client, asking);
  } catch (error) {
    const isListless = error instanceof LlamactlError && LISTLESS.has(error.code);
    if (provider === 'openai-compatible' && isListless) return null;
    throw error;
  }
  const model = kind.choose(models);
  if (model !== undefined) return { model, among: models.length };
  if (provider !== 'ollama') return null;
  throw new LlamactlError({
    type: 'MODEL_NOT_FOUND',
    code: 'model.not-found',
    message: `${label} is Ollama, and has no model`,
    remedies: [
      { text: 'Get one, where Ollama runs:', commands: ['ollama pull qwen3:4b'] },
      { text: 'See that it is there:', commands: [`llamactl models ${targetWords(target)}`] },
    ],
  });
}
