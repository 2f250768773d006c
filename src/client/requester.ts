import { toError } from '../catalogue/to-error.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { createRedactor, type Redactor } from '../errors/redact.js';
import { parseBaseUrl, withoutUserInformation } from '../wire/base-url.js';
import type { Emitter } from './emitter.js';
import type { CallOptions, EndpointCall } from './endpoints/endpoint.js';
import { HttpTransport } from './http.js';
import type { HttpRequest, HttpResponse } from './http-types.js';
import { createDispatcher, POOL_DEFAULTS } from './pool.js';
import { type Attempt, Recoverer } from './recoverer.js';
import { TransportError } from './transport-error.js';
import type { ClientEvents, ClientOptions } from './types.js';

export const DEFAULT_BASE_URL = 'http://localhost:8080';
export const DEFAULT_TIMEOUT = 30_000;

/** Milliseconds: what a healthy server answers in no time gets no longer than this, whatever the timeout for an answer. */
const QUICK_TIMEOUT = 10_000;
/** Failures after which nobody knows whether the server did what it was asked. */
const UNCERTAIN: ReadonlySet<string> = new Set([
  'connection.reset',
  'connection.timeout',
  'network.proxy-interference',
  'server.wedged',
]);
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

/** Headers whose value is never shown. */
const CREDENTIALS = /^(?:proxy-)?authorization$|^(?:set-)?cookie$|api-?key|token|secret/i;

/** Requests to one server: sent, classified when they fail, and asked again as the recovery table says. */
export class Requester {
  /** Normalised: no trailing slash, no `/v1`. */
  readonly baseUrl: string;
  readonly options: ClientOptions;
  readonly transport: HttpTransport;
  readonly events: Emitter<ClientEvents>;
  /** Ends every request, and every wait for a further try. */
  readonly signal: AbortSignal;
  readonly #redact: Redactor;
  readonly #ended = new AbortController();

