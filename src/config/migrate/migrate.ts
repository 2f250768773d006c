import { isNanocoder } from '../form.js';
import { printJson } from '../json/print.js';
import type { Format, ReadConfig } from '../read.js';
import { commentsOf, type Tree, walk } from '../tree.js';
import { hasVariable } from '../variables.js';
import { type Migrated, toLlamactl } from './to-llamactl.js';
import { toNanocoder } from './to-nanocoder.js';

/** The forms that are written. */
export type MigrationForm = 'llamactl' | 'nanocoder';

export interface MigratedText {
  readonly text: string;
  readonly notes: readonly string[];
}

/**
 * A configuration in the other form: no key, no variable and no comment is lost.
 * @param read without errors
 * @returns null where it has that form already
 */
export async function migrate(
  read: ReadConfig,
  to: MigrationForm,
  format: Format,
): Promise<MigratedText | null> {
  const { tree, form } = read;
  if (tree === null || form === to) return null;
  const ours: Migrated = isNanocoder(form) ? toLlamactl(tree, form) : { tree, notes: [] };
  const made = to === 'llamactl' ? ours : withNotes(toNanocoder(ours.tree), ours.notes);
  const print = format === 'json' ? printJson : (await import('../yaml/print.js')).printYaml;
  const whole = to === 'nanocoder' ? made.tree : withLostComments(made.tree, tree);
  return { text: print(whole), notes: [...made.notes, ...lostVariables(whole, tree)] };
}

function withNotes({ tree, notes }: Migrated, before: readonly string[]): Migrated {
  return { tree, notes: [...before, ...notes] };
}

/** A net under the ways that comments take: what has fallen through stands at the end. */
function withLostComments(made: Tree, old: Tree): Tree {
  const kept = commentsOf(made);
  const lost = commentsOf(old).filter((line) => !kept.some((each) => each.includes(line)));
  return lost.length === 0 ? made : { ...made, after: [...made.after, ...lost] };
}

function lostVariables(made: Tree, old: Tree): string[] {
  const kept = new Set(variablesOf(made));
  return variablesOf(old)
    .filter((text) => !kept.has(text))
    .map((text) => `${text} has no place in the new form.`);
}

function variablesOf({ root }: Tree): string[] {
  return [...walk(root)].flatMap(({ node }) =>
    node.kind === 'scalar' && typeof node.value === 'string' && hasVariable(node.value) ? [node.value] : [],
  );
}
