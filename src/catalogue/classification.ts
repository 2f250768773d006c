import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import type { ServerKind } from './identify-server.js';

/** Where in a request's life an exception came up. */
export type FailurePhase = 'connect' | 'waiting-for-connection' | 'response' | 'first-token' | 'stream';

interface RequestFacts {
  /** The full URL that was asked. */
  readonly url: string;
  readonly method: string;
  /** Path below the base URL, e.g. `/v1/chat/completions`. */
  readonly path: string;
  /** Whether an API key was sent. */
  readonly sentKey: boolean;
  /** The model that was asked for, where one was. */
  readonly model?: string;
  /** The program that is meant to answer there; default llama.cpp, `unknown` for any that speaks OpenAI's API. */
  readonly program?: ServerKind;
}

/** Something that went wrong, as the HTTP layer saw it. */
export type Failure =
  | (RequestFacts & {
      readonly kind: 'response';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    })
  | (RequestFacts & {
      readonly kind: 'exception';
      readonly error: unknown;
      readonly phase: FailurePhase;
      /** Milliseconds of the deadline that passed, where one did. */
      readonly timeoutMs?: number;
    })
  /** An `error` object in a stream of events. */
  | (RequestFacts & { readonly kind: 'event'; readonly body: string });

/** What a failure is, with the proof. */
export interface Classification {
  readonly type: LlamaCppErrorType;
  readonly code: CatalogueCode;
  /** One line with the actual names and numbers. */
  readonly message: string;
  readonly evidence: readonly string[];
  /** `nPromptTokens`, `nCtx`, `retryAfterMs`, `status`, `serverKind`, `flag`, `paid` … where the failure tells them. */
  readonly details: Readonly<Record<string, unknown>>;
}
