import { llamaCpp } from './llama-cpp.js';
import { ollama } from './ollama.js';
import { openAiCompatible } from './openai-compatible.js';
import { openRouter } from './openrouter.js';
import type { ProviderKind, ProviderType } from './provider.js';

const KINDS: Readonly<Record<ProviderType, ProviderKind>> = {
  ollama,
  openrouter: openRouter,
  'openai-compatible': openAiCompatible,
  'llama-cpp': llamaCpp,
};

/** What is known of a kind. */
export function kindOf(type: ProviderType): ProviderKind {
  return KINDS[type];
}
