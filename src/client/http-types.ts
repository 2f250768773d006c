import type { Dispatcher } from 'undici';
import type { LlamactlError } from '../errors/llamactl-error.js';
import type { TransportError } from './transport-error.js';
import type { ExchangeRecord } from './types.js';

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
  /** Whether the server closes the connection after its answer, so that it is not to be used again. */
  readonly closes?: boolean;
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
  /** Ends it; the sink hears nothing more. @param reason what its record says, where no answer had come */
  abort(reason?: Error): void;
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
  /** Bytes of a whole answer at most. Default 256 MiB. */
  readonly largestBody?: number;
  /** Ends every request. */
  readonly signal?: AbortSignal | undefined;
  readonly onExchange?: (record: () => ExchangeRecord) => void;
  readonly onWaiting?: (state: { pending: number; connections: number }) => void;
}
