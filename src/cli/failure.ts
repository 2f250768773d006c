import { LlamactlError, type Remedy, usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';

interface ParserError extends Error {
  readonly oclif?: { readonly exit?: number };
  readonly parse?: {
    readonly input?: {
      readonly flags?: Readonly<Record<string, unknown>>;
      readonly args?: Readonly<Record<string, unknown>>;
    };
  };
  readonly flags?: readonly string[];
  readonly args?: readonly unknown[];
}

/** What oclif's parser says, and how we say it. Nothing that was typed as a value is repeated but what is needed. */
const WORDINGS: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
  [/^Nonexistent flags?: (.*)$/, (flags = '') => `there is no flag ${flags.replaceAll(/=[^,]*/g, '')}`],
  [/^Flag (--\S+) expects a value$/, (flag) => `${flag} needs a value`],
  [/^Flag (--\S+) expects one of these values: (.*)$/, (flag, values) => `${flag} needs one of ${values}`],
  [/^Flag (--\S+) can only be specified once$/, (flag) => `${flag} can be given only once`],
  [
    /^Expected (--[\w-]+)=(.*) to be one of: (.*)$/,
    (flag, value, values) => `${flag}: ${JSON.stringify(value)} is none of ${values}`,
  ],
  [
    /^All of the following must be provided when using (--\S+): (.*)$/,
    (flag, needed) => `${flag} is of use only with ${needed}`,
  ],
  [
    /^(--\S+) Expected an integer(.*?) but received: (.*)$/,
    (flag, bound = '', value) => `${flag}: ${JSON.stringify(value)} is not a whole number${boundOf(bound)}`,
  ],
];

/**
 * Whatever a command threw, as an error of ours: oclif's complaints about flags and arguments are wrong usage (exit 2), and
 * what nobody foresaw is a bug (exit 70).
 * @param commandId with spaces, as the user types it
 */
export function toFailure(error: unknown, commandId: string): LlamactlError {
  if (error instanceof LlamactlError) return withoutParserFrame(error, commandId);
  if (isParserError(error)) return usageError(parserMessage(error), usageRemedies(error, commandId));
  const message = error instanceof Error ? error.message : String(error);
  return new LlamactlError({
    type: 'INTERNAL_ERROR',
    code: 'internal',
    message: message || 'an unknown failure',
    cause: error,
  });
}

/** A flag's own check that throws an error of ours has its message framed by oclif: `Parsing --timeout \n\t…\nSee more …`. */
function withoutParserFrame(error: LlamactlError, commandId: string): LlamactlError {
  const framed = /^Parsing (--\S+)\s+([\s\S]*?)\nSee more help/.exec(error.message);
  if (framed === null) return error;
  return usageError(`${framed[1]}: ${framed[2]}`, [...error.remedies, helpRemedy(commandId)], error.evidence);
}

/** oclif's parser errors are CLIErrors with `parse`; its flags' own checks throw plain CLIErrors with exit 2. */
function isParserError(error: unknown): error is ParserError {
  return (
    error instanceof Error &&
    'oclif' in error &&
    ('parse' in error || (error as ParserError).oclif?.exit === 2)
  );
}

function parserMessage(error: ParserError): string {
  const text = error.message
    .replace(/\nSee more help[\s\S]*$/, '')
    .replace(/^(?:The following errors? occurred:|Parsing)\s+/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  for (const [pattern, say] of WORDINGS) {
    const found = pattern.exec(text);
    if (found !== null) return say(...found.slice(1));
  }
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** ` less than or equal to 10` → ` up to 10`. */
function boundOf(text: string): string {
  return text
    .replace(' greater than or equal to ', ' from ')
    .replace(' less than or equal to ', ' up to ')
    .trimEnd();
}

function usageRemedies(error: ParserError, commandId: string): Remedy[] {
  const { flags = {}, args = {} } = error.parse?.input ?? {};
  const unknown = error.flags?.find((flag) => flag.startsWith('-'))?.split('=', 1)[0];
  const known = Object.keys(flags).map((name) => `--${name}`);
  const close = unknown === undefined ? null : nearest(unknown, known);
  const isUnquoted = error.message.startsWith('Unexpected argument') && Object.keys(args).length > 0;
  return [
    ...(close === null ? [] : [{ text: `Did you mean ${close}?`, commands: [] }]),
    ...(isUnquoted
      ? [{ text: 'Put several words into quotes:', commands: [`llamactl ${commandId} 'several words'`] }]
      : []),
    helpRemedy(commandId),
  ];
}

function helpRemedy(commandId: string): Remedy {
  return { text: 'See what it takes:', commands: [`llamactl ${commandId} --help`] };
}
