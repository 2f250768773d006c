import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import type { Remedy } from '../errors/llamactl-error.js';
import type { ServerKind } from './identify-server.js';

/**
 * What is known of the set-up at hand when an entry's texts are filled. `{url}`, `{port}`, `{model}` … in a text are
 * replaced by these; a placeholder whose value is not known reads as its fallback (`MODEL`, `8080` …; see fill.ts).
 */
export interface RemedyContext {
  /** Base URL of the server, without `/v1` and without a trailing slash, e.g. `http://localhost:8080`. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  /** A model's name or path, e.g. `qwen3-4b.gguf`. */
  readonly model?: string;
  /** The llama-server flag that the failure is about, e.g. `--metrics`. */
  readonly flag?: string;
  /** A context size in tokens that would do. */
  readonly contextSize?: number;
  readonly slots?: number;
  /** The path that was asked, e.g. `/v1/models`. */
  readonly path?: string;
  /** The program that answers, or is meant to; default llama.cpp, whose remedies the entries hold. */
  readonly program?: ServerKind;
}

/** What lines that prove a cause tell in numbers. */
export interface TextFacts extends RemedyContext {
  /** Tokens of the request that did not fit. */
  readonly requestTokens?: number;
  /** Tokens of the context that it did not fit into: a slot's. */
  readonly slotContext?: number;
}

export type Platform = 'linux' | 'darwin' | 'win32';

/**
 * A rule that recognises an entry's cause in text (a log, an HTTP body, a client's message, a Kubernetes event).
 * Rules are data: each is tried on every line after the line's prefixes (time stamps, docker, kubectl, colours) are off.
 */
export interface TextRule {
  /** Matches a line that proves the cause. No `g` flag. */
  readonly pattern: RegExp;
  /** Where given, one of these must match some line of the text (not necessarily the same one). */
  readonly requires?: readonly RegExp[];
  /** Where given, the rule does not hold when one of these matches the line itself or, with `anywhere`, the text. */
  readonly excludes?: readonly RegExp[];
  readonly excludesAnywhere?: readonly RegExp[];
  /** Where given, whether the numbers in the lines that prove it bear the cause out; true where they are not told. */
  readonly bearsOut?: (facts: TextFacts) => boolean;
  /**
   * How near to the root cause a match is, 0 … 100, highest first: a precise cause (out of memory) outranks its
   * consequence (loading failed), which outranks what merely follows (the process exited).
   */
  readonly rank: number;
}

/** One problem of the troubleshooting matrix. */
export interface CatalogueEntry {
  readonly code: CatalogueCode;
  readonly type: LlamaCppErrorType;
  /** What is wrong in at most 70 characters, lower case at the start, no full stop: the line after `✗`. */
  readonly title: string;
  /** What happens and why, two to five sentences for somebody who sees it for the first time. */
  readonly explanation: string;
  readonly causes: readonly string[];
  /** In the order to try them. */
  readonly remedies: readonly Remedy[];
  /** Commands that show what is the matter, by platform; `any` holds everywhere. */
  readonly diagnostics: Readonly<Partial<Record<Platform | 'any', readonly string[]>>>;
  /** Where upstream documents it. */
  readonly link: string;
  readonly rules: readonly TextRule[];
}

/** A catalogue entry found to hold, with its proof. The same shape in every command's JSON. */
export interface Finding {
  /** Of the catalogue; `config.invalid` where the user's own configuration is odd, which has no entry. */
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning' | 'info';
  readonly title: string;
  readonly evidence: readonly string[];
  readonly remedies: readonly Remedy[];
  readonly rank: number;
  readonly consequenceOf?: FindingCode;
  /** Of a diagnosis: the check that found it. */
  readonly check?: string;
}

export type FindingCode = CatalogueCode | 'config.invalid';
