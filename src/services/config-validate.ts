import { resolve } from 'node:path';
import { entryOf } from '../catalogue/entries.js';
import { decodeConfig } from '../config/decode.js';
import type { Form } from '../config/form.js';
import { type Frame, framesOf } from '../config/frame.js';
import { sortProblems } from '../config/lines.js';
import { lintText } from '../config/lint.js';
import { readSource } from '../config/load.js';
import { PROBLEM_CODES, type Problem } from '../config/problem.js';
import type { Format, ReadConfig } from '../config/read.js';
import { environmentSource, findSources } from '../config/sources.js';
import type { Environment } from '../config/variables.js';
import { isCatalogueCode } from '../errors/codes.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { expandFiles } from './config-files.js';

/** One file of the JSON document of `config validate`. */
export interface FileDocument {
  readonly file: string;
  readonly format: Format;
  readonly form: Form;
  readonly problems: readonly Problem[];
}

export interface ValidationDocument {
  /** Whether there is no error; warnings are none. */
  readonly valid: boolean;
  readonly files: readonly FileDocument[];
}

/** A file that was checked, and what showing it needs. */
export interface CheckedFile {
  readonly document: FileDocument;
  /** Null where the file could not be read. */
  readonly read: ReadConfig | null;
  /** Servers that it names. */
  readonly targets: number | null;
  readonly frameOf: (problem: Problem) => Frame | null;
}

export interface Validation {
  readonly files: readonly CheckedFile[];
  /** Where no file was named: others that are there and not read, since the first one wins. */
  readonly shadowed: readonly string[] | null;
}

export interface ValidateOptions {
  readonly cwd: string;
  readonly env: Environment;
  /** Files, patterns, `-` for stdin. Without any, the file that would win. */
  readonly files: readonly string[];
  /** `--config`. */
  readonly config?: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** Holds each file against its servers too: these targets (none: all), so many milliseconds a question. */
  readonly live: {
    readonly targets: readonly string[];
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  } | null;
}

interface Named {
  readonly label: string;
  /** Null for stdin and the environment. */
  readonly path: string | null;
  readonly text?: string;
}

/**
 * Checks configuration files. What is wrong with one is in its problems, that it cannot be read too.
 * @throws LlamactlError (usage) where there is nothing to check
 */
export async function validateFiles(options: ValidateOptions): Promise<Validation> {
  const { files, cwd } = options;
  if (files.length === 0) {
    const { named, shadowed } = winning(options);
    return { files: await Promise.all(named.map((each) => check(each, options))), shadowed };
  }
  const named = expandFiles(files, cwd).map(
    (word): Named => (word === '-' ? { label: '-', path: null } : { label: word, path: resolve(cwd, word) }),
  );
  return { files: await Promise.all(named.map((each) => check(each, options))), shadowed: null };
}

export function documentOf({ files }: Validation): ValidationDocument {
  const documents = files.map(({ document }) => document);
  const isError = ({ severity }: Problem) => severity === 'error';
  return { valid: !documents.some(({ problems }) => problems.some(isError)), files: documents };
}

/** What each code of a document means, in a word. */
export function ruleTexts({ files }: ValidationDocument): Record<string, string> {
  const codes = files.flatMap(({ problems }) => problems.map(({ code }) => code));
  return Object.fromEntries(
    codes.map((code) => [code, isCatalogueCode(code) ? entryOf(code).title : PROBLEM_CODES[code]]),
  );
}

/** The file that would be used, and the environment above it. */
function winning({ cwd, env, config }: ValidateOptions): { named: Named[]; shadowed: string[] } {
  const [first, ...others] = findSources(cwd, env, config);
  const above = environmentSource(cwd, env);
  const isOurs = first !== undefined && !/agents\.config\.json$/.test(first.path);
  const named: Named[] = [
    ...(first === undefined ? [] : [{ label: first.label, path: first.path }]),
    ...(above === null || isOurs
      ? []
      : [
          {
            label: above.name,
            ...('text' in above ? { path: null, text: above.text } : { path: above.path }),
          },
        ]),
  ];
  if (named.length === 0)
    throw usageError('there is no configuration file', [
      {
        text: 'Name one, or write one:',
        commands: ['llamactl config validate FILE', 'llamactl config init'],
      },
    ]);
  return { named, shadowed: others.map(({ label }) => label) };
}

async function check(named: Named, options: ValidateOptions): Promise<CheckedFile> {
  const { label, path } = named;
  let text: string;
  try {
    text =
      named.text ?? (path === null ? await all(options.stdin) : readSource({ path, label, required: false }));
  } catch (error) {
    if (!(error instanceof Error) || (path !== null && !(error instanceof LlamactlError))) throw error;
    return unreadable(label, error);
  }
  const { read, problems } = await lintText({ text, label, path }, options);
  const asked = await ask(read, options);
  return {
    document: {
      file: label,
      format: read.format,
      form: read.form,
      problems: sortProblems([...problems, ...asked]),
    },
    read,
    targets: read.config === null ? null : Object.keys(read.config.targets).length,
    frameOf: framesOf(read),
  };
}

async function ask(read: ReadConfig, { cwd, env, live }: ValidateOptions): Promise<readonly Problem[]> {
  if (live === null || read.config === null) return [];
  const { holdAgainstServers } = await import('./config-live.js');
  return holdAgainstServers(read, { cwd, env, label: read.file, ...live });
}

function unreadable(file: string, error: Error): CheckedFile {
  const place = { path: '', line: 1, column: 1, endLine: 1, endColumn: 1 };
  const [, reason = error.message] = /cannot be read: (.*)/.exec(error.message) ?? [];
  const message = /^ENOENT/.test(reason)
    ? 'there is no such file'
    : /^EISDIR/.test(reason)
      ? 'this is a folder'
      : /^it is /.test(reason)
        ? reason
        : `it cannot be read: ${reason}`;
  const problem: Problem = { severity: 'error', code: 'config.unreadable', ...place, message };
  const format = /\.ya?ml$/.test(file) ? 'yaml' : 'json';
  return {
    document: { file, format, form: 'llamactl', problems: [problem] },
    read: null,
    targets: null,
    frameOf: () => null,
  };
}

async function all(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return decodeConfig(Buffer.concat(chunks));
}
