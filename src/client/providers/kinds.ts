import { llamaCpp } from './llama-cpp.js';
import { ollama } from './ollama.js';
import { openAiCompatible } from './openai-compatible.js';
import { openRouter } from './openrouter.js';
import type { ProviderKind, ProviderType } from './provider.js';

/** Every kind of provider, in the order in which the specification falls back. */
export const PROVIDER_KINDS: readonly ProviderKind[] = [ollama, openRouter, openAiCompatible, llamaCpp];

/** What is known of a kind. */
export function kindOf(type: ProviderType): ProviderKind {
  return PROVIDER_KINDS.find((kind) => kind.type === type) ?? llamaCpp;
}
