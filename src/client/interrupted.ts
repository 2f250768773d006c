import { LlamactlError } from '../errors/llamactl-error.js';

/** What a caller's abort is to everybody above. */
export function interrupted(reason?: unknown): LlamactlError {
  return new LlamactlError({
    type: 'INTERRUPTED',
    code: 'interrupted',
    message: 'interrupted',
    cause: reason,
  });
}
