import { setMaxListeners } from 'node:events';
import { LlamactlError } from '../errors/llamactl-error.js';

/** Ctrl-C and SIGTERM as an AbortSignal; core has no handler of its own. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Ends the work as a signal would, for this reason. */
  abort(reason: LlamactlError): void;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** The signal's number is in the exit code: 128 + 2 for SIGINT, 128 + 15 for SIGTERM. */
const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Listens for SIGINT and SIGTERM. The first aborts, so that commands can tidy up; the second ends the process as if nobody
 * listened.
 */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  // Every socket and request listens; more than ten at once are no leak, and Node's warning is no output of ours.
  setMaxListeners(0, controller.signal);
  const handlers = (['SIGINT', 'SIGTERM'] as const).map((name) => {
    const handler = () => {
      if (controller.signal.aborted) {
        process.off(name, handler);
        process.kill(process.pid, name);
        return;
      }
      controller.abort(
        new LlamactlError({
          type: 'INTERRUPTED',
          code: 'interrupted',
          message: 'interrupted',
          exit: EXIT[name],
        }),
      );
    };
    process.on(name, handler);
    return { name, handler };
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => {
      for (const { name, handler } of handlers) process.off(name, handler);
    },
  };
}
