import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  parseDocument,
  type YAMLError,
  type YAMLWarning,
} from 'yaml';
import type { ParsedText } from '../json/parse.js';
import type { Complaint, Span } from '../problem.js';
import type { Entry, Item, Node, Tree } from '../tree.js';

/** More values than any configuration has: an alias of aliases is a bomb. */
const MOST_NODES = 20_000;
const DEEPEST = 100;

/** Reads YAML, and says what is wrong with it in words. */
export function parseYaml(text: string): ParsedText {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  const complaints = complaintsOf([...document.errors, ...document.warnings], text);
  const reader = new YamlReader(document, complaints);
  const tree = reader.read();
  if (tree === null && complaints.length === 0)
    complaints.push({
      code: 'config.syntax',
      span: { start: 0, end: 0 },
      message: 'the file is empty',
    });
  return { tree, complaints, whole: complaints.length === 0 && tree !== null, comments: [] };
}

class YamlReader {
  readonly #document: Document.Parsed;
  readonly #complaints: Complaint[];
  #count = 0;

  constructor(document: Document.Parsed, complaints: Complaint[]) {
    this.#document = document;
    this.#complaints = complaints;
  }

  read(): Tree | null {
    const { contents, commentBefore, comment } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return null;
    const root = this.#node(contents, 0);
    const before = [...linesOf(commentBefore), ...linesOf(contents.commentBefore)];
    return root && { root, before, after: [...linesOf(contents.comment), ...linesOf(comment)] };
  }

  #node(node: unknown, depth: number): Node | null {
    const span = spanOf(node);
    if (++this.#count > MOST_NODES || depth > DEEPEST) {
      if (this.#count < Number.MAX_SAFE_INTEGER)
        this.#complain(span, 'aliases or lists that unfold to more than a configuration can hold');
      this.#count = Number.MAX_SAFE_INTEGER;
      return null;
    }
    if (isAlias(node)) {
      // What an alias stands for is in another place; what is wrong with it is told here.
      const target = node.resolve(this.#document);
      if (target === undefined) {
        this.#complain(span, `no anchor &${node.source} stands above`);
        return null;
      }
      const found = this.#node(target, depth + 1);
      return found && { ...found, ...span };
    }
    if (isMap(node)) return this.#object(node.items, node.comment, span, depth);
    if (isSeq(node)) {
      const items = node.items.flatMap((each): Item[] => {
        const value = this.#node(each, depth + 1);
        return value === null ? [] : [{ value, ...besideOf(each) }];
      });
      return { kind: 'array', items, inner: linesOf(node.comment), ...span };
    }
    if (!isScalar(node)) return { kind: 'scalar', value: null, ...span };
    const { value, source } = node;
    if (typeof value === 'number')
      return { kind: 'scalar', value, ...(source ? { raw: source } : {}), ...span };
    const isPlain = typeof value === 'string' || typeof value === 'boolean';
    return { kind: 'scalar', value: isPlain ? value : value === null ? null : String(value), ...span };
  }

  #object(pairs: readonly Pair[], comment: string | null | undefined, span: Span, depth: number): Node {
    const merged: Entry[] = [];
    const entries: Entry[] = [];
    for (const { key, value } of pairs) {
      const keySpan = spanOf(key);
      const made = value === null ? nothing(keySpan) : this.#node(value, depth + 1);
      if (made === null) continue;
      if (isScalar(key) && key.value === '<<') {
        merged.push(...mergedEntries(made));
        continue;
      }
      if (!isScalar(key) || key.value === null || typeof key.value === 'object') {
        this.#complain(keySpan, 'a key is a plain word');
        continue;
      }
      const besideValue = besideOf(value);
      // A comment under `key:` before a map's first line counts as the entry's own.
      const before = [...linesOf(key.commentBefore), ...besideValue.before];
      const spaced = key.spaceBefore === true;
      entries.push({
        key: String(key.value),
        keySpan,
        value: made,
        before,
        after: besideValue.after,
        spaced,
      });
    }
    const own = new Set(entries.map(({ key }) => key));
    const kept = [...merged.filter(({ key }) => !own.has(key)), ...entries];
    return { kind: 'object', entries: kept, inner: linesOf(comment), ...span };
  }

  #complain(span: Span, message: string): void {
    this.#complaints.push({ code: 'config.syntax', span, message });
  }
}

/** `<<: *defaults` and `<<: [*a, *b]`, of which the first counts. */
function mergedEntries(node: Node): Entry[] {
  if (node.kind === 'object') return [...node.entries];
  if (node.kind !== 'array') return [];
  const seen = new Set<string>();
  return node.items
    .flatMap(({ value }) => mergedEntries(value))
    .filter(({ key }) => !seen.has(key) && seen.add(key));
}

function nothing(keySpan: Span): Node {
  return { kind: 'scalar', value: null, start: keySpan.start, end: keySpan.end };
}

function besideOf(node: unknown): Pick<Item, 'before' | 'after' | 'spaced'> {
  const given = node as Partial<ParsedNode> | null;
  const isCollection = isMap(node) || isSeq(node);
  const after = isCollection ? null : (given?.comment ?? null);
  return {
    before: linesOf(given?.commentBefore),
    after: after === null ? null : linesOf(after).join(' '),
    spaced: given?.spaceBefore === true,
  };
}

function spanOf(node: unknown): Span {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  if (!Array.isArray(range)) return { start: 0, end: 0 };
  return { start: Number(range[0]), end: Number(range[1]) };
}

function linesOf(comment: string | null | undefined): string[] {
  if (comment === null || comment === undefined) return [];
  return comment.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
}

/** One fault has the parser stumble several times: a line is told once. */
function complaintsOf(errors: readonly (YAMLError | YAMLWarning)[], text: string): Complaint[] {
  const seen = new Set<number>();
  return errors.flatMap((error): Complaint[] => {
    const [start, end] = error.pos;
    const line = text.lastIndexOf('\n', Math.max(0, start - 1));
    if (seen.has(line)) return [];
    seen.add(line);
    const quote = /closing (["'])quote/.exec(error.message)?.[1];
    // The parser points at the end of the file; what is meant is where the text begins.
    const open = quote === undefined ? start : text.lastIndexOf(quote, start - 1);
    const span = { start: open, end: Math.max(end, open + 1) };
    return [{ code: 'config.syntax', span, message: inWords(error) }];
  });
}

const WORDS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab at the start of the line: YAML is indented with spaces',
  BAD_INDENT: 'the indentation fits no line above',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on the line: put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing here, or on the line before',
  MULTIPLE_DOCS: 'a second document begins with ---: a configuration is one',
  MISSING_CHAR: 'a text without its closing quote',
  BAD_SCALAR_START: 'this character needs quotes around the text',
  BAD_ALIAS: 'an alias is *name, without blanks',
  TAG_RESOLVE_FAILED: 'a tag (!name) that is not known',
  BAD_DQ_ESCAPE: 'an escape that means nothing: write \\\\ for a backslash, or use single quotes',
};

function inWords(error: YAMLError | YAMLWarning): string {
  const known = /^Flow /.test(error.message) ? 'a bracket above is never closed' : WORDS[error.code];
  if (known !== undefined) return known;
  const [first = ''] = error.message.split('\n');
  return first.charAt(0).toLowerCase() + first.slice(1);
}
