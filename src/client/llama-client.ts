import { errorOf, toError } from '../catalogue/to-error.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { createRedactor, type Redactor } from '../errors/redact.js';
import { parseBaseUrl } from '../wire/base-url.js';
import type { Health } from '../wire/health.js';
import type { Props } from '../wire/props.js';
import type { Slot } from '../wire/slots.js';
import { AsyncQueue } from './async-queue.js';
import { type PartialAnswer, timingsOf, usageOf } from './chat-accumulator.js';
import { chatBody } from './chat-request.js';
import { openChatStream, type StreamAttempt } from './chat-stream.js';
import { Emitter } from './emitter.js';
import type { CallOptions, EndpointCall, ModelQuery } from './endpoints/endpoint.js';
import {
  type CompletionParams,
  type CompletionResult,
  chatCompletion,
  completion,
  embedding,
  type InfillParams,
  infill,
} from './endpoints/generation.js';
import { health, type MetricsAnswer, metrics, models, props, slots } from './endpoints/status.js';
import { applyTemplate, detokenize, type Token, type TokenizeParams, tokenize } from './endpoints/tokens.js';
import { FactsCache } from './facts-cache.js';
import { type HttpRequest, type HttpResponse, HttpTransport } from './http.js';
import { formatMessages, usesToolMessages, type WireMessage } from './messages.js';
import {
  configuredModel,
  contextSizeOf,
  FALLBACK_CONTEXT_SIZE,
  modelInfo,
  takesToolMessages,
} from './model-info.js';
import { createDispatcher, POOL_DEFAULTS } from './pool.js';
import { type Attempt, Recoverer, type RecoveryHooks } from './recoverer.js';
import { parseToolCalls } from './tool-calls.js';
import { TransportError } from './transport-error.js';
import { truncateMessages } from './truncate.js';
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
  RecoveryStep,
  Tool,
} from './types.js';

export const DEFAULT_BASE_URL = 'http://localhost:8080';
export const DEFAULT_TIMEOUT = 30_000;
export const DEFAULT_MAX_RETRIES = 3;

/** Milliseconds: what a healthy server answers in no time gets no longer than this, whatever the timeout for an answer. */
const QUICK_TIMEOUT = 10_000;
/** Milliseconds to tell a slow prefill from a server that answers nothing. */
const ALIVE_TIMEOUT = 3000;

export interface RawRequest {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Default false: one try. */
  readonly retry?: boolean;
}

/**
 * A llama-server, spoken to: the specification's `LLMClient` and the server's own endpoints, over one pool of connections,
 * with failures classified and the recovery table obeyed.
 */
export class LlamaCppClient implements LLMClient {
  /** Normalised: no trailing slash, no `/v1`. */
  readonly baseUrl: string;
  readonly #options: ClientOptions;
  readonly #transport: HttpTransport;
  readonly #events = new Emitter<ClientEvents>();
  readonly #redact: Redactor;
  readonly #cache: FactsCache;
  #model: string;
  #context: ContextSize = { tokens: FALLBACK_CONTEXT_SIZE, source: 'fallback' };
  #props: Props | null = null;

