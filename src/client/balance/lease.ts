import type { HttpTransport } from '../http.js';

/** A server for one attempt. */
export interface ServerLease {
  /** Normalised. */
  readonly baseUrl: string;
  readonly transport: HttpTransport;
  /** Tells that the attempt is over, and what it failed with. What is told a second time counts for nothing. */
  release(error?: unknown): void;
}

/** What is to be sent, as far as it decides where to. */
export interface LeaseWish {
  readonly path: string;
  readonly body?: unknown;
  /** The caller's name of the conversation; without one its first messages tell. */
  readonly conversation?: string | undefined;
}
