import type { FailurePhase } from '../catalogue/classification.js';

/** An exchange that failed below HTTP, or passed a deadline: what classify.ts makes a cause of. */
export class TransportError extends Error {
  readonly phase: FailurePhase;
  /** What was asked: after a redirect another URL than the caller's. */
  readonly url: string;
  /** Milliseconds of the deadline that passed; undefined where none did. */
  readonly timeoutMs: number | undefined;

  constructor(phase: FailurePhase, cause: unknown, url: string, timeoutMs?: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'TransportError';
    this.phase = phase;
    this.url = url;
    this.timeoutMs = timeoutMs;
  }
}

/** A deadline of ours that passed. */
export class DeadlineError extends Error {
  readonly code = 'LLAMACTL_DEADLINE';

  constructor(message: string) {
    super(message);
    this.name = 'DeadlineError';
  }
}

/** An answer that is larger than any of llama-server's. */
export class TooLargeError extends Error {
  readonly code = 'LLAMACTL_TOO_LARGE';

  /** @param bytes that were taken before it was given up */
  constructor(bytes: number) {
    super(`its answer is larger than ${Math.round(bytes / 1024 / 1024)} MiB`);
    this.name = 'TooLargeError';
  }
}

/** The proxy on the way cannot be reached, or refuses: not the server behind it. */
export class ProxyError extends Error {
  readonly code = 'LLAMACTL_PROXY';

  /** @param proxy its host and port, and the variable that names it @param fault a status that it answered, or what went wrong on the way to it */
  constructor(proxy: string, fault: number | Error) {
    super(
      `the proxy ${proxy} ${typeof fault === 'number' ? refusal(fault) : `cannot be reached: ${reason(fault)}`}`,
      typeof fault === 'number' ? undefined : { cause: fault },
    );
    this.name = 'ProxyError';
  }
}

function refusal(status: number): string {
  return status === 407 ? 'wants a login (407)' : `does not connect to the server (${status})`;
}

function reason(error: Error): string {
  return error.message || ('code' in error ? String(error.code) : error.name);
}