  /** @throws LlamactlError (usage) where the base URL or the key cannot be used */
  constructor(options: ClientOptions = {}) {
    const parsed = parseBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL);
    if (!parsed.ok) {
      throw usageError(`${JSON.stringify(options.baseUrl)} cannot be a server's URL: ${parsed.reason}`, [
        {
          text: 'Give the address that llama-server prints, for example:',
          commands: ['--url http://localhost:8080'],
        },
      ]);
    }
    if (options.apiKey !== undefined && /[^\x20-\x7e]/.test(options.apiKey)) {
      throw usageError('the API key contains a line break or another character that no header can carry', [
        { text: 'Give the key alone, without quotes or a line end.', commands: [] },
      ]);
    }
    this.baseUrl = parsed.baseUrl;
    this.#options = options;
    this.#model = options.model ?? '';
    this.#redact = createRedactor([options.apiKey]);
    this.#cache = new FactsCache(options.cacheDirectory);
    const pool = { ...POOL_DEFAULTS, ...options.pool };
    this.#transport = new HttpTransport({
      baseUrl: this.baseUrl,
      ...(options.apiKey ? { apiKey: options.apiKey } : {}),
      maxConnections: pool.maxConnections,
      connectionTimeout: pool.connectionTimeout,
      signal: options.signal,
      dispatcher: () => dispatcherFor(this.baseUrl, options, pool),
      onWaiting: (state) => this.#events.emit('waiting', state),
      onExchange: (record) => {
        if (this.#events.has('exchange')) this.#events.emit('exchange', this.#masked(record()));
      },
    });
  }

  /** Listens to what the client does. @returns a function that stops it */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Closes the connections once the requests under way have ended. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  /** Closes the connections now. */
  destroy(): Promise<void> {
    return this.#transport.destroy();
  }

  // --- the specification's LLMClient ---------------------------------------------------------------------------

  /**
   * Waits for the server to be ready, picks a model and learns the context size.
   * @throws LlamactlError where the server cannot be used
   */
  async initialize(): Promise<void> {
    await this.health();
    const { models: list, source } = await this.listModels();
    if (this.#model === '') this.#model = firstUsable(list)?.id ?? '';
    await this.refreshContextSize(source === 'server' ? list : []);
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
    return this.#context.tokens;
  }

  /** The context size and where it is from. */
  get contextSize(): ContextSize {
    return this.#context;
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
    const recoverer = this.#recovererFor(options, tools);
    let attempt = this.#firstAttempt(messages, options, false);
    for (;;) {
      try {
        return await this.#chatOnce(attempt, tools, options, recoverer);
      } catch (error) {
        attempt = await recoverer.after(error, attempt);
      }
    }
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
    const cancel = new AbortController();
    let current: StreamAttempt | undefined;
    const queue: AsyncQueue<ChatEvent> = new AsyncQueue<ChatEvent>({
      start: () => void drive(),
      pause: () => current?.pause(),
      resume: () => current?.resume(),
      cancel: () => {
        cancel.abort();
        current?.abort();
      },
    });
    const emit = (event: ChatEvent) => queue.push(event);
    const drive = async () => {
      const recoverer = this.#recovererFor(
        { ...options, signal: options.signal ?? cancel.signal },
        tools,
        (step) => emit({ type: 'recovery', step }),
      );
      let attempt = this.#firstAttempt(messages, options, true);
      while (!cancel.signal.aborted) {
        try {
          if (attempt.stream === false) {
            const result = await this.#chatOnce(
              attempt,
              tools,
              { ...options, signal: options.signal ?? cancel.signal },
              recoverer,
            );
            for (const event of eventsOf(result)) emit(event);
          } else {
            const body = chatBody(await this.#chatRequest(attempt, tools, options, recoverer), true);
            if (cancel.signal.aborted) return;
            current = openChatStream(
              this.#transport,
              {
                body,
                firstTokenMs: attempt.timeoutMs,
                idleMs: this.#options.idleTimeout ?? attempt.timeoutMs,
                model: attempt.model ?? '',
                signal: options.signal,
                context: this.#errorContext(),
              },
              emit,
            );
            const answer = await current.answer;
            const partial = answer.partial();
            if (partial.toolCallProblems.length > 0) throw await this.#unusableToolCall(partial);
            emit({ type: 'finish', result: answer.result(recoverer.steps) });
          }
          return queue.end();
        } catch (error) {
          try {
            attempt = await recoverer.after(error, attempt);
          } catch (final) {
            return queue.fail(final);
          }
        }
      }
    };
    return queue;
  }

  // --- the server's own endpoints (specification 7.1) ----------------------------------------------------------

  health(options: CallOptions = {}): Promise<Health> {
    return this.#call(health(), options);
  }

  props(query: ModelQuery & CallOptions = {}): Promise<Props> {
    return this.#call(props(query), query);
  }

  slots(query: ModelQuery & CallOptions = {}): Promise<Slot[]> {
    return this.#call(slots(query), query);
  }

  metrics(query: ModelQuery & CallOptions = {}): Promise<MetricsAnswer> {
    return this.#call(metrics(query), query);
  }

  /** The models as the server lists them. */
  async models(options: CallOptions = {}): Promise<ModelInfo[]> {
    return (await this.#call(models(), options)).data.map(modelInfo);
  }

  tokenize(params: TokenizeParams, options: CallOptions = {}): Promise<Token[]> {
    return this.#call(tokenize(params), options);
  }

  detokenize(tokens: readonly number[], options: CallOptions = {}): Promise<string> {
    return this.#call(detokenize(tokens), options);
  }

  applyTemplate(
    messages: readonly Message[],
    tools: readonly Tool[] = [],
    options: CallOptions = {},
  ): Promise<string> {
    return this.#call(applyTemplate(formatMessages(messages, { toolCalls: null }), tools), options);
  }

  completion(params: CompletionParams, options: CallOptions = {}): Promise<CompletionResult> {
    return this.#call(completion(params), options);
  }

  infill(params: InfillParams, options: CallOptions = {}): Promise<CompletionResult> {
    return this.#call(infill(params), options);
  }

  embedding(input: string | readonly string[], options: CallOptions = {}): Promise<number[][]> {
    return this.#call(embedding(input), options);
  }

  /** The server's models; where it cannot be asked for a list, the configured ones, and a `recovery` event says so. */
  async listModels(options: CallOptions = {}): Promise<ModelList> {
    const identity = await this.#identity(options);
    const cached = identity === null ? null : await this.#cache.get(this.baseUrl, identity);
    if (cached !== null) return { models: cached, source: 'server' };
    try {
      const list = await this.models(options);
      if (identity !== null) await this.#cache.set(this.baseUrl, identity, list);
      return { models: list, source: 'server' };
    } catch (error) {
      const configured = this.#options.models ?? [];
      if (configured.length === 0 || !(error instanceof LlamactlError) || !LISTLESS.has(error.type))
        throw error;
      this.#events.emit('recovery', {
        type: 'MODEL_NOT_FOUND',
        code: 'model.not-found',
        action: 'fallback-model-list',
        message: `The server lists no models (${error.message}). Using the configured ones.`,
      });
      return { models: configured.map(configuredModel), source: 'configuration' };
    }
  }

  /** Learns the context size anew: after a model switch, or when the server was restarted. */
  async refreshContextSize(known?: readonly ModelInfo[]): Promise<ContextSize> {
    const isRouter = this.#props?.role === 'router';
    const facts = await this.#propsOrNull(isRouter && this.#model !== '' ? { model: this.#model } : {});
    const list = known ?? (await this.listModels()).models;
    const model =
      list.find(({ id, aliases }) => id === this.#model || aliases.includes(this.#model)) ??
      (isRouter ? undefined : list[0]);
    this.#context = contextSizeOf(facts, model);
    if (this.#context.source === 'fallback') {
      this.#events.emit('recovery', {
        type: 'CONTEXT_OVERFLOW',
        code: 'context.overflow',
        action: 'fallback-context-size',
        message: `The server does not tell its context size. Assuming ${FALLBACK_CONTEXT_SIZE.toLocaleString('en-US')} tokens.`,
      });
    }
    return this.#context;
  }

  /**
   * One exchange as it is.
   * @throws LlamactlError for anything but a 2xx
   */
  async request(request: RawRequest): Promise<HttpResponse> {
    const timeoutMs = request.timeoutMs ?? this.#timeout;
    const call = {
      method: request.method,
      path: request.path,
      ...(request.body === undefined ? {} : { body: request.body }),
      read: (body: string) => body,
    };
    let response: HttpResponse | undefined;
    const send = async (ms: number) => {
      response = await this.#send(call, ms, request.signal);
      return response;
    };
    if (request.retry !== true) return send(timeoutMs);
    return this.#recovering(send, {
      timeout: timeoutMs,
      ...(request.signal ? { signal: request.signal } : {}),
    });
  }

  // --- inside --------------------------------------------------------------------------------------------------

  get #timeout(): number {
    return this.#options.timeout ?? DEFAULT_TIMEOUT;
  }

  get #maxRetries(): number {
    return this.#options.maxRetries ?? DEFAULT_MAX_RETRIES;
  }

  async #call<Result>(call: EndpointCall<Result>, options: CallOptions): Promise<Result> {
    const timeout = options.timeout ?? (call.quick ? Math.min(this.#timeout, QUICK_TIMEOUT) : this.#timeout);
    return this.#recovering(
      async (timeoutMs) => {
        const response = await this.#send(call, timeoutMs, options.signal);
        try {
          return call.read(response.body);
        } catch (cause) {
          const failure = { kind: 'response', ...this.#factsOf(call), ...response } as const;
          const error = await toError(failure, this.#errorContext());
          throw new LlamactlError({
            ...pick(error),
            evidence: [...error.evidence, describeMismatch(cause)],
            cause,
          });
        }
      },
      { ...options, timeout },
    );
  }

  /** Obeys the recovery table for a plain request. A quick one that timed out is not asked again: it is not slow. */
  async #recovering<Result>(
    send: (timeoutMs: number) => Promise<Result>,
    options: CallOptions & { timeout: number },
  ): Promise<Result> {
    const recoverer = new Recoverer({
      maxRetries: options.retries ?? this.#maxRetries,
      fallback: false,
      loadingDeadlineMs: this.#timeout,
      signals: [options.signal, this.#options.signal],
      hooks: { assertAlive: () => this.#assertAlive(options.signal) },
      onStep: (step) => this.#events.emit('recovery', step),
    });
    let attempt: Attempt = { timeoutMs: options.timeout };
    for (;;) {
      try {
        return await send(attempt.timeoutMs);
      } catch (error) {
        attempt = await recoverer.after(error, attempt);
      }
    }
  }

  async #send(
    call: Omit<EndpointCall<unknown>, 'read'>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const facts = this.#factsOf(call);
    let response: HttpResponse;
    try {
      response = await this.#transport.request({
        method: call.method,
        path: call.path,
        body: call.body,
        timeoutMs,
        signal,
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { cause, phase } = error;
      throw await toError(
        {
          kind: 'exception',
          ...facts,
          error: cause,
          phase,
          ...(error.timeoutMs === undefined ? {} : { timeoutMs: error.timeoutMs }),
        },
        this.#errorContext(),
      );
    }
    if (response.status >= 200 && response.status < 300) return response;
    throw await toError({ kind: 'response', ...facts, ...response }, this.#errorContext());
  }

  #factsOf(call: { readonly method: string; readonly path: string; readonly body?: unknown }) {
    const body = call.body;
    const model =
      typeof body === 'object' && body !== null && 'model' in body && typeof body.model === 'string'
        ? body.model
        : undefined;
    return {
      url: this.#transport.urlOf(call.path),
      method: call.method,
      path: call.path,
      sentKey: this.#transport.sendsKey,
      ...(model === undefined ? {} : { model }),
    };
  }

  #errorContext() {
    const url = new URL(this.baseUrl);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    return {
      url: this.baseUrl,
      host: url.hostname,
      port,
      redact: this.#redact,
      ...(this.#props?.model_path ? { model: this.#props.model_path } : {}),
    };
  }

  #masked(record: ClientEvents['exchange']): ClientEvents['exchange'] {
    const mask = (headers: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          /^authorization$|api-key/i.test(name) ? 'Bearer ***' : this.#redact(value),
        ]),
      );
    return {
      ...record,
      url: this.#redact(record.url),
      requestHeaders: mask(record.requestHeaders),
      responseHeaders: mask(record.responseHeaders),
      requestBody: record.requestBody === null ? null : this.#redact(record.requestBody),
      error: record.error === null ? null : this.#redact(record.error),
    };
  }

  #firstAttempt(messages: readonly Message[], options: ChatOptions, stream: boolean): Attempt {
    const model = options.model ?? this.#model;
    return {
      timeoutMs: options.timeout ?? this.#timeout,
      messages,
      stream,
      ...(model === '' ? {} : { model }),
    };
  }

  async #chatRequest(attempt: Attempt, tools: readonly Tool[], options: ChatOptions, recoverer: Recoverer) {
    return {
      model: attempt.model ?? '',
      messages: await this.#wireMessages(attempt.messages ?? [], recoverer),
      tools,
      options,
    };
  }

  async #chatOnce(
    attempt: Attempt,
    tools: readonly Tool[],
    options: ChatOptions,
    recoverer: Recoverer,
  ): Promise<ChatResult> {
    const call = chatCompletion(chatBody(await this.#chatRequest(attempt, tools, options, recoverer), false));
    const answer = await this.#call(call, {
      timeout: attempt.timeoutMs,
      retries: 0,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const choice = answer.choices[0];
    const raw = (choice?.message.tool_calls ?? []).map((each, index) => ({
      id: each.id || `call_${index}`,
      name: each.function?.name ?? '',
      arguments: each.function?.arguments ?? '',
    }));
    const { toolCalls, problems } = parseToolCalls(raw);
    const result = {
      content: choice?.message.content ?? '',
      reasoning: choice?.message.reasoning_content ?? '',
      toolCalls,
      finishReason: choice?.finish_reason ?? 'stop',
      model: answer.model ?? '',
      usage: usageOf(answer.usage, answer.timings),
      timings: timingsOf(answer.timings),
      recovery: recoverer.steps,
    };
    if (problems.length > 0) throw await this.#unusableToolCall({ ...result, toolCallProblems: problems });
    return result;
  }

  async #wireMessages(messages: readonly Message[], recoverer: Recoverer): Promise<WireMessage[]> {
    if (!usesToolMessages(messages)) return formatMessages(messages, { toolCalls: null });
    this.#props ??= await this.#propsOrNull({});
    const toolCalls = takesToolMessages(this.#props);
    if (
      toolCalls === false &&
      !recoverer.steps.some(({ action }) => action === 'tool-results-as-user-messages')
    ) {
      recoverer.note({
        type: 'UNSUPPORTED_FEATURE',
        code: 'feature.unsupported-input',
        action: 'tool-results-as-user-messages',
        message: "The model's chat template knows no tools. Sending their results as user messages.",
      });
    }
    return formatMessages(messages, { toolCalls });
  }

  async #unusableToolCall(partial: PartialAnswer): Promise<LlamactlError> {
    const problem = partial.toolCallProblems[0];
    const cut = partial.finishReason === 'length' ? ' (the answer was cut at its token limit)' : '';
    const error = await errorOf(
      {
        type: 'INVALID_REQUEST',
        code: 'request.tool-call-parse',
        message: `the model's call of ${problem?.name || 'a tool'} cannot be used: ${problem?.reason ?? 'unreadable'}${cut}`,
        evidence: partial.toolCallProblems.map(
          ({ name, text }) => `${name || 'unnamed'}(${text.slice(0, 200)})`,
        ),
        details: { partial, visible: true },
      },
      this.#errorContext(),
    );
    return error;
  }

  #recovererFor(
    options: ChatOptions,
    tools: readonly Tool[],
    onStep?: (step: RecoveryStep) => void,
  ): Recoverer {
    const call = { ...(options.signal === undefined ? {} : { signal: options.signal }), retries: 0 };
    const hooks: RecoveryHooks = {
      assertAlive: () => this.#assertAlive(options.signal),
      otherModel: async (failed) => {
        const list = await this.models(call);
        return (
          firstUsable(list.filter(({ id, aliases }) => id !== failed && !aliases.includes(failed ?? '')))
            ?.id ?? null
        );
      },
      truncate: async ({ messages = [] }, error) => {
        const nCtx = error.details['nCtx'];
        const contextSize = typeof nCtx === 'number' ? nCtx : (await this.refreshContextSize()).tokens;
        const count = async (some: readonly Message[]) => {
          const prompt = await this.applyTemplate(some, tools, call);
          return (await this.tokenize({ content: prompt, addSpecial: true }, call)).length;
        };
        return truncateMessages(messages, { contextSize, maxTokens: options.maxTokens, count });
      },
    };
    return new Recoverer({
      maxRetries: this.#maxRetries,
      fallback: this.#options.fallback ?? true,
      loadingDeadlineMs: options.timeout ?? this.#timeout,
      signals: [options.signal, this.#options.signal],
      hooks,
      onStep: (step) => {
        this.#events.emit('recovery', step);
        onStep?.(step);
      },
    });
  }

  /** @throws LlamactlError (server.wedged, or what else is wrong) where `/health` does not answer soon */
  async #assertAlive(signal?: AbortSignal): Promise<void> {
    await this.#send(health(), Math.min(ALIVE_TIMEOUT, this.#timeout), signal);
  }

  async #identity(options: CallOptions): Promise<{ buildInfo: string; modelPath: string } | null> {
    this.#props = await this.#propsOrNull({ ...options });
    const { build_info: buildInfo, model_path: modelPath, role } = this.#props ?? {};
    // A router's list changes with every load, so it is always asked for.
    return buildInfo && modelPath && role !== 'router' ? { buildInfo, modelPath } : null;
  }

  /** The server's properties; null where it has none to tell. A key that is missing or wrong is still an error. */
  async #propsOrNull(query: ModelQuery & CallOptions): Promise<Props | null> {
    try {
      return await this.props(query);
    } catch (error) {
      if (error instanceof LlamactlError && PROPLESS.has(error.code)) return null;
      throw error;
    }
  }
}

