import type { ErrorCode } from './codes.js';
import type { ErrorType } from './error-type.js';
import { exitCodeOf } from './exit-code.js';

/** What to do about a failure: a sentence, and the commands that do it (each one line, ready to be pasted). */
export interface Remedy {
  readonly text: string;
  readonly commands: readonly string[];
}

export interface LlamactlErrorOptions {
  readonly type: ErrorType;
  readonly code: ErrorCode;
  /** One line, no full stop needed; says what is wrong, with the actual URL, model or number in it. */
  readonly message: string;
  /** What was seen that proves it, a line each. Redacted by whoever gathers it. */
  readonly evidence?: readonly string[];
  readonly remedies?: readonly Remedy[];
  readonly cause?: unknown;
  /** Only where the type's own exit code (see {@link exitCodeOf}) is not right. */
  readonly exit?: number;
  /** Facts a caller may want without reading the message: `nPromptTokens`, `nCtx`, `retryAfterMs` … */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The `error` of a failure's JSON document. Stable: scripts rely on it. */
export interface ErrorDocument {
  readonly type: ErrorType;
  readonly code: ErrorCode;
  readonly message: string;
  readonly evidence: readonly string[];
  readonly suggestions: readonly string[];
}

/** Every failure that llamactl foresees. Anything else that is thrown is a bug of ours (exit 70). */
export class LlamactlError extends Error {
  readonly type: ErrorType;
  readonly code: ErrorCode;
  readonly evidence: readonly string[];
  readonly remedies: readonly Remedy[];
  readonly exit: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: LlamactlErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LlamactlError';
    this.type = options.type;
    this.code = options.code;
    this.evidence = options.evidence ?? [];
    this.remedies = options.remedies ?? [];
    this.exit = options.exit ?? exitCodeOf(options.type);
    this.details = options.details ?? {};
  }

  /** The same failure, with some of it told otherwise. */
  with(changes: Partial<LlamactlErrorOptions>): LlamactlError {
    const { type, code, message, evidence, remedies, exit, details } = this;
    const cause = this.cause ?? this;
    return new LlamactlError({
      type,
      code,
      message,
      evidence,
      remedies,
      exit,
      details,
      cause,
      ...changes,
    });
  }

  /** The remedies as plain lines: each remedy's text, then its commands. */
  get suggestions(): string[] {
    return this.remedies.flatMap((remedy) => [remedy.text, ...remedy.commands]);
  }

  toJSON(): ErrorDocument {
    return {
      type: this.type,
      code: this.code,
      message: this.message,
      evidence: this.evidence,
      suggestions: this.suggestions,
    };
  }
}

/**
 * A wrong flag, argument or file: exit 2.
 * @param message what was wrong and where
 * @param remedies what to do instead
 * @param evidence what was given; an excerpt with a caret under it is one piece of two lines
 */
export function usageError(
  message: string,
  remedies: readonly Remedy[] = [],
  evidence: readonly string[] = [],
): LlamactlError {
  return new LlamactlError({ type: 'USAGE_ERROR', code: 'usage.invalid', message, evidence, remedies });
}
