import type { LlamaCppClient } from '../llama-client.js';
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

/** Milliseconds to see whether a server that failed is there again. */
const LOOK_TIMEOUT = 3000;

/** One soon look at a server that failed before. @throws LlamactlError where it cannot be used yet */
export async function lookAgain(
  client: LlamaCppClient,
  type: ProviderType,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { timeout: LOOK_TIMEOUT, retries: 0 };
  await kindOf(type).discover(client, signal === undefined ? options : { ...options, signal });
}
