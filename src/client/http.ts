import type { Dispatcher } from 'undici';
import type { FailurePhase } from '../catalogue/classification.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { type Endpoint, endpointOf, shownUrl, urlAt } from '../wire/base-url.js';
import type {
  Exchange,
  HttpDispatcher,
  HttpRequest,
  HttpResponse,
  HttpTransportOptions,
  ResponseHead,
  ResponseSink,
} from './http-types.js';
import { interrupted } from './interrupted.js';
import { presentSignals } from './signals.js';
import { DeadlineError, TooLargeError, TransportError } from './transport-error.js';

/** Plain replies are small (the largest, `/props`, some 100 KB; embeddings some MB): more is another server's download. */
const LARGEST_BODY = 256 * 1024 * 1024;
const MAX_REDIRECTS = 5;

/** HTTP to one base URL: deadlines, abort, the key, redirects. Knows nothing of llama.cpp. */
export class HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #endpoint: Endpoint;
  #dispatcher: Promise<HttpDispatcher> | undefined;
  #inFlight = 0;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#endpoint = endpointOf(options.baseUrl);
  }

  /** Whether requests carry an API key. */
  get sendsKey(): boolean {
    return Boolean(this.#options.apiKey);
  }

  /** The URL of a path, as it is shown: for a unix socket `unix:/run/llama.sock:/health`. */
  urlOf(path: string): string {
    return shownUrl(this.#endpoint, urlAt(this.#endpoint, path));
  }

  /**
   * One whole exchange. Any status is a response.
   * @throws TransportError where there is none; LlamactlError (interrupted) where a signal ended it
   */
  request(request: HttpRequest): Promise<HttpResponse> {
    return this.#follow(request, urlAt(this.#endpoint, request.path), 0);
  }

  /** Sends a request whose response is read as it comes. The connection is not used again (docs: "Streaming"). */
  stream(request: HttpRequest, sink: ResponseSink): Exchange {
    return this.#send(request, urlAt(this.#endpoint, request.path), sink, true);
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
    const isElsewhere = target !== null && target.origin !== this.#endpoint.origin;
    // A prompt is not handed to a host that the user did not name, nor a POST turned into a GET.
    if (
      target === null ||
      (request.method !== 'GET' && (isElsewhere || response.status < 307)) ||
      // A socket leads to one server, whatever host is named.
      (isElsewhere && this.#endpoint.socketPath !== null)
    )
      return response;
    return this.#follow(request, target.href, hops + 1);
  }

  #collect(request: HttpRequest, url: string): Promise<HttpResponse> {
    const started = performance.now();
    const { largestBody = LARGEST_BODY } = this.#options;
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
            if (Number(received.headers['content-length']) > largestBody) tooLarge();
          },
          onData: (chunk) => {
            length += chunk.length;
            chunks.push(chunk);
            if (length > largestBody) tooLarge();
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
        exchange.abort(error);
        reject(new TransportError(phase, error, shownUrl(this.#endpoint, url), timeoutMs));
      };
      const tooLarge = () => fail('response', new TooLargeError(largestBody));
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
      ...this.#headers(target.origin === this.#endpoint.origin, requestBody !== null),
      ...request.headers,
    };
    const shown = shownUrl(this.#endpoint, url);
    const startedAt = performance.now();
    const signals = presentSignals([request.signal, this.#options.signal]);
    const mustWait = this.#inFlight >= maxConnections;
    const connectDeadline = Math.min(connectionTimeout, request.timeoutMs);

    let controller: Dispatcher.DispatchController | undefined;
    let done = false;
    let answered = false;
    let phase: FailurePhase = mustWait ? 'waiting-for-connection' : 'connect';
    let paused = false;

    this.#inFlight++;
    if (mustWait)
      this.#options.onWaiting?.({ pending: this.#inFlight - maxConnections, connections: maxConnections });

    const record = (status: number | null, responseHeaders: Record<string, string>, error: string | null) =>
      this.#options.onExchange?.(() => ({
        method: request.method,
        url: shown,
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
    // Not at once: undici may be in the middle of a chunk, and one that ends the response makes its assertions fail.
    const hangUp = (error: Error) => queueMicrotask(() => controller?.abort(error));
    const end = (error: TransportError | LlamactlError) => {
      if (!settle()) return;
      hangUp(error);
      record(null, {}, error.message);
      sink.onError(error);
    };
    const onAbort = () => end(interrupted(signals.find((signal) => signal.aborted)?.reason));
    const connectTimer = setTimeout(() => {
      const text = mustWait
        ? `all ${maxConnections} connections were in use for ${connectDeadline} ms`
        : `no connection in ${connectDeadline} ms`;
      end(new TransportError(phase, new DeadlineError(text), shown, connectDeadline));
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
        answered = true;
        record(status, responseHeaders, null);
        phase = isStream && status === 200 ? 'stream' : 'response';
        sink.onHead({ url: shown, status, headers: responseHeaders });
        if (paused) controller?.pause();
      },
      onResponseData: (_controller, chunk) => {
        if (!done) sink.onData(chunk);
      },
      onResponseEnd: () => {
        if (settle()) sink.onEnd();
      },
      onResponseError: (_controller, error) => end(new TransportError(phase, error, shown)),
    };
    const start = async () => {
      // The sink hears nothing before the caller has the exchange, not even of a signal that aborted long ago.
      await undefined;
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
            reset: isStream || request.closes === true,
          },
          handler,
        );
      } catch (error) {
        end(error instanceof LlamactlError ? error : new TransportError(phase, error, shown));
      }
    };
    void start();

    return {
      abort: (reason = new Error('aborted')) => {
        if (!settle()) return;
        hangUp(reason);
        if (!answered) record(null, {}, reason.message);
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

  /** Where a proxy's login takes `Authorization`, llama-server is given the key in the other header that it reads. */
  #keyHeader(): Record<string, string> {
    const { apiKey, headers = {} } = this.#options;
    if (!apiKey) return {};
    return 'authorization' in headers ? { 'x-api-key': apiKey } : { authorization: `Bearer ${apiKey}` };
  }

  #headers(sameOrigin: boolean, hasBody: boolean): Record<string, string> {
    return {
      accept: 'application/json, text/event-stream, text/plain;q=0.9, */*;q=0.1',
      'user-agent': 'llamactl',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      // Redirects carry neither these nor the key to another origin.
      ...(sameOrigin ? { ...this.#keyHeader(), ...this.#options.headers } : {}),
    };
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
