import type { LlamaCppClient } from '../client/llama-client.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import type { OptionsInput } from './options.js';

/** What a running server is started with, as far as it tells. */
export interface Adopted {
  readonly options: OptionsInput;
  /** What was read, and what it does not tell. */
  readonly notes: readonly string[];
}

/**
 * Reads a live server, so that a deployment of the same can be written. Wakes no sleeper and loads no model.
 * @throws LlamactlError where it cannot be asked, (usage) where it is a router
 */
export async function adoptServer(client: LlamaCppClient, signal?: AbortSignal): Promise<Adopted> {
  const call = signal === undefined ? {} : { signal };
  const props = await client.props(call);
  if (props.role === 'router') {
    throw usageError(`${client.baseUrl} is a router, which does not tell where its models are from`, [
      { text: 'Name them instead:', commands: ['--model FIRST.gguf --model SECOND.gguf'] },
    ]);
  }
  const slots = props.total_slots ?? null;
  const perSlot = props.default_generation_settings?.n_ctx ?? null;
  const [, build] = /^b(\d{4,6})-/.exec(props.build_info ?? '') ?? [];
  const prefix = new URL(client.baseUrl).pathname.replace(/\/$/, '');
  const needsKey = await refusesWithoutKey(client, signal);
  const [model] = await client.models(call).catch(() => []);
  const path = props.model_path ?? null;
  return {
    options: {
      ...(path === null ? {} : { model: path }),
      ...(slots === null || perSlot === null ? {} : { parallel: slots, ctxSize: slots * perSlot }),
      ...(build === undefined ? {} : { build: `b${build}` }),
      ...(prefix === '' ? {} : { apiPrefix: prefix }),
      ...(needsKey ? { apiKeySecret: 'llama-api-key' } : {}),
    },
    notes: [
      `read ${client.baseUrl}: ${path ?? 'a model it does not name'}${slots === null ? '' : `, ${slots} slots of ${perSlot ?? '?'} tokens`}${props.build_info ? `, ${props.build_info}` : ''}`,
      ...(needsKey ? ['it wants a key: the secret llama-api-key is to hold it'] : []),
      ...(model?.sizeBytes ? [`its weights take ${(model.sizeBytes / 1024 ** 3).toFixed(2)} GiB`] : []),
      'it does not tell its GPU layers, cache types and threads: give --backend, --gpus, --cache-type and --cpu',
      'where its slots share one pool (started without -np), give --ctx-size: it says the whole pool for each',
      ...(build === undefined ? ['its build has no number that an image could be named by'] : []),
    ],
  };
}

/** Whether the same question without the key is refused. */
async function refusesWithoutKey(client: LlamaCppClient, signal?: AbortSignal): Promise<boolean> {
  const { LlamaCppClient: Client } = await import('../client/llama-client.js');
  const stranger = new Client({ baseUrl: client.baseUrl, maxRetries: 0 });
  try {
    await stranger.props(signal === undefined ? {} : { signal });
    return false;
  } catch (error) {
    return error instanceof LlamactlError && error.type === 'AUTHENTICATION_ERROR';
  } finally {
    await stranger.destroy();
  }
}