/** Failures after which the configured model names are better than none. */
const LISTLESS: ReadonlySet<string> = new Set([
  'CONNECTION_ERROR',
  'UNSUPPORTED_FEATURE',
  'INVALID_REQUEST',
  'MODEL_NOT_FOUND',
  'TIMEOUT_ERROR',
]);

/** Servers without `/props`: other programs, and a router's model that is not loaded. */
const PROPLESS: ReadonlySet<string> = new Set([
  'connection.wrong-path',
  'connection.wrong-server',
  'feature.disabled',
  'model.not-found',
  'request.invalid-parameter',
]);

const USABLE: readonly ModelInfo['status'][] = ['ready', 'asleep', 'loading', 'unknown', 'unloaded'];

/** The model to use where none was named: one that is loaded before one that would have to be. */
function firstUsable(list: readonly ModelInfo[]): ModelInfo | undefined {
  for (const status of USABLE) {
    const found = list.find((model) => model.status === status);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A whole answer as the events of a stream. */
function* eventsOf(result: ChatResult): Iterable<ChatEvent> {
  if (result.reasoning !== '') yield { type: 'reasoning', text: result.reasoning };
  if (result.content !== '') yield { type: 'content', text: result.content };
  for (const [index, call] of result.toolCalls.entries()) {
    yield {
      type: 'tool-call-delta',
      index,
      id: call.id,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    };
  }
  yield { type: 'finish', result };
}

async function dispatcherFor(baseUrl: string, options: ClientOptions, pool: typeof POOL_DEFAULTS) {
  if (options.dispatcher !== undefined) {
    if (isDispatcher(options.dispatcher)) return options.dispatcher;
    throw usageError('the dispatcher is none of undici: it has no dispatch()');
  }
  return createDispatcher({
    baseUrl,
    pool,
    env: options.env ?? process.env,
    ...(options.caCert === undefined ? {} : { caCert: options.caCert }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
  });
}

function isDispatcher(value: object): value is import('undici').Dispatcher {
  return 'dispatch' in value && typeof value.dispatch === 'function';
}

function describeMismatch(cause: unknown): string {
  if (cause instanceof SyntaxError) return `not JSON: ${cause.message}`;
  if (typeof cause === 'object' && cause !== null && 'issues' in cause && Array.isArray(cause.issues)) {
    const issue: unknown = cause.issues[0];
    if (
      typeof issue === 'object' &&
      issue !== null &&
      'path' in issue &&
      Array.isArray(issue.path) &&
      'message' in issue
    ) {
      return `not what llama-server answers: ${issue.path.join('.') || 'the body'}: ${String(issue.message)}`;
    }
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function pick(error: LlamactlError) {
  const { type, code, message, remedies, details, exit } = error;
  return { type, code, message, remedies, details, exit };
}
