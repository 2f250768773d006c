import type { Span } from './problem.js';

/**
 * A configuration as it is written: values with their places and comments. JSON and YAML are both read into it, checked on
 * it, and written from it, so that a file keeps its comments whichever way it is turned.
 */
export type Node = ScalarNode | ObjectNode | ArrayNode;

export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** A number as it was written (`0.80`). */
  readonly raw?: string;
}

export interface ObjectNode extends Span {
  readonly kind: 'object';
  readonly entries: readonly Entry[];
  /** Comments after the last entry. */
  readonly inner: readonly string[];
}

export interface ArrayNode extends Span {
  readonly kind: 'array';
  readonly items: readonly Item[];
  readonly inner: readonly string[];
}

/** What stands beside a value: comments without their marks, a line each. */
export interface Beside {
  readonly before: readonly string[];
  /** On the same line. */
  readonly after: string | null;
  /** Whether an empty line stands before it. */
  readonly spaced: boolean;
}

export interface Item extends Beside {
  readonly value: Node;
}

export interface Entry extends Item {
  readonly key: string;
  readonly keySpan: Span;
}

export interface Tree {
  readonly root: Node;
  /** Comments at the head and at the end of the file, apart from any value. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const NOWHERE: Span = { start: 0, end: 0 };

/** The plain value, as JSON.parse gives it; of a key that stands twice, the last. */
export function plainValue(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(({ value }) => plainValue(value));
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainValue(value)]));
}

/** The last entry of a key. */
export function entryOf(node: Node | undefined, key: string): Entry | undefined {
  return node?.kind === 'object' ? node.entries.findLast((entry) => entry.key === key) : undefined;
}

/** The node at a path; undefined where there is none. */
export function nodeAt(node: Node, path: readonly PropertyKey[]): Node | undefined {
  let at: Node | undefined = node;
  for (const part of path) {
    at =
      typeof part === 'number' && at?.kind === 'array'
        ? at.items[part]?.value
        : entryOf(at, String(part))?.value;
    if (at === undefined) return undefined;
  }
  return at;
}

/** Where the value at a path stands; the nearest that is there above it. */
export function spanAt(node: Node, path: readonly PropertyKey[]): Span {
  for (let length = path.length; length > 0; length--) {
    const found = nodeAt(node, path.slice(0, length));
    if (found !== undefined) return length === path.length ? found : keySpanAt(node, path.slice(0, length));
  }
  return { start: node.start, end: Math.min(node.end, node.start + 1) };
}

/** Where the key at a path stands; an array's item has none, so the item. */
export function keySpanAt(node: Node, path: readonly PropertyKey[]): Span {
  const last = path.at(-1);
  if (last === undefined) return { start: node.start, end: Math.min(node.end, node.start + 1) };
  const parent = nodeAt(node, path.slice(0, -1));
  if (typeof last === 'number') return nodeAt(node, path) ?? spanAt(node, path);
  return entryOf(parent, String(last))?.keySpan ?? spanAt(node, path.slice(0, -1));
}

/** Each value with its path, parents first. */
export function* walk(
  node: Node,
  path: readonly PropertyKey[] = [],
): Generator<{ readonly node: Node; readonly path: readonly PropertyKey[] }> {
  yield { node, path };
  if (node.kind === 'object') for (const { key, value } of node.entries) yield* walk(value, [...path, key]);
  else if (node.kind === 'array')
    for (const [index, { value }] of node.items.entries()) yield* walk(value, [...path, index]);
}

/** Every comment of a tree, a line each, in order. */
export function commentsOf(tree: Tree): string[] {
  const lines: string[] = [...tree.before];
  const visit = (node: Node): void => {
    if (node.kind === 'scalar') return;
    for (const item of node.kind === 'object' ? node.entries : node.items) {
      lines.push(...item.before);
      visit(item.value);
      if (item.after !== null) lines.push(item.after);
    }
    lines.push(...node.inner);
  };
  visit(tree.root);
  return [...lines, ...tree.after].filter((line) => line.trim() !== '');
}

// --- making trees ------------------------------------------------------------------------------------------------

export function object(entries: readonly Entry[], inner: readonly string[] = []): ObjectNode {
  return { kind: 'object', entries, inner, ...NOWHERE };
}

export function array(items: readonly Item[], inner: readonly string[] = []): ArrayNode {
  return { kind: 'array', items, inner, ...NOWHERE };
}

/** @param beside whose comments it takes over */
export function entry(key: string, value: Node, beside: Partial<Beside> = {}): Entry {
  return { key, keySpan: NOWHERE, ...item(value, beside) };
}

export function item(value: Node, beside: Partial<Beside> = {}): Item {
  const { before = [], after = null, spaced = false } = beside;
  return { value, before, after, spaced };
}

/** A plain value as a node. */
export function nodeOf(value: unknown): Node {
  if (Array.isArray(value)) return array(value.map((each) => item(nodeOf(each))));
  if (typeof value === 'object' && value !== null)
    return object(Object.entries(value).map(([key, each]) => entry(key, nodeOf(each))));
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return { kind: 'scalar', value: isScalar ? value : null, ...NOWHERE };
}

/** The entry under another name, and another value where one is given; its comments stay. */
export function renamed(old: Entry, key: string, value: Node = old.value): Entry {
  return { ...old, key, value };
}
