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
  if (provider === 'ollama' || provider === 'openrouter') {
    const { kindOf } = await import('../client/providers/kinds.js');
    return { models: await kindOf(provider).discover(client, { signal }), source: 'server' };
  }
  const [list, asleep] = await Promise.all([
    provider === 'openai-compatible' ? openList(client, signal) : client.listModels({ signal }),
    isAsleep(client, signal),
  ]);
  if (!asleep) return list;
  const models = list.models.map(
    (model): ModelInfo => (model.status === 'ready' ? { ...model, status: 'asleep' } : model),
  );
  return { ...list, models };
}

/** What the program that answers tells of its models; where it tells none, what OpenAI's list or the configuration has. */
async function openList(client: LlamaCppClient, signal: AbortSignal): Promise<ModelList> {
  const { openAiModels } = await import('../client/providers/openai-models.js');
  try {
    return { models: await openAiModels(client, { signal, retries: 0 }), source: 'server' };
  } catch (error) {
    if (signal.aborted) throw error;
    return client.listModels({ signal });
  }
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
