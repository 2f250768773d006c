import type { FailurePhase } from '../catalogue/classification.js';

/** An exchange that failed below HTTP, or passed a deadline: what classify.ts makes a cause of. */
export class TransportError extends Error {
  readonly phase: FailurePhase;
  /** Milliseconds of the deadline that passed; undefined where none did. */
  readonly timeoutMs: number | undefined;

  constructor(phase: FailurePhase, cause: unknown, timeoutMs?: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'TransportError';
    this.phase = phase;
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
