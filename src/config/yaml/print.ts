import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Beside, Node, Tree } from '../tree.js';

const WIDTH = 80;

/** A tree as YAML, its comments kept; short lists of plain values on one line. */
export function printYaml(tree: Tree): string {
  const document = new Document();
  document.contents = build(tree.root);
  const head = commentOf(tree.before);
  const tail = commentOf(tree.after);
  if (head !== null) document.commentBefore = head;
  if (tail !== null) document.comment = tail;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function build(node: Node): Scalar | YAMLMap | YAMLSeq {
  if (node.kind === 'scalar') return new Scalar(node.value);
  const made = node.kind === 'object' ? new YAMLMap() : new YAMLSeq();
  const inner = commentOf(node.inner);
  if (inner !== null) made.comment = inner;
  if (node.kind === 'object') {
    made.items = node.entries.map(({ key: name, value, ...beside }, index) => {
      const key = new Scalar(name);
      const built = build(value);
      place(key, built, beside, index);
      return new Pair(key, built);
    });
    made.flow = node.entries.length === 0;
    return made;
  }
  made.items = node.items.map(({ value, ...beside }, index) => {
    const built = build(value);
    place(built, built, beside, index);
    return built;
  });
  const isPlain = node.items.every(
    ({ value, before, after }) => value.kind === 'scalar' && before.length === 0 && after === null,
  );
  made.flow = isPlain && node.inner.length === 0 && JSON.stringify(made.items).length <= WIDTH - 20;
  return made;
}

/** Puts comments before the first node of an item, and behind its last. */
function place(
  first: Scalar | YAMLMap | YAMLSeq,
  last: Scalar | YAMLMap | YAMLSeq,
  beside: Beside,
  index: number,
): void {
  // Behind a map's key YAML has no room that every reader of comments finds again.
  const isScalar = last instanceof Scalar;
  const before = commentOf([...beside.before, ...(isScalar || beside.after === null ? [] : [beside.after])]);
  if (before !== null) first.commentBefore = before;
  if (isScalar && beside.after !== null) last.comment = ` ${beside.after}`;
  if (beside.spaced && index > 0) first.spaceBefore = true;
}

function commentOf(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.map((line) => (line === '' ? '' : ` ${line}`)).join('\n');
}
