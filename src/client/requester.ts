import { PROGRAM_OF, type ServerKind } from '../catalogue/identify-server.js';
import { toError } from '../catalogue/to-error.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { createRedactor, type Redactor } from '../errors/redact.js';
import type { LeaseWish, ServerLease } from './balance/lease.js';
import type { ServerPool } from './balance/server-pool.js';
import { baseUrlsOf, DEFAULT_BASE_URL } from './base-urls.js';
import { describeMismatch } from './describe-mismatch.js';
import { dispatcherFor } from './dispatcher-for.js';
import type { Emitter } from './emitter.js';
import type { CallOptions, EndpointCall } from './endpoints/endpoint.js';
import { HttpTransport } from './http.js';
import type { HttpRequest, HttpResponse } from './http-types.js';
import { maskedExchange } from './masked-exchange.js';
import { POOL_DEFAULTS } from './pool.js';
import { type Attempt, Recoverer } from './recoverer.js';
import { TransportError } from './transport-error.js';
import type { ClientEvents, ClientOptions } from './types.js';

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

type SentCall = Omit<EndpointCall<unknown>, 'read'>;

export interface RawRequest {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Default false: one try. */
  readonly retry?: boolean;
}

/** Requests to one server, or to one of several: sent, classified when they fail, and asked again as the recovery table says. */
export class Requester {
  /** Normalised: no trailing slash, no `/v1`. Of several servers the first. */
  readonly baseUrl: string;
  readonly options: ClientOptions;
  readonly events: Emitter<ClientEvents>;
  /** Ends every request, and every wait for a further try. */
  readonly signal: AbortSignal;
  readonly #redact: Redactor;
  readonly #program: ServerKind;
  readonly #ended = new AbortController();
  readonly #only: ServerLease;
  /** Of several servers; empty for one. */
  readonly #baseUrls: readonly string[];
  #pool: Promise<ServerPool> | undefined;

