import { readSource } from '../config/load.js';
import { readConfig } from '../config/read.js';
import { findSource } from '../config/sources.js';
import { nodeAt } from '../config/tree.js';
import type { Environment } from '../config/variables.js';
import { type DiffLine, diffLines } from './line-diff.js';

/** A value of the configuration that is to be another. */
export interface Edit {
  /** In our form: `['targets', 'local', 'baseUrl']`. */
  readonly path: readonly PropertyKey[];
  readonly value: string | number;
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
  const found = edits.map((edit) => {
    const path = pathInFile(edit.path);
    const node = path === null ? undefined : nodeAt(tree.root, path);
    return { edit, node: node?.kind === 'scalar' ? node : undefined };
  });
  let text = before;
  for (const { edit, node } of [...found].sort((a, b) => (b.node?.start ?? 0) - (a.node?.start ?? 0))) {
    if (node === undefined) continue;
    // Both JSON and YAML read a JSON scalar.
    text = text.slice(0, node.start) + JSON.stringify(valueFor(edit, node.value)) + text.slice(node.end);
  }
  const done = found.filter(({ node }) => node !== undefined).map(({ edit }) => edit);
  const left = found.filter(({ node }) => node === undefined).map(({ edit }) => edit);
  if (text === before) return null;
  return { file: source.label, path: source.path, text, diff: diffLines(before, text), done, left };
}

/** nanocoder's addresses of llama.cpp end in `/v1`: one that did goes on to. */
function valueFor({ path, value }: Edit, old: unknown): string | number {
  const isAddress = path.at(-1) === 'baseUrl' && typeof value === 'string' && typeof old === 'string';
  return isAddress && /\/v1\/*$/.test(old) ? `${value}/v1` : value;
}
