import type { CatalogueCode } from '../errors/codes.js';

/** Everything that can be wrong with a configuration, and what each is in a word: the rules of a SARIF report. */
export const PROBLEM_CODES = {
  'config.unreadable': 'the file cannot be read',
  'config.syntax': 'the text is neither JSON nor YAML',
  'config.trailing-comma': 'a comma after the last entry, which JSON does not allow',
  'config.duplicate-key': 'a key stands twice in the same place',
  'config.comment-in-json': 'a comment in a file whose own program reads plain JSON',
  'config.unknown-form': 'no form of configuration that is known',
  'config.unknown-key': 'a key that is not known there',
  'config.missing-key': 'a key that is needed is missing',
  'config.wrong-type': 'a value of the wrong type',
  'config.out-of-range': 'a number or text outside its bounds',
  'config.not-allowed': 'a value that is not one of those allowed',
  'config.invalid-value': 'a value that cannot be used',
  'config.invalid-url': "a text that cannot be a server's address",
  'config.unknown-target': 'a name that no target has',
  'config.key-sources': 'more than one source of the API key',
  'config.key-and-login': 'an API key beside a login, where the server takes both in one header',
  'config.placeholder-key': 'an API key that is an example',
  'config.exposed-secret': 'a secret in a file that others can read',
  'config.tracked-secret': 'a secret in a file that git tracks',
  'config.key-file': 'a key file that is missing, empty or readable by others',
  'config.plain-http-key': 'an API key that crosses a network unencrypted',
  'config.path-missing': 'an address without the path that its program needs',
  'config.path-doubled': 'an address with a path that is added again',
  'config.any-address': 'an address to listen on, used as one to connect to',
  'config.case-clash': 'names that differ only by case',
  'config.duplicate-name': 'a name that is given twice',
  'config.unset-variable': 'a variable that is not set',
  'config.deprecated-form': "a form that today's programs no longer read",
  'config.short-timeout': 'a deadline shorter than what was measured',
} as const;

export type ConfigProblemCode = keyof typeof PROBLEM_CODES;
/** Catalogue codes come from `--live`, where a server was asked. */
export type ProblemCode = ConfigProblemCode | CatalogueCode;

/** Something wrong with a configuration file, and where. The shape of `config validate --json`. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  /** JSON path: `targets.local.baseUrl`, `nanocoder.providers[0].models[1]`; empty for the file as a whole. */
  readonly path: string;
  /** From 1. Columns are UTF-16 units, as editors count them. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** After the last character. */
  readonly endColumn: number;
  /** One line, lower case at the start, without the path. Never holds a secret. */
  readonly message: string;
  /** What to do: a command where there is one, else a sentence. */
  readonly suggestion?: string;
}

/** The offsets of a part of a text; `end` is after its last character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A problem before its place is put into lines. */
export interface Complaint {
  readonly severity?: Problem['severity'];
  readonly code: ProblemCode;
  readonly path?: readonly PropertyKey[];
  readonly span: Span;
  readonly message: string;
  readonly suggestion?: string | undefined;
}

/** `['targets', 'local', 'models', 0]` → `targets.local.models[0]`; names that are no words in quotes. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$-]+$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}
