import type { ErrorType } from './error-type.js';

/** Process exit codes. Stable: scripts branch on them (docs/exit-codes.md). */
export const EXIT = {
  good: 0,
  badVerdict: 1,
  usage: 2,
  warnings: 3,
  connection: 10,
  authentication: 11,
  modelNotFound: 12,
  contextOverflow: 13,
  overloaded: 14,
  invalidRequest: 15,
  timeout: 16,
  stream: 17,
  internal: 70,
  interrupted: 130,
} as const;

const BY_TYPE: Readonly<Record<ErrorType, number>> = {
  CONNECTION_ERROR: EXIT.connection,
  AUTHENTICATION_ERROR: EXIT.authentication,
  MODEL_NOT_FOUND: EXIT.modelNotFound,
  CONTEXT_OVERFLOW: EXIT.contextOverflow,
  SERVER_OVERLOADED: EXIT.overloaded,
  INVALID_REQUEST: EXIT.invalidRequest,
  UNSUPPORTED_FEATURE: EXIT.invalidRequest,
  TIMEOUT_ERROR: EXIT.timeout,
  STREAMING_ERROR: EXIT.stream,
  USAGE_ERROR: EXIT.usage,
  INTERRUPTED: EXIT.interrupted,
  INTERNAL_ERROR: EXIT.internal,
};

/** The exit code of a failure of this type. */
export function exitCodeOf(type: ErrorType): number {
  return BY_TYPE[type];
}
