import { nearest } from '../errors/nearest.js';
import { checkSchema } from './check-schema.js';
import { type Form, formOf } from './form.js';
import { type ParsedText, parseJson } from './json/parse.js';
import { LineIndex, type Position, sortProblems } from './lines.js';
import { type Converted, fromNanocoder } from './nanocoder.js';
import { nanocoderSchema, providerListSchema } from './nanocoder-schema.js';
import { withoutOwnKeys } from './own-keys.js';
import type { Complaint, Problem, Span } from './problem.js';
import { type ConfigFile, configSchema } from './schema.js';
import { type Node, nodeAt, plainValue, type Tree, walk } from './tree.js';

export type Format = 'json' | 'yaml';

/** A configuration file, read as far as it can be. */
export interface ReadConfig {
  /** As it is named to the user. */
  readonly file: string;
  readonly text: string;
  readonly lines: LineIndex;
  readonly format: Format;
  readonly form: Form;
  /** Null where nothing could be read. */
  readonly tree: Tree | null;
  /** Whether the tree is surely what was meant. */
  readonly whole: boolean;
  /** In our form; null where there are errors. */
  readonly config: ConfigFile | null;
  /** What is wrong with its syntax and against its schema, in the order of the file. */
  readonly problems: readonly Problem[];
  /** Comments of JSON. */
  readonly comments: readonly Span[];
  /** A path in our form → the path in the file; null for what the file does not have. */
  readonly pathInFile: Converted['pathInFile'];
  readonly withTools: Converted['withTools'];
  /** Where the value at a path in our form stands; null where it is not in the file. */
  readonly positionOf: (path: readonly PropertyKey[]) => Position | null;
}

/**
 * Reads a configuration in any of its forms. Nothing is thrown: what is wrong is in `problems`.
 * @param file named in messages; its ending tells the format
 */
export async function readConfig(text: string, file: string): Promise<ReadConfig> {
  const lines = new LineIndex(text);
  const format = formatOf(file, text);
  const parsed: ParsedText =
    format === 'json' ? parseJson(text) : (await import('./yaml/parse.js')).parseYaml(text);
  const root = parsed.tree === null ? null : withoutOwnKeys(parsed.tree.root);
  const form = formOf(root === null ? null : plainValue(root), file);
  const checked: Checked =
    root !== null && parsed.whole ? check(root, form) : { converted: null, complaints: [] };
  const complaints = [
    ...parsed.complaints,
    ...(parsed.tree === null ? [] : duplicates(parsed.tree.root, lines)),
    ...checked.complaints,
  ];
  const hasErrors = complaints.some(({ severity }) => severity !== 'warning');
  const pathInFile = checked.converted?.pathInFile ?? ((path) => path);
  return {
    file,
    text,
    lines,
    format,
    form,
    tree: parsed.tree,
    whole: parsed.whole,
    config: hasErrors ? null : (checked.converted?.config ?? null),
    problems: sortProblems(complaints.map((complaint) => lines.problem(complaint))),
    comments: parsed.comments,
    pathInFile,
    withTools: checked.converted?.withTools ?? new Set(),
    positionOf: (path) => {
      const inFile = pathInFile(path);
      const node = inFile === null || parsed.tree === null ? undefined : nodeAt(parsed.tree.root, inFile);
      return node === undefined ? null : lines.at(node.start);
    },
  };
}

interface Checked {
  readonly converted: Converted | null;
  readonly complaints: readonly Complaint[];
}

function check(root: Node, form: Form): Checked {
  if (form === 'llamactl') {
    const { value, complaints } = checkSchema(configSchema, root);
    return {
      converted: value && { config: value, pathInFile: (path) => path, withTools: new Set<string>() },
      complaints: [...complaints, ...unknownTargets(root)],
    };
  }
  if (form === 'provider-list') {
    const { value, complaints } = checkSchema(providerListSchema, root);
    const converted = value && fromNanocoder({ providers: value });
    return { converted: converted && inList(converted), complaints };
  }
  const { value, complaints } = checkSchema(nanocoderSchema, root);
  return { converted: value && fromNanocoder(value), complaints };
}

/** A bare list stands at the root, where a file has it under `providers`. */
function inList({ pathInFile, ...converted }: Converted): Converted {
  return { ...converted, pathInFile: (path) => pathInFile(path)?.slice(1) ?? null };
}

/** `default` and `fallback` that name no target. */
function unknownTargets(root: Node): Complaint[] {
  const targets = nodeAt(root, ['targets']);
  if (targets?.kind !== 'object') return [];
  const names = targets.entries.map(({ key }) => key);
  const fallback = nodeAt(root, ['fallback']);
  const paths: readonly (readonly PropertyKey[])[] = [
    ['default'],
    ...(fallback?.kind === 'array' ? fallback.items.map((_, index) => ['fallback', index]) : []),
  ];
  return paths.flatMap((path): Complaint[] => {
    const node = nodeAt(root, path);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || names.includes(node.value)) return [];
    const close = nearest(node.value, names);
    return [
      {
        code: 'config.unknown-target',
        path,
        span: node,
        message: `there is no target "${node.value}"${close === null ? '' : `, did you mean "${close}"?`}`,
        suggestion: `targets: ${names.join(', ') || 'none'}`,
      },
    ];
  });
}

function duplicates(root: Node, lines: LineIndex): Complaint[] {
  const complaints: Complaint[] = [];
  for (const { node, path } of walk(root)) {
    if (node.kind !== 'object') continue;
    const first = new Map<string, Span>();
    for (const { key, keySpan } of node.entries) {
      const before = first.get(key);
      if (before === undefined) first.set(key, keySpan);
      else
        complaints.push({
          code: 'config.duplicate-key',
          path: [...path, key],
          span: keySpan,
          message: `the key "${key}" stands here twice, first in line ${lines.at(before.start).line}`,
          suggestion: 'keep one of them',
        });
    }
  }
  return complaints;
}

function formatOf(file: string, text: string): Format {
  if (/\.jsonc?$/i.test(file)) return 'json';
  if (/\.ya?ml$/i.test(file)) return 'yaml';
  return /^\s*(?:[{[]|\/[/*])/.test(text) ? 'json' : 'yaml';
}
