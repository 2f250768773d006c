import type { Dispatcher } from 'undici';
import type { FailurePhase } from '../catalogue/classification.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { DeadlineError, TooLargeError, TransportError } from './transport-error.js';
import type { ExchangeRecord } from './types.js';

/** Plain replies are small (the largest, `/props`, some 100 KB; embeddings some MB): more is another server's download. */
const LARGEST_BODY = 256 * 1024 * 1024;
const MAX_REDIRECTS = 5;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with its query: `/v1/models`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Beside ours: `range` … */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole exchange; a stream's own deadlines are its reader's business. */
  readonly timeoutMs: number;
}

export interface HttpResponse {
  readonly url: string;
  readonly status: number;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds from sending to the end of the body. */
  readonly durationMs: number;
}

export type ResponseHead = Pick<HttpResponse, 'url' | 'status' | 'headers'>;

/** Who reads a response as it comes. `onError` comes at most once, and nothing after it or after `onEnd`. */
export interface ResponseSink {
  onHead(head: ResponseHead): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  onError(error: TransportError | LlamactlError): void;
}

/** An exchange under way. */
export interface Exchange {
  /** Ends it; the sink hears nothing more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** What sends a request: undici's dispatchers, as far as they are used here. */
export interface HttpDispatcher {
  dispatch(
    request: {
      readonly origin: string;
      readonly path: string;
      readonly method: HttpRequest['method'];
      readonly headers: Record<string, string>;
      readonly body: string | null;
      /** Not to use the connection again. */
      readonly reset: boolean;
    },
    handler: Dispatcher.DispatchHandler,
  ): boolean;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

export interface HttpTransportOptions {
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly dispatcher: () => Promise<HttpDispatcher>;
  readonly maxConnections: number;
  /** Milliseconds to wait for a connection, new or of the pool. */
  readonly connectionTimeout: number;
  /** Ends every request. */
  readonly signal?: AbortSignal | undefined;
  readonly onExchange?: (record: () => ExchangeRecord) => void;
  readonly onWaiting?: (state: { pending: number; connections: number }) => void;
}

/** HTTP to one base URL: deadlines, abort, the key, redirects. Knows nothing of llama.cpp. */
export class HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #origin: string;
  readonly #prefix: string;
  #dispatcher: Promise<HttpDispatcher> | undefined;
  #inFlight = 0;

  constructor(options: HttpTransportOptions) {
    const url = new URL(options.baseUrl);
    this.#options = options;
    this.#origin = url.origin;
    this.#prefix = url.pathname === '/' ? '' : url.pathname;
  }

  /** Whether requests carry an API key. */
  get sendsKey(): boolean {
    return Boolean(this.#options.apiKey);
  }

  urlOf(path: string): string {
    return `${this.#origin}${this.#prefix}${path}`;
  }

  /**
   * One whole exchange. Any status is a response.
   * @throws TransportError where there is none; LlamactlError (interrupted) where a signal ended it
   */
  request(request: HttpRequest): Promise<HttpResponse> {
    return this.#follow(request, this.urlOf(request.path), 0);
  }

  /** Sends a request whose response is read as it comes. The connection is not used again (docs: "Streaming"). */
  stream(request: HttpRequest, sink: ResponseSink): Exchange {
    return this.#send(request, this.urlOf(request.path), sink, true);
  }

  async close(): Promise<void> {
    await (await this.#made())?.close();
  }

  /** Ends at once, requests under way included. */
  async destroy(): Promise<void> {
    await (await this.#made())?.destroy();
  }

  /** The connections, where there are any: what went wrong when they were made is told by the requests. */
  #made(): Promise<HttpDispatcher | undefined> {
    return Promise.resolve(this.#dispatcher).catch(() => undefined);
  }

  async #follow(request: HttpRequest, url: string, hops: number): Promise<HttpResponse> {
    const response = await this.#collect(request, url);
    const location = response.headers['location'];
    if (response.status < 300 || response.status > 399 || location === undefined || hops === MAX_REDIRECTS)
      return response;
    const target = URL.canParse(location, url) ? new URL(location, url) : null;
    // A prompt is not handed to a host that the user did not name, nor a POST turned into a GET.
    if (
      target === null ||
      (request.method !== 'GET' && (target.origin !== this.#origin || response.status < 307))
    )
      return response;
    return this.#follow(request, target.href, hops + 1);
  }

  #collect(request: HttpRequest, url: string): Promise<HttpResponse> {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      let head: ResponseHead | undefined;
      let length = 0;
      const chunks: Uint8Array[] = [];
      const finish = () => clearTimeout(timer);
      const exchange = this.#send(
        request,
        url,
        {
          onHead: (received) => {
            head = received;
          },
          onData: (chunk) => {
            length += chunk.length;
            chunks.push(chunk);
            if (length > LARGEST_BODY) fail('response', new TooLargeError(LARGEST_BODY));
          },
          onEnd: () => {
            finish();
            const body = Buffer.concat(chunks).toString('utf8');
            resolve({
              ...(head ?? { url, status: 0, headers: {} }),
              body,
              durationMs: performance.now() - started,
            });
          },
          onError: (error) => {
            finish();
            reject(error);
          },
        },
        false,
      );
      const fail = (phase: FailurePhase, error: Error, timeoutMs?: number) => {
        finish();
        exchange.abort();
        reject(new TransportError(phase, error, url, timeoutMs));
      };
      const timer = setTimeout(() => {
        fail('response', new DeadlineError(`no answer in ${request.timeoutMs} ms`), request.timeoutMs);
      }, request.timeoutMs);
    });
  }

