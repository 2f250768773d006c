import type { CatalogueCode, ErrorCode } from '../errors/codes.js';
import type { ErrorType, LlamaCppErrorType } from '../errors/error-type.js';

/** What to do about a failure without asking: the specification's table (7.3), as the facts correct it. */
export interface RecoveryStrategy {
  /** Ask again in the same way. */
  readonly retry: boolean;
  /** `wait`: look every so often until the deadline, without counting tries. */
  readonly backoff: 'exponential' | 'wait' | 'none';
  /** Further tries, unless the caller asked for another number. */
  readonly maxRetries: number;
  /** Ask in another way, once. */
  readonly fallback?: 'use-first-available-model' | 'truncate-context' | 'use-non-streaming';
  /** Each try gets twice the deadline of the one before. */
  readonly longerDeadline?: boolean;
  /** What the user reads when the strategy is acted on. */
  readonly userMessage: string;
}

const NEVER = { retry: false, backoff: 'none', maxRetries: 0 } as const;

/** By type. */
export const RECOVERY: Readonly<Record<LlamaCppErrorType, RecoveryStrategy>> = {
  CONNECTION_ERROR: {
    retry: true,
    backoff: 'exponential',
    maxRetries: 3,
    userMessage: 'The connection failed. Trying again.',
  },
  AUTHENTICATION_ERROR: { ...NEVER, userMessage: 'The server refused the API key.' },
  MODEL_NOT_FOUND: {
    ...NEVER,
    fallback: 'use-first-available-model',
    userMessage: 'The model is not served. Using the first one that is.',
  },
  CONTEXT_OVERFLOW: {
    ...NEVER,
    fallback: 'truncate-context',
    userMessage: 'The conversation is longer than the context. Leaving out its oldest messages.',
  },
  SERVER_OVERLOADED: {
    retry: true,
    backoff: 'exponential',
    maxRetries: 5,
    userMessage: 'The server is overloaded. Trying again.',
  },
  INVALID_REQUEST: { ...NEVER, userMessage: 'The server could not use the request.' },
  TIMEOUT_ERROR: {
    retry: true,
    backoff: 'none',
    maxRetries: 2,
    longerDeadline: true,
    userMessage: 'No answer in time. Trying again with a longer deadline.',
  },
  STREAMING_ERROR: {
    retry: true,
    backoff: 'none',
    maxRetries: 1,
    fallback: 'use-non-streaming',
    userMessage: 'The stream broke before its first token. Asking again without streaming.',
  },
  UNSUPPORTED_FEATURE: { ...NEVER, userMessage: 'The server cannot do this as it is started.' },
};

/** Where a code's cause is more particular than its type. */
const BY_CODE: Readonly<Partial<Record<CatalogueCode, RecoveryStrategy>>> = {
  'server.loading': {
    retry: true,
    backoff: 'wait',
    maxRetries: 0,
    userMessage: 'The model is still loading. Waiting for it.',
  },
  // Asking again changes nothing until somebody acts.
  'connection.tls-mismatch': { ...NEVER, userMessage: 'http and https are mixed up.' },
  'connection.tls-untrusted': { ...NEVER, userMessage: 'The certificate is not trusted.' },
  'connection.wrong-server': { ...NEVER, userMessage: 'Another server answers.' },
  'connection.wrong-path': { ...NEVER, userMessage: 'The server has no such path.' },
  'server.crashed': { ...NEVER, userMessage: 'The server failed.' },
  'server.wedged': { ...NEVER, userMessage: 'The server does not answer.' },
  'model.load-failed': { ...NEVER, userMessage: 'The model does not load.' },
};

/** The strategy for a failure; null for those that are not a server's (usage, our bugs, Ctrl-C). */
export function recoveryOf(failure: {
  readonly type: ErrorType;
  readonly code: ErrorCode;
}): RecoveryStrategy | null {
  if (!(failure.type in RECOVERY)) return null;
  return BY_CODE[failure.code as CatalogueCode] ?? RECOVERY[failure.type as LlamaCppErrorType];
}
