import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';

// --- messages and tools, as OpenAI's API and nanocoder's `Message` and `Tool` name them -------------------------

export interface ToolCall {
  readonly id: string;
  readonly type?: 'function';
  readonly function: {
    readonly name: string;
    /** JSON text on the wire; an object is accepted and serialised. */
    readonly arguments: string | Readonly<Record<string, unknown>>;
  };
}

export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
  | {
      readonly type: 'input_audio';
      readonly input_audio: { readonly data: string; readonly format: string };
    };

export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly ContentPart[] | null;
  readonly tool_calls?: readonly ToolCall[];
  /** Of a `tool` message: which call it answers. */
  readonly tool_call_id?: string;
  readonly name?: string;
}

export interface Tool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string;
    /** JSON Schema of the arguments. */
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

export type ToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'function'; readonly function: { readonly name: string } };

/** Sampling and output settings of one request; what is absent is the server's own default. */
export interface ChatOptions {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly mirostat?: 0 | 1 | 2;
  readonly mirostatTau?: number;
  readonly mirostatEta?: number;
  readonly seed?: number;
  readonly maxTokens?: number;
  /** Write on where the model would end, up to {@link maxTokens}; llama-server's own. */
  readonly ignoreEos?: boolean;
  readonly stop?: readonly string[];
  /** JSON Schema that the answer's content must satisfy. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  readonly toolChoice?: ToolChoice;
  /** Overrides the client's current model. */
  readonly model?: string;
  /**
   * Of several servers: whatever has this name goes to the server that had it last, while that is ready. Default: the
   * messages before the first answer tell a conversation.
   */
  readonly conversation?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds: the whole answer where not streamed; the first token, and each silence after it, where streamed. */
  readonly timeout?: number;
}

// --- results ---------------------------------------------------------------------------------------------------

export interface ParsedToolCall {
  readonly id: string;
  readonly name: string;
  /** Parsed JSON. */
  readonly arguments: unknown;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prompt tokens reused from the cache; 0 where the build does not tell. */
  readonly cachedTokens: number;
}

/** The server's own stop-watch, milliseconds and tokens. */
export interface Timings {
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly promptPerSecond: number;
  readonly generatedTokens: number;
  readonly generatedMs: number;
  readonly generatedPerSecond: number;
  readonly cachedTokens: number;
}

