import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ProviderType } from '../../client/providers/provider.js';
import type { ModelInfo } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { Props } from '../../wire/props.js';

/** The server before the load. Null where it does not tell. */
export interface ServerFacts {
  /** Whether llama-server's own endpoints can be asked. */
  readonly isLlamaServer: boolean;
  readonly build: string | null;
  readonly model: string | null;
  readonly slots: number | null;
  /** Tokens that one request may hold. */
  readonly contextPerSlot: number | null;
  /** Milliseconds to connect and to be answered, while nothing else is asked. */
  readonly networkMs: number;
}

export interface PreflightOptions {
  readonly client: LlamaCppClient;
  /** For each a new connection, as each streamed answer needs one. */
  readonly openAnother: () => LlamaCppClient;
  readonly provider: ProviderType;
  /** As it was asked for. */
  readonly model: string | undefined;
  readonly signal: AbortSignal;
  /** What the user should know before the first request. */
  readonly onNote: (sentence: string) => void;
}

const LOOKS = 5;

/**
 * Looks at the server, without waking or loading anything, and tells what the load will wake or load.
 * @throws LlamactlError where it cannot be used
 */
export async function lookAtServer(options: PreflightOptions): Promise<ServerFacts> {
  const { client, provider, model, signal, onNote } = options;
  const isOther = provider === 'ollama' || provider === 'openrouter';
  const props = isOther ? null : await propsOf(client, signal);
  const isLlamaServer = props !== null;
  const networkMs = await networkTime(options, isLlamaServer ? '/health' : '/v1/models');
  if (props === null)
    return { isLlamaServer, build: null, model: model ?? null, slots: null, contextPerSlot: null, networkMs };
  const models = await orNull(client.models({ signal }));
  const isRouter = props.role === 'router';
  const named =
    models?.find(({ id, aliases }) => id === model || (model !== undefined && aliases.includes(model))) ??
    (isRouter ? undefined : models?.[0]);
  if (props.is_sleeping) onNote('The model sleeps: the first request wakes it.');
  else if (named !== undefined) noteState(named, onNote);
  if (
    !isRouter &&
    named !== undefined &&
    model !== undefined &&
    ![named.id, ...named.aliases].includes(model)
  )
    onNote(`The server has no model "${model}" and ignores the name: "${named.id}" answers.`);
  return {
    isLlamaServer,
    build: props.build_info ?? null,
    model: named?.id ?? props.model_alias ?? model ?? null,
    slots: props.total_slots || null,
    contextPerSlot: props.default_generation_settings?.n_ctx || named?.contextPerSlot || null,
    networkMs,
  };
}

/** What only a loaded model of a router tells: its slots, and what one of them holds. */
export async function lookAtRouted(
  client: LlamaCppClient,
  facts: ServerFacts,
  signal: AbortSignal,
): Promise<ServerFacts> {
  if (!facts.isLlamaServer || facts.slots !== null || facts.model === null) return facts;
  const props = await orNull(client.props({ model: facts.model, signal }));
  return {
    ...facts,
    slots: props?.total_slots || null,
    contextPerSlot: props?.default_generation_settings?.n_ctx || facts.contextPerSlot,
  };
}

function noteState({ id, status }: ModelInfo, onNote: (sentence: string) => void): void {
  if (status === 'unloaded' || status === 'failed')
    onNote(`${id} is not loaded: the first request loads it.`);
  if (status === 'asleep') onNote(`${id} sleeps: the first request wakes it.`);
}

/**
 * Null where what answers is no llama-server. One that loads is waited for, as long as the client does.
 * @throws LlamactlError where nothing answers, or the key is wrong
 */
async function propsOf(client: LlamaCppClient, signal: AbortSignal): Promise<Props | null> {
  try {
    return await client.props({ signal });
  } catch (error) {
    // Another program that speaks OpenAI's API: what it lacks is not what is measured.
    if (
      error instanceof LlamactlError &&
      (error.code === 'connection.wrong-server' ||
        error.code === 'connection.wrong-path' ||
        error.code === 'feature.disabled')
    )
      return null;
    throw error;
  }
}

/**
 * The shortest of some: the longer ones waited for something. A server that does not answer the question is measured by how
 * soon it refuses.
 */
async function networkTime({ openAnother, signal }: PreflightOptions, path: string): Promise<number> {
  const times: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    const client = openAnother();
    const startedMs = performance.now();
    await orNull(client.request({ method: 'GET', path, signal }));
    times.push(performance.now() - startedMs);
    await client.destroy();
  }
  return Math.min(...times);
}

/** What is nice to know and no reason to stop. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
    throw error;
  }
}
