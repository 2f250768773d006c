/**
 * The kinds of failure that callers branch on: the specification's `LlamaCppErrorType`, `UNSUPPORTED_FEATURE`
 * for what a server answers with 501, and three that never come from a server.
 */
export const LLAMA_CPP_ERROR_TYPES = [
  'CONNECTION_ERROR',
  'AUTHENTICATION_ERROR',
  'MODEL_NOT_FOUND',
  'CONTEXT_OVERFLOW',
  'SERVER_OVERLOADED',
  'INVALID_REQUEST',
  'TIMEOUT_ERROR',
  'STREAMING_ERROR',
  'UNSUPPORTED_FEATURE',
] as const;

export type LlamaCppErrorType = (typeof LLAMA_CPP_ERROR_TYPES)[number];

/** `USAGE_ERROR`: a wrong flag, argument or configuration. `INTERNAL_ERROR`: our bug. `INTERRUPTED`: Ctrl-C. */
export type ErrorType = LlamaCppErrorType | 'USAGE_ERROR' | 'INTERRUPTED' | 'INTERNAL_ERROR';
