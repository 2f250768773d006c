import type { LlamaCppClient } from '../client/llama-client.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { ModelInfo, ModelList } from '../client/types.js';
import { LlamactlError } from '../errors/llamactl-error.js';

/** The server's models, a sleeping one told from a ready one. Wakes and loads nothing. */
export async function listModels(
  client: LlamaCppClient,
  signal: AbortSignal,
  provider: ProviderType = 'llama-cpp',
): Promise<ModelList> {
  // Of what is only known to speak OpenAI's API, a llama-server lists more than others.
  if (provider === 'ollama' || provider === 'openrouter') {
    const { kindOf } = await import('../client/providers/kinds.js');
    return { models: await kindOf(provider).discover(client, { signal }), source: 'server' };
  }
  const [list, asleep] = await Promise.all([client.listModels({ signal }), isAsleep(client, signal)]);
  if (!asleep) return list;
  const models = list.models.map(
    (model): ModelInfo => (model.status === 'ready' ? { ...model, status: 'asleep' } : model),
  );
  return { ...list, models };
}

/** Whether the server's model sleeps; false where it does not tell. One try: what goes on beside it has its own. */
export async function isAsleep(client: LlamaCppClient, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.props({ signal, retries: 0 })).is_sleeping === true;
  } catch (error) {
    if (
      error instanceof LlamactlError &&
      error.type !== 'INTERRUPTED' &&
      error.type !== 'AUTHENTICATION_ERROR'
    )
      return false;
    throw error;
  }
}
