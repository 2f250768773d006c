import { readSource } from '../config/load.js';
import { readConfig } from '../config/read.js';
import { findSource } from '../config/sources.js';
import { type Node, nodeAt, type ScalarNode } from '../config/tree.js';
import type { Environment } from '../config/variables.js';
import { parseBaseUrl } from '../wire/base-url.js';
import { type DiffLine, diffLines } from './line-diff.js';

/** A value of the configuration that is to be another. */
export interface Edit {
  /** In our form: `['targets', 'local', 'baseUrl']`. */
  readonly path: readonly PropertyKey[];
  readonly value: string | number;
  /** Of an address: the one that it replaces, which tells it among several (`baseUrls`). */
  readonly instead?: string;
  /** Why, in words. */
  readonly reason: string;
}

/** What edits would do to the file that is used. */
export interface EditPlan {
  /** As it is named to the user. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
  readonly diff: readonly DiffLine[];
  readonly done: readonly Edit[];
  /** Values that do not stand in the file, so that they cannot be replaced there. */
  readonly left: readonly Edit[];
}

/**
 * Works out what edits would change; nothing is written. Only the values themselves are replaced, so that comments and layout
 * stay.
 * @returns null where there is no file, or nothing in it to replace
 * @throws LlamactlError (configuration) where the file cannot be read
 */
export async function planEdits(
  edits: readonly Edit[],
  where: { readonly cwd: string; readonly env: Environment; readonly config?: string | undefined },
): Promise<EditPlan | null> {
  const source = findSource(where.cwd, where.env, where.config);
  if (source === null) return null;
  const before = readSource(source);
  const { tree, pathInFile } = await readConfig(before, source.label);
  if (tree === null) return null;
  const at = (path: readonly PropertyKey[]) => {
    const inFile = pathInFile(path);
    return inFile === null ? undefined : nodeAt(tree.root, inFile);
  };
  const found = edits.flatMap((edit): { edit: Edit; node: ScalarNode | undefined }[] => {
    const nodes = nodesOf(edit, at);
    return nodes.length === 0 ? [{ edit, node: undefined }] : nodes.map((node) => ({ edit, node }));
  });
  let text = before;
  for (const { edit, node } of [...found].sort((a, b) => (b.node?.start ?? 0) - (a.node?.start ?? 0))) {
    if (node === undefined) continue;
    // Both JSON and YAML read a JSON scalar.
    text = text.slice(0, node.start) + JSON.stringify(valueFor(edit, node.value)) + text.slice(node.end);
  }
  const done = [...new Set(found.filter(({ node }) => node !== undefined).map(({ edit }) => edit))];
  const left = found.filter(({ node }) => node === undefined).map(({ edit }) => edit);
  if (text === before) return null;
  return { file: source.label, path: source.path, text, diff: diffLines(before, text), done, left };
}

/** The values that an edit replaces. One by a variable is none: it does not stand in the file. */
function nodesOf(
  { path, instead }: Edit,
  at: (path: readonly PropertyKey[]) => Node | undefined,
): ScalarNode[] {
  const isOurs = (node: Node | undefined): node is ScalarNode =>
    node?.kind === 'scalar' && !(typeof node.value === 'string' && /\$[{A-Za-z_]/.test(node.value));
  const single = at(path);
  const several = path.at(-1) === 'baseUrl' ? at([...path.slice(0, -1), 'baseUrls']) : undefined;
  if (instead === undefined || several?.kind !== 'array') return [single].filter(isOurs);
  // nanocoder's first address stands in its own field, too.
  return [single, ...several.items.map(({ value }) => value)].filter(isOurs).filter(({ value }) => {
    const parsed = parseBaseUrl(String(value));
    return parsed.ok && parsed.baseUrl === instead;
  });
}

/** nanocoder's addresses of llama.cpp end in `/v1`: one that did goes on to. */
function valueFor({ path, value }: Edit, old: unknown): string | number {
  const isAddress = path.at(-1) === 'baseUrl' && typeof value === 'string' && typeof old === 'string';
  return isAddress && /\/v1\/*$/.test(old) ? `${value}/v1` : value;
}
