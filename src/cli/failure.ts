import { LlamactlError, type Remedy, usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';

interface ParserError extends Error {
  readonly oclif?: { readonly exit?: number };
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
}

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
  return usageError(`${framed[1]}: ${framed[2]}`, [
    ...error.remedies,
    { text: 'See what it takes:', commands: [`llamactl ${commandId} --help`] },
  ]);
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
  // The first line says what is wrong; the rest repeats the help.
  const [first = '', ...rest] = error.message
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^See more help/.test(line));
  const details = rest.filter((line) => /^\s/.test(line) || !/^USAGE/.test(line)).map((line) => line.trim());
  const text = details.length > 0 && details.length <= 4 ? `${first} ${details.join('; ')}` : first;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function usageRemedies(error: ParserError, commandId: string): Remedy[] {
  const known = Object.keys(error.parse?.input?.flags ?? {}).map((name) => `--${name}`);
  const unknown = error.flags?.find((flag) => flag.startsWith('-'));
  const close = unknown === undefined ? null : nearest(unknown, known);
  return [
    ...(close === null ? [] : [{ text: `Did you mean ${close}?`, commands: [] }]),
    { text: 'See what it takes:', commands: [`llamactl ${commandId} --help`] },
  ];
}
