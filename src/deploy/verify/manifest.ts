import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';

/** Keys and positions from the top of a document to a value. */
export type Path = readonly (string | number)[];

/** One document of a YAML or JSON file, with what is needed to tell places. */
export interface Manifest {
  readonly file: string;
  readonly value: unknown;
  /** The line of a value, from 1; of what is above it where it is not there. @param word of a longer text: its own line */
  lineOf(at: Path, word?: string): number;
  /** A value as it was typed, where it stands bare and so may be read as something else than text; null elsewhere. */
  bareAt(at: Path): string | null;
}

export interface ParseFailure {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Reads all documents of a file, as Kubernetes and Compose read them: YAML 1.1 with merge keys. */
export function parseManifests(file: string, text: string): Manifest[] | ParseFailure {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { version: '1.1', merge: true, lineCounter: lines });
  if ('empty' in documents) return [];
  const manifests: Manifest[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const [message = ''] = error.message.split('\n');
      return { file, line: error.linePos?.[0].line ?? 1, message: message.replace(/ at line \d+.*$/, '') };
    }
    manifests.push(...itemsOf(manifestOf(file, text, document, lines)));
  }
  return manifests;
}

/** Objects of a `kind: List`, each by itself. */
function itemsOf(manifest: Manifest): Manifest[] {
  const items = get(manifest.value, 'kind') === 'List' ? list(get(manifest.value, 'items')) : [];
  if (items.length === 0) return [manifest];
  return items.map((value, index) => ({
    ...manifest,
    value,
    lineOf: (at, word) => manifest.lineOf(['items', index, ...at], word),
    bareAt: (at) => manifest.bareAt(['items', index, ...at]),
  }));
}

function manifestOf(file: string, text: string, document: Document, lines: LineCounter): Manifest {
  return {
    file,
    value: document.toJS(),
    lineOf(at, word) {
      for (let length = at.length; length >= 0; length--) {
        const place = placeOf(document, at.slice(0, length));
        if (place === null) continue;
        const [start, end] = place;
        const offset = word === undefined ? -1 : text.slice(start, end).indexOf(word);
        return lines.linePos(offset < 0 ? start : start + offset).line;
      }
      return 1;
    },
    bareAt: (at) => {
      let node: unknown = document.contents;
      for (const step of at) node = childOf(document, node, step)?.value ?? null;
      return isScalar(node) && node.type === 'PLAIN' ? (node.source ?? null) : null;
    },
  };
}

interface Child {
  readonly key: unknown;
  readonly value: unknown;
}

/** Where a value begins (with its key, where it has one) and ends. */
function placeOf(document: Document, at: Path): [number, number] | null {
  let node: unknown = document.contents;
  let key: unknown = null;
  for (const step of at) {
    const child = childOf(document, node, step);
    if (child === null) return null;
    ({ key, value: node } = child);
  }
  const first = isNode(key) ? key.range : undefined;
  const own = isNode(node) ? node.range : undefined;
  const range = first ?? own;
  return range ? [range[0], own?.[1] ?? range[1]] : null;
}

/** A key of a map, or a position of a list; what is merged in by `<<` counts. */
function childOf(document: Document, parent: unknown, step: string | number): Child | null {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) {
    const value = typeof step === 'number' ? node.items[step] : undefined;
    return value === undefined ? null : { key: null, value };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair !== undefined) return { key: pair.key, value: pair.value };
  for (const { key, value } of node.items) {
    if (!isScalar(key) || !isMergeKey(key.value)) continue;
    const merged = isSeq(value)
      ? (value.items.map((item) => childOf(document, item, step)).find((found) => found !== null) ?? null)
      : childOf(document, value, step);
    if (merged !== null) return merged;
  }
  return null;
}

function isMergeKey(key: unknown): boolean {
  return key === '<<' || (typeof key === 'symbol' && key.description === '<<');
}

/** What stands at a path, whatever the shape. */
export function get(value: unknown, ...path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === String(step))?.[1];
  }
  return found;
}

/** A list, empty where the value is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Names and values, none where the value is no map. */
export function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** A text, or a number as one; null where it is neither. */
export function text(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** A path for people: `spec.template.spec.containers[0].image`. */
export function pathText(at: Path): string {
  return at
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w-]+$/.test(step)
          ? index === 0
            ? step
            : `.${step}`
          : `["${step}"]`,
    )
    .join('');
}
