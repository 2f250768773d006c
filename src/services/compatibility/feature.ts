import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ProviderType } from '../../client/providers/provider.js';
import type { ModelInfo } from '../../client/types.js';
import type { Props } from '../../wire/props.js';

/** What is measured of a provider: the specification's matrix, and what an operator asks about next. */
export const FEATURES = [
  'chat',
  'streaming',
  'tools',
  'model-switching',
  'context-detection',
  'authentication',
  'multimodal',
  'embeddings',
  'structured-output',
  'reasoning',
  'logprobs',
] as const;
export type Feature = (typeof FEATURES)[number];

/** `untested`: nothing was seen that would decide it. */
export type Result = 'yes' | 'partly' | 'no' | 'untested';

export interface Verdict {
  readonly result: Result;
  /** What was seen, in a few words. */
  readonly evidence: string;
}

/** One row of a matrix. */
export interface Measurement extends Verdict {
  readonly feature: Feature;
}

/** Opens another client for the same server. It is the caller's to destroy. */
export type OpenClient = (changes: { readonly withoutKey?: true; readonly key?: string }) => LlamaCppClient;

/** A server that is ready to be asked, and what is known of it. */
export interface Bench {
  readonly provider: ProviderType;
  /** Asks once, and answers in no other way than asked. */
  readonly client: LlamaCppClient;
  readonly open: OpenClient;
  /** The one that is asked; undefined where none is listed or named. */
  readonly model: string | undefined;
  /** A llama-server's; null for other programs. */
  readonly props: Props | null;
  /** Models that may be asked beside the one above, the best first. */
  readonly others: readonly ModelInfo[];
  /** Why a second model is not asked, where there is one. */
  readonly othersReason: string;
  readonly signal: AbortSignal;
  /** Milliseconds that are left for everything. */
  readonly timeLeft: () => number;
}

/** How one feature is measured. */
export interface Probe {
  readonly feature: Feature;
  /**
   * `model`: wants answers of the model, which may have to be woken or loaded for it; `server`: everything else.
   */
  readonly asks: 'model' | 'server';
  /** Whether it makes no sense where the server does not chat. */
  readonly chats: boolean;
  /** @throws LlamactlError where the server refuses, which is a finding as well */
  measure(bench: Bench, seen: Seen): Promise<Verdict>;
}

/** What probes before this one have come across. */
export interface Seen {
  /** Tokens of the prompt `Hi`; null where that is not known. */
  promptTokens: number | null;
  /** Texts of the model that came apart as its thinking, and those of its answers. */
  reasoning: string;
  content: string;
}
