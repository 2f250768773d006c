import type { HttpRequest } from '../http-types.js';

/** One call of an endpoint: what is sent, and how its answer is read. */
export interface EndpointCall<Result> {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: unknown;
  /** The answer's body → the result. Whatever it throws means that something else than llama-server answered. */
  readonly read: (body: string) => Result;
  /** Milliseconds at most, where the answer never takes long on a healthy server. */
  readonly quick?: boolean;
  /** False where asking twice does something twice: it is tried again only where the server cannot have done it. */
  readonly repeatable?: boolean;
  /** Of several servers: what is asked the one that had this name last. */
  readonly conversation?: string | undefined;
}

/** What every typed method takes beside its own parameters. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Further tries; default the client's. */
  readonly retries?: number;
}

/** Which model of a router is asked; never loads it (facts: "Router mode"). */
export interface ModelQuery {
  readonly model?: string;
}

/** `?model=…&autoload=false` for a router; nothing else. */
export function modelQuery({ model }: ModelQuery): string {
  return model === undefined ? '' : `?${new URLSearchParams({ model, autoload: 'false' })}`;
}

/** Reads JSON through a schema. */
export function json<Result>(schema: { parse(value: unknown): Result }): (body: string) => Result {
  return (body) => schema.parse(JSON.parse(body));
}