  /** @throws LlamactlError (usage) where the base URL or the key cannot be used */
  constructor(options: ClientOptions, events: Emitter<ClientEvents>) {
    const parsed = parseBaseUrl(options.baseUrl ?? DEFAULT_BASE_URL);
    if (!parsed.ok) {
      throw usageError(
        `${JSON.stringify(withoutUserInformation(options.baseUrl ?? ''))} cannot be a server's URL: ${parsed.reason}`,
        [
          {
            text: 'Give the address that llama-server prints, for example:',
            commands: ['http://localhost:8080'],
          },
        ],
      );
    }
    if (options.apiKey !== undefined && /[^\x20-\x7e]/.test(options.apiKey)) {
      throw usageError('the API key contains a line break or another character that no header can carry', [
        { text: 'Give the key alone, without quotes or a line end.', commands: [] },
      ]);
    }
    const { baseUrl } = parsed;
    const pool = { ...POOL_DEFAULTS, ...options.pool };
    this.baseUrl = baseUrl;
    this.options = options;
    this.events = events;
    this.signal =
      options.signal === undefined
        ? this.#ended.signal
        : AbortSignal.any([options.signal, this.#ended.signal]);
    this.#redact = createRedactor([options.apiKey]);
    this.transport = new HttpTransport({
      baseUrl,
      ...(options.apiKey ? { apiKey: options.apiKey } : {}),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
      maxConnections: pool.maxConnections,
      connectionTimeout: pool.connectionTimeout,
      signal: this.signal,
      dispatcher: () => dispatcherFor(baseUrl, options, pool),
      onWaiting: (state) => events.emit('waiting', state),
      onExchange: (record) => {
        if (events.has('exchange')) events.emit('exchange', this.#masked(record()));
      },
    });
  }

  /** Milliseconds for an answer. */
  get timeout(): number {
    return this.options.timeout ?? DEFAULT_TIMEOUT;
  }

  /** As the caller asked; undefined: the recovery table's. */
  get maxRetries(): number | undefined {
    return this.options.maxRetries;
  }

  /** Ends at once: what is under way fails as interrupted, and nothing is tried again. */
  async destroy(): Promise<void> {
    this.#ended.abort();
    await this.transport.destroy();
  }

  /** One endpoint, its answer read; asked again as the recovery table says. */
  call<Result>(call: EndpointCall<Result>, options: CallOptions): Promise<Result> {
    const timeout = options.timeout ?? (call.quick ? Math.min(this.timeout, QUICK_TIMEOUT) : this.timeout);
    return this.#recovering((timeoutMs) => this.#callOnce(call, timeoutMs, options.signal), {
      ...options,
      timeout,
      repeatable: call.repeatable ?? true,
    });
  }

  /**
   * One exchange as it is.
   * @throws LlamactlError for anything but a 2xx
   */
  request(request: RawRequest): Promise<HttpResponse> {
    const { signal, retry, timeoutMs: timeout = this.timeout, ...call } = request;
    if (retry !== true) return this.#send(call, timeout, signal);
    return this.#recovering((timeoutMs) => this.#send(call, timeoutMs, signal), {
      timeout,
      ...(signal ? { signal } : {}),
    });
  }

  /** @throws LlamactlError (server.wedged, or what else is wrong) where `/health` gives no answer soon, whatever it says */
  async assertAlive(signal?: AbortSignal): Promise<void> {
    try {
      await this.#send({ method: 'GET', path: '/health' }, Math.min(ALIVE_TIMEOUT, this.timeout), signal);
    } catch (error) {
      // An answer, be it that the model loads again, is a sign of life.
      if (error instanceof LlamactlError && error.details['status'] !== undefined) return;
      throw error;
    }
  }

  /** What remedies are filled with. */
  errorContext() {
    const known = { url: this.baseUrl, redact: this.#redact };
    if (this.baseUrl.startsWith('unix:')) return known;
    const url = new URL(this.baseUrl);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    return { ...known, host: url.hostname, port };
  }

  async #callOnce<Result>(
    call: EndpointCall<Result>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Result> {
    const response = await this.#send(call, timeoutMs, signal);
    try {
      return call.read(response.body);
    } catch (cause) {
      const error = await toError(
        { kind: 'response', ...this.#factsOf(call), ...response },
        this.errorContext(),
      );
      const { type, code, message, remedies, details, exit } = error;
      const evidence = [...error.evidence, describeMismatch(cause)];
      throw new LlamactlError({ type, code, message, remedies, details, exit, evidence, cause });
    }
  }

  async #recovering<Result>(
    send: (timeoutMs: number) => Promise<Result>,
    options: CallOptions & { readonly timeout: number; readonly repeatable?: boolean },
  ): Promise<Result> {
    const recoverer = new Recoverer({
      maxRetries: options.retries ?? this.maxRetries,
      fallback: false,
      loadingDeadlineMs: this.timeout,
      signals: [options.signal, this.signal],
      hooks: { assertAlive: () => this.assertAlive(options.signal) },
      onStep: (step) => this.events.emit('recovery', step),
    });
    let attempt: Attempt = { timeoutMs: options.timeout };
    for (;;) {
      try {
        return await send(attempt.timeoutMs);
      } catch (error) {
        if (options.repeatable === false && mayHaveBeenDone(error)) throw error;
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
      response = await this.transport.request({
        method: call.method,
        path: call.path,
        body: call.body,
        timeoutMs,
        signal,
        closes: namesModel(call),
      });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { cause, phase, url } = error;
      const deadline = error.timeoutMs === undefined ? {} : { timeoutMs: error.timeoutMs };
      throw await toError(
        { kind: 'exception', ...facts, url, error: cause, phase, ...deadline },
        this.errorContext(),
      );
    }
    if (response.status >= 200 && response.status < 300) return response;
    throw await toError({ kind: 'response', ...facts, ...response }, this.errorContext());
  }

  /** What a failure is told with; the model is the one that the body or the query names. */
  #factsOf({
    method,
    path,
    body,
  }: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
  }) {
    const model =
      typeof body === 'object' && body !== null && 'model' in body
        ? body.model
        : new URLSearchParams(path.split('?', 2)[1]).get('model');
    return {
      url: this.transport.urlOf(path),
      method,
      path,
      sentKey: this.transport.sendsKey,
      ...(typeof model === 'string' ? { model } : {}),
    };
  }

  #masked(record: ClientEvents['exchange']): ClientEvents['exchange'] {
    const redact = this.#redact;
    const mask = (headers: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          !CREDENTIALS.test(name) ? redact(value) : /^authorization$/i.test(name) ? 'Bearer ***' : '***',
        ]),
      );
    return {
      ...record,
      url: redact(record.url),
      requestHeaders: mask(record.requestHeaders),
      responseHeaders: mask(record.responseHeaders),
      requestBody: record.requestBody === null ? null : redact(record.requestBody),
      error: record.error === null ? null : redact(record.error),
    };
  }
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

function mayHaveBeenDone(error: unknown): boolean {
  return error instanceof LlamactlError && UNCERTAIN.has(error.code);
}

/**
 * A router hands on whatever names a model, as a stream: like after every stream, llama-server then closes the connection
 * while it announces Keep-Alive, so the next request on it would race with the end (measured: one in thirty lost).
 */
function namesModel({ path, body }: Pick<HttpRequest, 'path' | 'body'>): boolean {
  return /[?&]model=/.test(path) || (typeof body === 'object' && body !== null && 'model' in body);
}

/** What of an answer is not as a llama-server's: the first thing that zod, or JSON, stumbled at. */
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
