import type { Health } from '../wire/health.js';
import type { RouterEvent } from '../wire/models.js';
import type { Props } from '../wire/props.js';
import type { Slot } from '../wire/slots.js';
import { Emitter } from './emitter.js';
import type { CallOptions, EndpointCall, ModelQuery } from './endpoints/endpoint.js';
import type { CompletionParams, CompletionResult, InfillParams } from './endpoints/generation.js';
import type { MetricsAnswer } from './endpoints/status.js';
import type { Token, TokenizeParams } from './endpoints/tokens.js';
import type { HttpResponse } from './http-types.js';
import { type RawRequest, Requester } from './requester.js';
import { firstUsable, ServerFacts } from './server-facts.js';
import type {
  ChatEvent,
  ChatOptions,
  ChatResult,
  ClientEvents,
  ClientOptions,
  ContextSize,
  LLMClient,
  Message,
  ModelInfo,
  ModelList,
  Tool,
} from './types.js';

/**
 * A llama-server, spoken to: the specification's `LLMClient` and the server's own endpoints, over one pool of connections,
 * with failures classified and the recovery table obeyed. What a command does not use is not loaded.
 */
export class LlamaCppClient implements LLMClient {
  /** Normalised: no trailing slash, no `/v1`. Of several servers the first. */
  readonly baseUrl: string;
  readonly #events = new Emitter<ClientEvents>();
  readonly #requester: Requester;
  readonly #facts: ServerFacts;
  #model: string;

  /** @throws LlamactlError (usage) where the base URL or the key cannot be used */
  constructor(options: ClientOptions = {}) {
    this.#requester = new Requester(options, this.#events);
    this.#facts = new ServerFacts(this.#requester);
    this.#model = options.model ?? '';
    this.baseUrl = this.#requester.baseUrl;
  }

  /** Listens to what the client does. @returns a function that stops it */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Closes the connections once the requests under way have ended. */
  close(): Promise<void> {
    return this.#requester.close();
  }

  /** Closes the connections now; what is under way fails as interrupted. */
  destroy(): Promise<void> {
    return this.#requester.destroy();
  }

  // --- the specification's LLMClient ---------------------------------------------------------------------------