  /** @throws LlamactlError (usage) where a base URL or the key cannot be used */
  constructor(options: ClientOptions, events: Emitter<ClientEvents>) {
    const baseUrls = baseUrlsOf(options);
    const [baseUrl = DEFAULT_BASE_URL] = baseUrls;
    if (options.apiKey !== undefined && /[^\x20-\x7e]/.test(options.apiKey)) {
      throw usageError('the API key contains a line break or another character that no header can carry', [
        { text: 'Give the key alone, without quotes or a line end.', commands: [] },
      ]);
    }
    this.baseUrl = baseUrl;
    this.options = options;
    this.events = events;
    this.signal =
      options.signal === undefined
        ? this.#ended.signal
        : AbortSignal.any([options.signal, this.#ended.signal]);
    this.#program = PROGRAM_OF[options.provider ?? 'llama-cpp'];
    this.#redact = createRedactor([options.apiKey, ...(options.secrets ?? [])]);
    this.#baseUrls = baseUrls.length > 1 ? baseUrls : [];
    this.#only = { baseUrl, transport: this.#createTransport(baseUrl), release: () => undefined };
  }

  /** Whether there are several servers. */
  get isBalanced(): boolean {
    return this.#baseUrls.length > 0;
  }

  /**
   * The server that an attempt goes to. It is to be released.
   * @throws LlamactlError where none of several can be asked
   */
  async lease(wish: LeaseWish): Promise<ServerLease> {
    return this.isBalanced ? (await this.#openPool()).lease(wish) : this.#only;
  }

  /** Whether an attempt failed by its server alone, and another is there to take it. */
  async canMove(error: unknown): Promise<boolean> {
    return this.#pool !== undefined && (await this.#pool).canMove(error);
  }

  /** Milliseconds for an answer. */
  get timeout(): number {
    return this.options.timeout ?? DEFAULT_TIMEOUT;
  }

  /** As the caller asked; undefined: the recovery table's. */
  get maxRetries(): number | undefined {
    return this.options.maxRetries;
  }

  /** Closes the connections once the requests under way have ended. */
  async close(): Promise<void> {
    await (await this.#pool)?.close();
    await this.#only.transport.close();
  }

  /** Ends at once: what is under way fails as interrupted, and nothing is tried again. */
  async destroy(): Promise<void> {
    this.#ended.abort();
    await (await this.#pool)?.destroy();
    await this.#only.transport.destroy();
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
   * The same question to each server that can be asked; those that fail are left out.
   * @throws LlamactlError where all fail
   */
  async callEach<Result>(call: EndpointCall<Result>, options: CallOptions): Promise<readonly Result[]> {
    if (!this.isBalanced) return [await this.call(call, options)];
    const servers = await (await this.#openPool()).leaseEach();
    const timeout = options.timeout ?? Math.min(this.timeout, QUICK_TIMEOUT);
    const answers = await Promise.allSettled(
      servers.map((server) => this.#callOnce(call, timeout, options.signal, server)),
    );
    const good = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const bad = answers.find((answer) => answer.status === 'rejected');
    if (good.length === 0 && bad !== undefined) throw bad.reason;
    return good;
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
    if (this.isBalanced) return (await this.#openPool()).assertAlive();
    try {
      await this.#send({ method: 'GET', path: '/health' }, Math.min(ALIVE_TIMEOUT, this.timeout), signal);
    } catch (error) {
      // An answer, be it that the model loads again, is a sign of life.
      if (error instanceof LlamactlError && error.details['status'] !== undefined) return;
      throw error;
    }
  }

  /** What remedies are filled with. */
  errorContext(baseUrl = this.baseUrl) {
    const known = { url: baseUrl, redact: this.#redact, program: this.#program };
    if (baseUrl.startsWith('unix:')) return known;
    const url = new URL(baseUrl);
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    return { ...known, host: url.hostname, port };
  }

  async #callOnce<Result>(
    call: EndpointCall<Result>,
    timeoutMs: number,
    signal?: AbortSignal,
    given?: ServerLease,
  ): Promise<Result> {
    const server = given ?? (await this.#leaseFor(call));
    const response = await this.#sendTo(server, call, timeoutMs, signal);
    try {
      return call.read(response.body);
    } catch (cause) {
      const error = await toError(
        { kind: 'response', ...this.#factsOf(call, server), ...response },
        this.errorContext(server.baseUrl),
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
      retryWindowMs: this.options.retryWindow,
      loadingDeadlineMs: this.timeout,
      signals: [options.signal, this.signal],
      hooks: {
        assertAlive: () => this.assertAlive(options.signal),
        otherServer: (failure) => this.canMove(failure),
      },
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

  async #send(call: SentCall, timeoutMs: number, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#sendTo(await this.#leaseFor(call), call, timeoutMs, signal);
  }

  async #sendTo(
    server: ServerLease,
    call: SentCall,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    try {
      const response = await this.#exchange(server, call, timeoutMs, signal);
      server.release();
      return response;
    } catch (error) {
      server.release(error);
      throw error;
    }
  }

  async #exchange(
    server: ServerLease,
    call: SentCall,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const facts = this.#factsOf(call, server);
    const context = this.errorContext(server.baseUrl);
    let response: HttpResponse;
    try {
      response = await server.transport.request({
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
      throw await toError({ kind: 'exception', ...facts, url, error: cause, phase, ...deadline }, context);
    }
    if (response.status >= 200 && response.status < 300) return response;
    throw await toError({ kind: 'response', ...facts, ...response }, context);
  }

  #leaseFor(call: SentCall): ServerLease | Promise<ServerLease> {
    return this.isBalanced ? this.lease(call) : this.#only;
  }

  #openPool(): Promise<ServerPool> {
    this.#pool ??= import('./balance/server-pool.js').then(({ ServerPool }) => {
      const servers = this.#baseUrls.map((baseUrl) => {
        const lookTransport = this.#createTransport(baseUrl);
        const looked = { baseUrl, transport: lookTransport, release: () => undefined };
        return {
          baseUrl,
          transport: this.#createTransport(baseUrl),
          lookTransport,
          ask: <Result>(call: EndpointCall<Result>, timeoutMs: number) =>
            this.#callOnce(call, timeoutMs, undefined, looked),
        };
      });
      return new ServerPool(servers, this.events);
    });
    return this.#pool;
  }

  #createTransport(baseUrl: string): HttpTransport {
    const { options, events } = this;
    const pool = { ...POOL_DEFAULTS, ...options.pool };
    return new HttpTransport({
      baseUrl,
      ...(options.apiKey ? { apiKey: options.apiKey } : {}),
      ...(options.headers === undefined ? {} : { headers: options.headers }),
      maxConnections: pool.maxConnections,
      connectionTimeout: pool.connectionTimeout,
      signal: this.signal,
      dispatcher: () => dispatcherFor(baseUrl, options, pool),
      onWaiting: (state) => events.emit('waiting', state),
      onExchange: (record) => {
        if (events.has('exchange')) events.emit('exchange', maskedExchange(record(), this.#redact));
      },
    });
  }

  /** What a failure is told with; the model is the one that the body or the query names. */
  #factsOf({ method, path, body }: SentCall, { transport }: ServerLease) {
    const model =
      typeof body === 'object' && body !== null && 'model' in body
        ? body.model
        : new URLSearchParams(path.split('?', 2)[1]).get('model');
    return {
      url: transport.urlOf(path),
      method,
      path,
      sentKey: transport.sendsKey,
      program: this.#program,
      ...(typeof model === 'string' ? { model } : {}),
    };
  }
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
