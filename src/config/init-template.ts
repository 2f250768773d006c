import { printJson } from './json/print.js';
import type { Format } from './read.js';
import { DEFAULTS, type Provider } from './schema.js';
import { type Entry, entry, nodeOf, object, type Tree } from './tree.js';

/** Where a key is kept; a file never holds the key itself. */
export type KeySource =
  | { readonly kind: 'none' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly command: string };

/** A target of a configuration that is to be written. */
export interface NewTarget {
  readonly name: string;
  readonly provider: Provider;
  readonly baseUrl: string;
  /** What is known of the server, for a comment: `llama.cpp b11434, 4 slots of 8,192 tokens`. */
  readonly remark: string | null;
  readonly key: KeySource;
  readonly models: readonly string[];
  readonly contextWindow: number | null;
}

/** A configuration with a comment at each thing that a beginner would ask about. */
export async function newConfig(targets: readonly NewTarget[], format: Format): Promise<string> {
  const [first] = targets;
  const tree: Tree = {
    before: [
      'Servers that llamactl speaks to. All keys: llamactl config schema',
      'Check it, with the servers: llamactl config validate --live',
    ],
    root: object([
      entry('default', nodeOf(first?.name ?? 'local'), {
        before: ['The target that is meant where none is named (--target NAME).'],
        spaced: true,
      }),
      entry('targets', object(targets.map((target) => targetEntry(target, format))), {
        before: targets.length < 2 ? [] : fallbackHints(targets, format),
        spaced: true,
      }),
    ]),
    after: [],
  };
  // The head stands apart from the first key's own comment.
  const text = format === 'json' ? printJson(tree) : (await import('./yaml/print.js')).printYaml(tree);
  return text;
}

function targetEntry(target: NewTarget, format: Format): Entry {
  const { name, provider, baseUrl, remark, models, contextWindow } = target;
  const entries = [
    ...(provider === 'llama-cpp' ? [] : [entry('provider', nodeOf(provider))]),
    entry('baseUrl', nodeOf(baseUrl), { before: ['http, https, or unix:/run/llama.sock; without /v1.'] }),
    ...keyEntries(target.key),
    ...(models.length === 0
      ? []
      : [entry('models', nodeOf(models), { before: ['Names to offer where the server cannot be asked.'] })]),
    ...(contextWindow === null
      ? []
      : [
          entry('contextWindow', nodeOf(contextWindow), {
            before: ['Tokens that one request may hold. diagnose holds the server against it.'],
          }),
        ]),
    entry('timeout', nodeOf(DEFAULTS.timeout), {
      before: ['Milliseconds for an answer, and for the first token of a stream.'],
    }),
    entry('maxRetries', nodeOf(DEFAULTS.maxRetries)),
  ];
  const hints = [
    ...(target.key.kind === 'none' ? keyHints(format) : []),
    'Sampling is left to the server unless it stands here:',
    ...commentedOut('sampling', { temperature: 0.8, topP: 0.95 }, format),
  ];
  return entry(name, object(entries, hints), { before: remark === null ? [] : [remark] });
}

function keyEntries(key: KeySource): Entry[] {
  switch (key.kind) {
    case 'variable':
      return [entry('apiKey', nodeOf(`$${key.name}`), { before: ['From the environment.'] })];
    case 'file':
      return [entry('apiKeyFile', nodeOf(key.path), { before: ['Holds the key alone: chmod 600.'] })];
    case 'command':
      return [entry('apiKeyCommand', nodeOf(key.command), { before: ['Prints the key; run by the shell.'] })];
    default:
      return [];
  }
}

function keyHints(format: Format): string[] {
  return [
    'Where the server needs an API key, one of:',
    ...commentedOut('apiKey', '$LLAMA_API_KEY', format),
    ...commentedOut('apiKeyFile', '~/.config/llamactl/llama.key', format),
    ...commentedOut('apiKeyCommand', ['pass', 'show', 'llama'], format),
  ];
}

function fallbackHints(targets: readonly NewTarget[], format: Format): string[] {
  return [
    'Who may answer a chat where another cannot, in this order. Each of them may get the prompt:',
    ...commentedOut(
      'fallback',
      targets.map(({ name }) => name),
      format,
    ),
  ];
}

/** An entry as a comment, in the file's own format. */
function commentedOut(key: string, value: unknown, format: Format): string[] {
  const text = JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');
  if (format === 'json') return [`"${key}": ${text},`];
  const isFlow = typeof value === 'object';
  return [`${key}: ${isFlow ? text.replace(/"(\w+)":/g, '$1:') : String(value)}`];
}
