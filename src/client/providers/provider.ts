import type { CallOptions } from '../endpoints/endpoint.js';
import type { LlamaCppClient } from '../llama-client.js';
import type { ModelInfo, ProviderType } from '../types.js';

export type { ProviderType };

/** The kinds of server that a client can be made for, as the specification names them, in the order in which it falls back. */
export const PROVIDER_TYPES = [
  'ollama',
  'openrouter',
  'openai-compatible',
  'llama-cpp',
] as const satisfies readonly ProviderType[];

/**
 * What one kind of server does in its own way. All of them answer OpenAI's chat API, so that one client speaks to each; what
 * differs is here as data.
 */
export interface ProviderKind {
  readonly type: ProviderType;
  /** What people call it. */
  readonly title: string;
  /** Where it is when nothing is said; null where nobody can know. */
  readonly defaultUrl: string | null;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What to look at when it cannot be used. */
  readonly hint: string;
  /**
   * Proves that the server can be used, with this key, and lists its models; wakes and loads none.
   * @throws LlamactlError where it cannot be used
   */
  readonly discover: (client: LlamaCppClient, options: CallOptions) => Promise<readonly ModelInfo[]>;
  /**
   * The name of the model to ask for where none is named; undefined where the choice is the user's. One that is loaded comes
   * before one that would have to be.
   */
  readonly choose: (models: readonly ModelInfo[]) => string | undefined;
  /** Tokens that one request to a model may hold; null where the server does not tell. */
  readonly contextSize: (
    client: LlamaCppClient,
    model: ModelInfo,
    options: CallOptions,
  ) => Promise<number | null>;
}
