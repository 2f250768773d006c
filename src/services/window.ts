import type { CallOptions } from '../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { kindOf } from '../client/providers/kinds.js';
import { ollamaWindow } from '../client/providers/ollama.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { ModelInfo } from '../client/types.js';

/** What of a context another server than llama.cpp's tells. */
export interface Window {
  /** Null where it has none. */
  readonly model: string | null;
  /** Tokens that one request may hold; null where the model is not in memory, or nothing is told. */
  readonly tokens: number | null;
  readonly trained: number | null;
  /** What the model's own settings say (Ollama's `num_ctx`); null where they say nothing. */
  readonly set: number | null;
  /** What the server gives where nothing is set, as far as is known; null where it has no such default. */
  readonly usual: number | null;
}

/** The model that would be asked: the one that is asked for, else one that is in memory, else the first. */
export function chosenModel(models: readonly ModelInfo[], wanted: string | null): ModelInfo | null {
  const named = models.find(({ id, aliases }) => id === wanted || aliases.includes(wanted ?? ''));
  if (wanted !== null) return named ?? null;
  return models.find(({ status }) => status === 'ready') ?? models[0] ?? null;
}

/** Asks another server than llama.cpp's what a request to a model may hold. Loads nothing. @throws LlamactlError */
export async function askWindow(
  client: LlamaCppClient,
  provider: ProviderType,
  model: ModelInfo | null,
  options: CallOptions,
): Promise<Window> {
  if (model === null) return { model: null, tokens: null, trained: null, set: null, usual: null };
  const { id, contextPerSlot: tokens, contextTrained } = model;
  if (provider !== 'ollama') {
    const found = tokens ?? (await kindOf(provider).contextSize(client, model, options));
    return { model: id, tokens: found, trained: contextTrained, set: null, usual: null };
  }
  return { model: id, tokens, ...(await ollamaWindow(client, model, options)) };
}

/**
 * What a request may hold: what is told or, of an Ollama that has yet to load the model, what it will be given.
 * @returns null where nobody knows; `isSure` is false for a default, which others than the model may have changed
 */
export function windowOf({
  tokens,
  set,
  usual,
  trained,
}: Window): { readonly tokens: number; readonly isSure: boolean } | null {
  if (tokens !== null) return { tokens, isSure: true };
  const given = set ?? usual;
  return given === null ? null : { tokens: Math.min(given, trained ?? given), isSure: set !== null };
}
