import { LlamactlError, type Remedy } from '../errors/llamactl-error.js';

/** A configuration that cannot be used as it is. The message begins with the place: `llamactl.config.json:7: …`. */
export function configError(message: string, remedies: readonly Remedy[] = []): LlamactlError {
  return new LlamactlError({ type: 'USAGE_ERROR', code: 'config.invalid', message, remedies });
}