  #send(request: HttpRequest, url: string, sink: ResponseSink, isStream: boolean): Exchange {
    const { connectionTimeout, maxConnections } = this.#options;
    const target = new URL(url);
    const requestBody = request.body === undefined ? null : JSON.stringify(request.body);
    const headers = {
      ...this.#headers(target.origin === this.#origin, requestBody !== null),
      ...request.headers,
    };
    const startedAt = performance.now();
    const signals = [request.signal, this.#options.signal].filter((signal) => signal !== undefined);
    const mustWait = this.#inFlight >= maxConnections;
    const connectDeadline = Math.min(connectionTimeout, request.timeoutMs);

    let controller: Dispatcher.DispatchController | undefined;
    let done = false;
    let phase: FailurePhase = mustWait ? 'waiting-for-connection' : 'connect';
    let paused = false;

    this.#inFlight++;
    if (mustWait)
      this.#options.onWaiting?.({ pending: this.#inFlight - maxConnections, connections: maxConnections });

    const record = (status: number | null, responseHeaders: Record<string, string>, error: string | null) =>
      this.#options.onExchange?.(() => ({
        method: request.method,
        url,
        requestHeaders: headers,
        requestBody,
        status,
        responseHeaders,
        durationMs: performance.now() - startedAt,
        error,
      }));
    const settle = () => {
      if (done) return false;
      done = true;
      this.#inFlight--;
      clearTimeout(connectTimer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      return true;
    };
    const end = (error: TransportError | LlamactlError) => {
      if (!settle()) return;
      controller?.abort(error);
      record(null, {}, error.message);
      sink.onError(error);
    };
    const onAbort = () => end(interrupted(signals.find((signal) => signal.aborted)?.reason));
    const connectTimer = setTimeout(() => {
      const text = mustWait
        ? `all ${maxConnections} connections were in use for ${connectDeadline} ms`
        : `no connection in ${connectDeadline} ms`;
      end(new TransportError(phase, new DeadlineError(text), url, connectDeadline));
    }, connectDeadline);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (given) => {
        controller = given;
        if (done) {
          given.abort(new Error('given up'));
          return;
        }
        clearTimeout(connectTimer);
        phase = 'response';
      },
      onResponseStart: (_controller, status, received) => {
        if (done || status < 200) return;
        const responseHeaders = flatten(received);
        record(status, responseHeaders, null);
        phase = isStream && status === 200 ? 'stream' : 'response';
        sink.onHead({ url, status, headers: responseHeaders });
        if (paused) controller?.pause();
      },
      onResponseData: (_controller, chunk) => {
        if (!done) sink.onData(chunk);
      },
      onResponseEnd: () => {
        if (settle()) sink.onEnd();
      },
      onResponseError: (_controller, error) => end(new TransportError(phase, error, url)),
    };
    const start = async () => {
      if (signals.some((signal) => signal.aborted)) return onAbort();
      try {
        this.#dispatcher ??= this.#options.dispatcher();
        const dispatcher = await this.#dispatcher;
        if (done) return;
        dispatcher.dispatch(
          {
            origin: target.origin,
            path: `${target.pathname}${target.search}`,
            method: request.method,
            headers,
            body: requestBody,
            // The server closes the connection after every stream while announcing Keep-Alive: never use it again.
            reset: isStream,
          },
          handler,
        );
      } catch (error) {
        end(error instanceof LlamactlError ? error : new TransportError(phase, error, url));
      }
    };
    void start();

    return {
      abort: () => {
        if (settle()) controller?.abort(new Error('aborted'));
      },
      pause: () => {
        paused = true;
        controller?.pause();
      },
      resume: () => {
        paused = false;
        controller?.resume();
      },
    };
  }

  #headers(sameOrigin: boolean, hasBody: boolean): Record<string, string> {
    return {
      accept: 'application/json, text/event-stream, text/plain;q=0.9, */*;q=0.1',
      'user-agent': 'llamactl',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      // Redirects never carry the key to another origin.
      ...(this.#options.apiKey && sameOrigin ? { authorization: `Bearer ${this.#options.apiKey}` } : {}),
    };
  }
}

/** What a caller's abort is to everybody above. */
export function interrupted(reason?: unknown): LlamactlError {
  return new LlamactlError({
    type: 'INTERRUPTED',
    code: 'interrupted',
    message: 'interrupted',
    cause: reason,
  });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