/** Something that the client did by itself to get an answer after a failure. */
export interface RecoveryStep {
  readonly type: LlamaCppErrorType;
  readonly code: CatalogueCode;
  readonly action:
    | 'retry'
    | 'use-other-server'
    | 'use-other-provider'
    | 'wait-for-loading'
    | 'use-first-available-model'
    | 'truncate-context'
    | 'use-non-streaming'
    | 'skip-malformed-event'
    | 'fallback-context-size'
    | 'fallback-model-list'
    | 'tool-results-as-user-messages';
  /** A sentence for the user. */
  readonly message: string;
  readonly attempt?: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs?: number;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | (string & {});

export interface ChatResult {
  readonly content: string;
  /** A reasoning model's thinking, apart from the answer; empty where there is none. */
  readonly reasoning: string;
  readonly toolCalls: readonly ParsedToolCall[];
  readonly finishReason: FinishReason;
  /** The model that answered, which need not be the one that was asked for. */
  readonly model: string;
  readonly usage: Usage;
  readonly timings: Timings | null;
  readonly recovery: readonly RecoveryStep[];
}

/** One event of a streamed answer. The last is always `finish`, unless the iteration throws. */
export type ChatEvent =
  | { readonly type: 'content'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool-call-delta';
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      /** The next piece of the arguments' JSON text. */
      readonly arguments: string;
    }
  | { readonly type: 'prompt-progress'; readonly processed: number; readonly total: number }
  | { readonly type: 'recovery'; readonly step: RecoveryStep }
  | { readonly type: 'finish'; readonly result: ChatResult };

// --- facts -----------------------------------------------------------------------------------------------------

export interface ModelInfo {
  readonly id: string;
  readonly aliases: readonly string[];
  /** Count of weights, e.g. 4022468096; null where the server does not tell (so in each field below). */
  readonly parameters: number | null;
  readonly sizeBytes: number | null;
  /** E.g. `Q4_K_M`. */
  readonly quantization: string | null;
  /** Tokens that one request may hold. */
  readonly contextPerSlot: number | null;
  readonly contextTrained: number | null;
  readonly status: 'ready' | 'loading' | 'asleep' | 'unloaded' | 'failed' | 'downloading' | 'unknown';
  /** How the process of a router's model ended, where it failed. */
  readonly failure?: { readonly exitCode: number | null; readonly args: readonly string[] };
}

export interface ModelList {
  readonly models: readonly ModelInfo[];
  /** `configuration`: the server could not be asked, these are the configured names. */
  readonly source: 'server' | 'configuration';
}

export interface ContextSize {
  /** Tokens that one request may hold, prompt and answer together. */
  readonly tokens: number;
  readonly source: 'slot' | 'model' | 'fallback';
}

export type HealthStatus =
  | 'ready'
  | 'loading'
  | 'asleep'
  | 'unreachable'
  | 'unauthorized'
  | 'wrong-server'
  | 'unresponsive';

// --- the client ------------------------------------------------------------------------------------------------

/** What nanocoder asks of a provider (the specification's `LLMClient`). */
export interface LLMClient {
  initialize(): Promise<void>;
  getAvailableModels(): Promise<string[]>;
  getCurrentModel(): string;
  setModel(model: string): void;
  getContextSize(): number;
  chat(messages: readonly Message[], tools?: readonly Tool[], options?: ChatOptions): Promise<ChatResult>;
  chatStream(
    messages: readonly Message[],
    tools?: readonly Tool[],
    options?: ChatOptions,
  ): AsyncIterable<ChatEvent>;
  clearContext(): Promise<void>;
}

/** Connections to one origin: the specification's 7.6, as undici's options. */
export interface PoolOptions {
  /** Connections at most; further requests wait. Default 5. */
  readonly maxConnections?: number;
  /** Milliseconds after which an idle connection is closed. Default 300,000. */
  readonly maxIdleTime?: number;
  /** Milliseconds to connect, and to wait for a free connection. Default 10,000. */
  readonly connectionTimeout?: number;
}

/** The kinds of server that a client can be made for, as the specification names them. */
export type ProviderType = 'llama-cpp' | 'ollama' | 'openrouter' | 'openai-compatible';

export interface ClientOptions {
  /** Default `http://localhost:8080`. A trailing slash or `/v1` is taken off, a path prefix kept. */
  readonly baseUrl?: string | undefined;
  /**
   * Several servers in place of one: each request goes to the one that is least busy, a conversation stays where its
   * prompt is cached, and what a server fails before its first token another answers. The key goes to each of them.
   */
  readonly baseUrls?: readonly string[] | undefined;
  readonly apiKey?: string | undefined;
  /** The kind of server that is meant, for the words of failures and what to do about them. Default `llama-cpp`. */
  readonly provider?: ProviderType | undefined;
  /** Sent with each request to this server, and to no other origin; lower-case names. With `authorization` among them the key goes in `x-api-key`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What may be shown in no exchange and no error, beside the key. */
  readonly secrets?: readonly string[] | undefined;
  /** Names to offer when the server cannot be asked. */
  readonly models?: readonly string[] | undefined;
  /** The model to ask for; default the first that the server lists. */
  readonly model?: string | undefined;
  /** Milliseconds for a plain request, and for a stream's first token. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Milliseconds of silence (keep-alive comments do not count) after which a stream is given up. Default `timeout`. */
  readonly idleTimeout?: number | undefined;
  /**
   * Further tries after the first. Default: the recovery table's (3 after a failed connection, 5 at an overloaded server);
   * 0 switches retrying, and waiting for a model to load, off.
   */
  readonly maxRetries?: number | undefined;
  /**
   * Milliseconds after the first try in which further ones may begin; no wait goes beyond it, save that for a model to load.
   * Default: no limit.
   */
  readonly retryWindow?: number | undefined;
  /**
   * Milliseconds of a chat after which, as long as nothing of the answer has come, the server is asked whether it is alive, again
   * and again; one that is not is given up before its deadline. Default: it is not asked.
   */
  readonly aliveEvery?: number | undefined;
  /** Whether the client may answer in another way than asked (first model, shorter history, no stream). Default true. */
  readonly fallback?: boolean | undefined;
  readonly pool?: PoolOptions | undefined;
  /** PEM file of certificate authorities to trust beside the system's. */
  readonly caCert?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
  /** For `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** An undici dispatcher of the caller's; the pool, proxy and TLS options are then its own business. */
  readonly dispatcher?: object | undefined;
  /** Ends everything that the client does. */
  readonly signal?: AbortSignal | undefined;
  /** Folder of the facts cache; absent: facts are kept in memory only. */
  readonly cacheDirectory?: string | undefined;
}

/** One HTTP exchange, for `--verbose`. Secrets are masked. */
export interface ExchangeRecord {
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string | null;
  readonly status: number | null;
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** Milliseconds to the response's head. */
  readonly durationMs: number;
  readonly error: string | null;
}

export interface ClientEvents {
  readonly recovery: RecoveryStep;
  readonly exchange: ExchangeRecord;
  /** One of several servers is left out, is back, or serves another model than the first. */
  readonly server: {
    readonly baseUrl: string;
    readonly event: 'out' | 'back' | 'other-model';
    /** A sentence for the user, without a full stop. */
    readonly message: string;
  };
  /** A request waits for one of the pool's connections. */
  readonly waiting: { readonly pending: number; readonly connections: number };
}
