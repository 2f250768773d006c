import type { Node } from './tree.js';

/**
 * Whether a key is the user's own, which no schema has a say in: `x-…`, as Docker Compose and OpenAPI have it (anchors to
 * be shared, what another program needs), and `//`, the comment of those who must do with plain JSON.
 */
export function isOwnKey(key: string): boolean {
  return key.startsWith('x-') || key === '//';
}

/** The tree without the user's own keys; `x-llamactl` is ours, and names of headers begin with `x-` too. */
export function withoutOwnKeys(node: Node): Node {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'array')
    return { ...node, items: node.items.map((item) => ({ ...item, value: withoutOwnKeys(item.value) })) };
  const entries = node.entries.filter(({ key }) => !isOwnKey(key) || key === 'x-llamactl');
  return {
    ...node,
    entries: entries.map((entry) =>
      entry.key === 'headers' && isFlat(entry.value)
        ? entry
        : { ...entry, value: withoutOwnKeys(entry.value) },
    ),
  };
}

function isFlat(node: Node): boolean {
  return node.kind === 'object' && node.entries.every(({ value }) => value.kind === 'scalar');
}