  /**
   * Waits for the server to be ready, picks a model and learns the context size.
   * @throws LlamactlError where the server cannot be used
   */
  async initialize(): Promise<void> {
    await this.health();
    const { models, source } = await this.listModels();
    if (this.#model === '') this.#model = firstUsable(models)?.id ?? '';
    await this.#facts.learnContextSize(this.#model, source === 'server' ? models : []);
  }

  async getAvailableModels(): Promise<string[]> {
    return (await this.listModels()).models.map((model) => model.id);
  }

  /** The model that is asked for; empty before one is known, when the server's own is used. */
  getCurrentModel(): string {
    return this.#model;
  }

  setModel(model: string): void {
    this.#model = model;
  }

  /** Tokens that one request may hold, as {@link initialize} found; the specification's 4,096 before. */
  getContextSize(): number {
    return this.#facts.contextSize.tokens;
  }

  /** The context size and where it is from. */
  get contextSize(): ContextSize {
    return this.#facts.contextSize;
  }

  /** llama-server keeps no conversation: each request carries its whole history, so there is nothing to clear. */
  async clearContext(): Promise<void> {}

  /**
   * One answer, whole.
   * @throws LlamactlError once recovery has nothing more to try
   */
  async chat(
    messages: readonly Message[],
    tools: readonly Tool[] = [],
    options: ChatOptions = {},
  ): Promise<ChatResult> {
    const { ChatTurn } = await import('./chat.js');
    return new ChatTurn(
      this.#requester,
      this.#facts,
      options.model ?? this.#model,
      messages,
      tools,
      options,
    ).whole();
  }

  /**
   * One answer, as it comes. The last event is `finish`. Leaving the loop early ends the request.
   * @throws LlamactlError while iterating; `details.partial` holds what had arrived
   */
  chatStream(
    messages: readonly Message[],
    tools: readonly Tool[] = [],
    options: ChatOptions = {},
  ): AsyncIterableIterator<ChatEvent> {
    return lazily(async () => {
      const { ChatTurn, streamTurn } = await import('./chat.js');
      const model = options.model ?? this.#model;
      return streamTurn((onStep, cancelled) => {
        const signal =
          options.signal === undefined ? cancelled : AbortSignal.any([options.signal, cancelled]);
        return new ChatTurn(
          this.#requester,
          this.#facts,
          model,
          messages,
          tools,
          { ...options, signal },
          onStep,
        );
      });
    });
  }

  // --- the server's own endpoints (specification 7.1) ----------------------------------------------------------

  async health(options: CallOptions = {}): Promise<Health> {
    const { health } = await import('./endpoints/status.js');
    return this.#requester.call(health(), options);
  }

  async props(query: ModelQuery & CallOptions = {}): Promise<Props> {
    const { props } = await import('./endpoints/status.js');
    return this.#requester.call(props(query), query);
  }

  /** WAKES a sleeping server. */
  async slots(query: ModelQuery & CallOptions = {}): Promise<Slot[]> {
    const { slots } = await import('./endpoints/status.js');
    return this.#requester.call(slots(query), query);
  }

  async metrics(query: ModelQuery & CallOptions = {}): Promise<MetricsAnswer> {
    const { metrics } = await import('./endpoints/status.js');
    return this.#requester.call(metrics(query), query);
  }

  /**
   * Listens to what a router's models do, until it is stopped or the connection ends.
   * @param onEnd the connection ended, or there was none: the server is no router
   * @returns what stops it
   */
  routerEvents(onEvent: (event: RouterEvent) => void, onEnd: () => void = () => undefined): () => void {
    let stop: (() => void) | null = null;
    let stopped = false;
    void import('./router-events.js').then(({ followRouterEvents }) => {
      if (!stopped) stop = followRouterEvents(this.#requester, onEvent, onEnd);
    });
    return () => {
      stopped = true;
      stop?.();
    };
  }

  /** The models as the server lists them. */
  models(options: CallOptions = {}): Promise<ModelInfo[]> {
    return this.#facts.models(options);
  }

  /** The server's models; where it cannot be asked for a list, the configured ones, and a `recovery` event says so. */
  listModels(options: CallOptions = {}): Promise<ModelList> {
    return this.#facts.listModels(options);
  }

  /** Asks for the context size anew: after a model switch, or when the server was restarted. */
  refreshContextSize(): Promise<ContextSize> {
    return this.#facts.learnContextSize(this.#model);
  }

  /** Takes a context size that was learnt in another way than llama-server's; null for none. */
  assumeContextSize(tokens: number | null): void {
    if (tokens !== null) this.#facts.assumeContextSize(tokens);
  }

  async tokenize(params: TokenizeParams, options: CallOptions = {}): Promise<Token[]> {
    const { tokenize } = await import('./endpoints/tokens.js');
    return this.#requester.call(tokenize(params), options);
  }

  async detokenize(tokens: readonly number[], options: ModelQuery & CallOptions = {}): Promise<string> {
    const { detokenize } = await import('./endpoints/tokens.js');
    return this.#requester.call(detokenize(tokens, options.model), options);
  }

  /** The prompt that a conversation becomes. */
  async applyTemplate(
    messages: readonly Message[],
    tools: readonly Tool[] = [],
    options: CallOptions = {},
  ): Promise<string> {
    const [{ applyTemplate }, { formatMessages }] = await Promise.all([
      import('./endpoints/tokens.js'),
      import('./messages.js'),
    ]);
    return this.#requester.call(applyTemplate(formatMessages(messages, { toolCalls: null }), tools), options);
  }

  async completion(params: CompletionParams, options: CallOptions = {}): Promise<CompletionResult> {
    const { completion } = await import('./endpoints/generation.js');
    return this.#requester.call(completion(params), options);
  }

  async infill(params: InfillParams, options: CallOptions = {}): Promise<CompletionResult> {
    const { infill } = await import('./endpoints/generation.js');
    return this.#requester.call(infill(params), options);
  }

  /** One vector for each input. */
  async embedding(input: string | readonly string[], options: CallOptions = {}): Promise<number[][]> {
    const { embedding } = await import('./endpoints/generation.js');
    return this.#requester.call(embedding(input), options);
  }

  /** One endpoint, its answer read; asked again as the recovery table says. */
  call<Result>(call: EndpointCall<Result>, options: CallOptions = {}): Promise<Result> {
    return this.#requester.call(call, options);
  }

  /**
   * One exchange as it is.
   * @throws LlamactlError for anything but a 2xx
   */
  request(request: RawRequest): Promise<HttpResponse> {
    return this.#requester.request(request);
  }
}

/** An iterator that is made when it is first asked; after that its `next` is called directly, at no cost an item. */
function lazily<T>(make: () => Promise<AsyncIterableIterator<T>>): AsyncIterableIterator<T> {
  let made: AsyncIterableIterator<T> | undefined;
  let making: Promise<AsyncIterableIterator<T>> | undefined;
  const get = async () => {
    making ??= make();
    made = await making;
    return made;
  };
  return {
    next: () => made?.next() ?? get().then((iterator) => iterator.next()),
    return: async () => {
      if (making === undefined) making = Promise.resolve(ended<T>());
      await (await get()).return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function ended<T>(): AsyncIterableIterator<T> {
  return {
    next: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
