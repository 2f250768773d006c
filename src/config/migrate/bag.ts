import { type Entry, entryOf, type Node, type ObjectNode } from '../tree.js';

/** The entries of a group of keys, taken out one by one until what is left is what nobody wanted. */
export class Bag {
  readonly #left: Entry[];
  readonly #inner: readonly string[];

  constructor(node: Node | undefined) {
    const object: Pick<ObjectNode, 'entries' | 'inner'> =
      node?.kind === 'object' ? node : { entries: [], inner: [] };
    // Of a key that stands twice the last counts, as everywhere.
    this.#left = object.entries.filter((entry) => node !== undefined && entryOf(node, entry.key) === entry);
    this.#inner = object.inner;
  }

  /** Comments behind the last entry. */
  get inner(): readonly string[] {
    return this.#inner;
  }

  peek(key: string): Entry | undefined {
    return this.#left.find((entry) => entry.key === key);
  }

  take(key: string): Entry | undefined {
    const at = this.#left.findIndex((entry) => entry.key === key);
    return at < 0 ? undefined : this.#left.splice(at, 1)[0];
  }

  /** Entries whose keys pass, in their order. */
  takeAll(wanted: (key: string) => boolean): Entry[] {
    const taken = this.#left.filter(({ key }) => wanted(key));
    for (const { key } of taken) this.take(key);
    return taken;
  }

  /** All that is left. */
  rest(): Entry[] {
    return this.#left.splice(0);
  }
}

/** A text value; undefined for anything else. */
export function textOf(entry: Entry | undefined): string | undefined {
  return entry?.value.kind === 'scalar' && typeof entry.value.value === 'string'
    ? entry.value.value
    : undefined;
}

export function numberOf(entry: Entry | undefined): number | undefined {
  return entry?.value.kind === 'scalar' && typeof entry.value.value === 'number'
    ? entry.value.value
    : undefined;
}

/** The comments of entries that are themselves left out. */
export function commentsBeside(...entries: readonly (Entry | undefined)[]): string[] {
  return entries.flatMap((entry) =>
    entry === undefined ? [] : [...entry.before, ...(entry.after === null ? [] : [entry.after])],
  );
}

/** `"//": "…"` entries, the comments of plain JSON, as comment lines. */
export function jsonCommentLines(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ value }) => {
    const values = value.kind === 'array' ? value.items.map((item) => item.value) : [value];
    return values.flatMap((each) => (each.kind === 'scalar' ? String(each.value ?? '').split('\n') : []));
  });
}
