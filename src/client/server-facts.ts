import { LlamactlError } from '../errors/llamactl-error.js';
import type { Props } from '../wire/props.js';
import type { CallOptions, ModelQuery } from './endpoints/endpoint.js';
import { FactsCache, type ServerIdentity } from './facts-cache.js';
import {
  configuredModel,
  contextSizeOf,
  FALLBACK_CONTEXT_SIZE,
  modelInfo,
  takesToolMessages,
} from './model-info.js';
import type { Requester } from './requester.js';
import type { ContextSize, ModelInfo, ModelList } from './types.js';

/** Failures after which the configured model names are better than none. */
const LISTLESS: ReadonlySet<string> = new Set([
  'CONNECTION_ERROR',
  'UNSUPPORTED_FEATURE',
  'INVALID_REQUEST',
  'MODEL_NOT_FOUND',
  'TIMEOUT_ERROR',
]);

/** Failures of servers without `/props`: other programs, and a router's model that is not loaded. */
const PROPLESS: ReadonlySet<string> = new Set([
  'connection.wrong-path',
  'connection.wrong-server',
  'feature.disabled',
  'model.not-found',
  'request.invalid-parameter',
]);

const USABLE: readonly ModelInfo['status'][] = ['ready', 'asleep', 'loading', 'unknown', 'unloaded'];

/** The model to use where none was named: one that is loaded before one that would have to be. */
export function firstUsable(list: readonly ModelInfo[]): ModelInfo | undefined {
  for (const status of USABLE) {
    const found = list.find((model) => model.status === status);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What is known of a server: its properties, models, and context size. */
export class ServerFacts {
  readonly #requester: Requester;
  readonly #cache: FactsCache;
  #props: Props | null = null;
  #context: ContextSize = { tokens: FALLBACK_CONTEXT_SIZE, source: 'fallback' };

  constructor(requester: Requester) {
    this.#requester = requester;
    this.#cache = new FactsCache(requester.options.cacheDirectory, requester.options.apiKey);
  }

  /** As {@link learnContextSize} found it last. */
  get contextSize(): ContextSize {
    return this.#context;
  }

  /** The models as the server lists them. */
  async models(options: CallOptions): Promise<ModelInfo[]> {
    const { models } = await import('./endpoints/status.js');
    const lists = await this.#requester.callEach(models(), options);
    const all = lists.flatMap(({ data }) => data.map(modelInfo));
    // Several servers have the same ones.
    return lists.length === 1
      ? all
      : [...new Map(all.reverse().map((model) => [model.id, model])).values()].reverse();
  }

  /** The server's models; where it cannot be asked for a list, the configured ones, and a `recovery` event says so. */
  async listModels(options: CallOptions): Promise<ModelList> {
    const { baseUrl, events, isBalanced } = this.#requester;
    // What one of several servers is says nothing of what the others have.
    const identity = isBalanced ? null : await this.#identity(options);
    const cached = identity === null ? null : await this.#cache.get(baseUrl, identity);
    if (cached !== null) return { models: cached, source: 'server' };
    try {
      const list = await this.models(options);
      if (identity !== null) await this.#cache.set(baseUrl, identity, list);
      return { models: list, source: 'server' };
    } catch (error) {
      const configured = this.#requester.options.models ?? [];
      if (configured.length === 0 || !(error instanceof LlamactlError) || !LISTLESS.has(error.type))
        throw error;
      events.emit('recovery', {
        type: 'MODEL_NOT_FOUND',
        code: 'model.not-found',
        action: 'fallback-model-list',
        message: `The server lists no models (${error.message}). Using the configured ones.`,
      });
      return { models: configured.map(configuredModel), source: 'configuration' };
    }
  }

  /** Asks for the context size of a model anew: after a switch, or when the server was restarted. */
  async learnContextSize(modelName: string, known?: readonly ModelInfo[]): Promise<ContextSize> {
    const isRouter = this.#props?.role === 'router';
    const props = await this.#propsOfSmallest(isRouter && modelName !== '' ? { model: modelName } : {});
    const list = known ?? (await this.listModels({})).models;
    const named = list.find(({ id, aliases }) => id === modelName || aliases.includes(modelName));
    this.#context = contextSizeOf(props, named ?? (isRouter ? undefined : list[0]));
    if (this.#context.source === 'fallback') {
      this.#requester.events.emit('recovery', {
        type: 'CONTEXT_OVERFLOW',
        code: 'context.overflow',
        action: 'fallback-context-size',
        message: `The server does not tell its context size. Assuming ${FALLBACK_CONTEXT_SIZE.toLocaleString('en-US')} tokens.`,
      });
    }
    return this.#context;
  }

  /** Whether the chat template takes tool calls and their results; null where nothing tells. */
  async takesToolMessages(): Promise<boolean | null> {
    this.#props ??= await this.propsOrNull({});
    return takesToolMessages(this.#props);
  }

  /** The server's properties; null where it has none to tell. A key that is missing or wrong is still an error. */
  async propsOrNull(query: ModelQuery & CallOptions): Promise<Props | null> {
    const { props } = await import('./endpoints/status.js');
    try {
      return await this.#requester.call(props(query), query);
    } catch (error) {
      if (error instanceof LlamactlError && PROPLESS.has(error.code)) return null;
      throw error;
    }
  }

  /** Of several servers the properties of the one whose slots hold least: any of them may get the next request. */
  async #propsOfSmallest(query: ModelQuery): Promise<Props | null> {
    if (!this.#requester.isBalanced) return this.propsOrNull(query);
    const { props } = await import('./endpoints/status.js');
    const all = await this.#requester.callEach(props(query), {});
    const size = (each: Props) => each.default_generation_settings?.n_ctx || Number.POSITIVE_INFINITY;
    return all.reduce<Props | null>(
      (least, each) => (least === null || size(each) < size(least) ? each : least),
      null,
    );
  }

  async #identity(options: CallOptions): Promise<ServerIdentity | null> {
    this.#props = await this.propsOrNull({ ...options });
    const { build_info: buildInfo, model_path: modelPath, role } = this.#props ?? {};
    // A router's list changes with every load, so it is always asked for.
    if (!buildInfo || !modelPath || role === 'router') return null;
    return {
      buildInfo,
      modelPath,
      modelAlias: this.#props?.model_alias ?? null,
      contextPerSlot: this.#props?.default_generation_settings?.n_ctx ?? null,
    };
  }
}
