import type { ArrayNode, Beside, Node, ScalarNode, Tree } from '../tree.js';

const WIDTH = 80;

/** A tree as JSON, indented by two, its comments as `//`. */
export function printJson(tree: Tree): string {
  const head = comments(tree.before, '');
  const tail = comments(tree.after, '');
  return [...head, print(tree.root, '', 0), ...tail, ''].join('\n');
}

/** @param column where the value begins, to keep short lists on one line */
function print(node: Node, indent: string, column: number): string {
  if (node.kind === 'scalar') return scalar(node);
  if (node.kind === 'array') {
    const line = shortList(node);
    if (line !== null && column + line.length <= WIDTH) return line;
    return block('[', ']', node.items, node.inner, indent, () => '');
  }
  return block('{', '}', node.entries, node.inner, indent, ({ key }) => `${JSON.stringify(key)}: `);
}

function block<T extends Beside & { readonly value: Node }>(
  open: string,
  close: string,
  items: readonly T[],
  inner: readonly string[],
  indent: string,
  label: (item: T) => string,
): string {
  if (items.length === 0 && inner.length === 0) return open + close;
  const deeper = `${indent}  `;
  const lines = items.flatMap((item, index) => {
    const text = `${deeper}${label(item)}`;
    const value = print(item.value, deeper, text.length);
    const comma = index < items.length - 1 ? ',' : '';
    const after = item.after === null ? '' : ` // ${item.after}`;
    const space = item.spaced && index > 0 ? [''] : [];
    return [...space, ...comments(item.before, deeper), `${text}${value}${comma}${after}`];
  });
  return [open, ...lines, ...comments(inner, deeper), `${indent}${close}`].join('\n');
}

/** A list of plain values without comments, on one line; null for others. */
function shortList({ items, inner }: ArrayNode): string | null {
  const isPlain = ({ value, before, after }: (typeof items)[number]) =>
    value.kind === 'scalar' && before.length === 0 && after === null;
  if (inner.length > 0 || !items.every(isPlain)) return null;
  return `[${items.map(({ value }) => (value.kind === 'scalar' ? scalar(value) : '')).join(', ')}]`;
}

function scalar({ value, raw }: ScalarNode): string {
  // YAML's numbers are written in ways that JSON does not know (0x10, .inf).
  if (typeof value !== 'number') return JSON.stringify(value);
  return raw !== undefined && isJsonNumber(raw) ? raw : JSON.stringify(value);
}

function isJsonNumber(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'number';
  } catch {
    return false;
  }
}

function comments(lines: readonly string[], indent: string): string[] {
  return lines.map((line) => `${indent}// ${line}`.trimEnd());
}
