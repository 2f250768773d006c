import type { Complaint, Span } from '../problem.js';
import type { Beside, Entry, Item, Node, Tree } from '../tree.js';
import { type Comment, JsonScanner } from './scanner.js';

/** A text read as far as it can be. */
export interface ParsedText {
  /** Null where there is no value at all. */
  readonly tree: Tree | null;
  readonly complaints: readonly Complaint[];
  /** Whether the tree is surely what was meant, so that it can be checked further. */
  readonly whole: boolean;
  /** Where comments stand. */
  readonly comments: readonly Span[];
}

const DEEPEST = 100;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);
/** What other languages write. */
const MISSPELT: ReadonlyMap<string, string> = new Map([
  ...['True', 'TRUE', 'yes', 'on'].map((word) => [word, 'true'] as const),
  ...['False', 'FALSE', 'no', 'off'].map((word) => [word, 'false'] as const),
  ...['None', 'nil', 'undefined'].map((word) => [word, 'null'] as const),
]);

/** Reads JSON with comments, goes on after each fault, and says what each is in words. */
export function parseJson(text: string): ParsedText {
  const scanner = new JsonScanner(text);
  const tree = readTree(scanner, text.length);
  const { complaints, whole, comments } = scanner;
  return { tree, complaints, whole, comments };
}

function readTree(scanner: JsonScanner, length: number): Tree | null {
  const head = scanner.trivia();
  if (scanner.at >= length) {
    scanner.complain(0, 0, 'the file is empty', { breaks: true });
    return null;
  }
  const root = readValue(scanner, 0);
  const tail = scanner.trivia();
  if (root === null) return null;
  if (scanner.at < length) {
    const message = 'nothing may stand after the end of the configuration';
    scanner.complain(scanner.at, scanner.at + 1, message, { breaks: true });
  }
  return { root, before: linesOf(head.comments), after: linesOf(tail.comments) };
}

function readValue(scanner: JsonScanner, depth: number): Node | null {
  const start = scanner.at;
  const { char } = scanner;
  if (depth > DEEPEST) {
    scanner.complain(start, start + 1, `more than ${DEEPEST} brackets inside each other`, { breaks: true });
    scanner.skipAll();
    return null;
  }
  if (char === '{') {
    const { items: entries, inner } = readList(scanner, '}', (beside) => readEntry(scanner, depth, beside));
    return { kind: 'object', entries, inner, start, end: scanner.at };
  }
  if (char === '[') {
    const { items, inner } = readList(scanner, ']', (beside): Item | null => {
      const value = readValue(scanner, depth + 1);
      return value && { value, ...beside };
    });
    return { kind: 'array', items, inner, start, end: scanner.at };
  }
  if (scanner.atQuote) return { kind: 'scalar', value: scanner.string('a text'), start, end: scanner.at };
  const word = scanner.word(true);
  if (word === '') {
    scanner.unexpected();
    return null;
  }
  return readScalar(scanner, word, { start, end: scanner.at });
}

function readScalar(scanner: JsonScanner, word: string, { start, end }: Span): Node {
  const literal = LITERALS.get(word);
  if (literal !== undefined) return { kind: 'scalar', value: literal, start, end };
  if (NUMBER.test(word)) return { kind: 'scalar', value: Number(word), raw: word, start, end };
  const meant = MISSPELT.get(word);
  if (meant !== undefined) {
    scanner.complain(start, end, `${word} is no JSON: write ${meant}`);
    return { kind: 'scalar', value: LITERALS.get(meant) ?? null, start, end };
  }
  const number = Number(word.replace(/^\+/, ''));
  if (/^[-+.\d]/.test(word) && Number.isFinite(number)) {
    scanner.complain(start, end, `${word} is no JSON number: write ${number}`);
    return { kind: 'scalar', value: number, start, end };
  }
  scanner.complain(start, end, `a text stands in double quotes: write "${word}"`);
  return { kind: 'scalar', value: word, start, end };
}

/** What stands between brackets, and the brackets. */
function readList<T extends Beside>(
  scanner: JsonScanner,
  close: '}' | ']',
  element: (beside: Beside) => T | null,
): { readonly items: readonly T[]; readonly inner: readonly string[] } {
  const open = scanner.at++;
  const items: T[] = [];
  /** Comments that belong to the next element. */
  let pending: readonly string[] = [];
  let comma: number | null = null;
  for (let first = true; ; first = false) {
    const { comments, spaced } = scanner.trivia();
    pending = [...pending, ...attach(items, comments)];
    const { char, at } = scanner;
    if (char === undefined) {
      scanner.unclosed(open, close === '}' ? '{' : '[');
      return { items, inner: pending };
    }
    if (char === '}' || char === ']') {
      if (char !== close)
        scanner.complain(at, at + 1, `${char} stands where ${close} is wanted`, { breaks: true });
      else if (comma !== null) scanner.trailingComma(comma, close);
      scanner.at++;
      return { items, inner: pending };
    }
    if (char === ',') {
      scanner.complain(at, at + 1, 'a comma with nothing before it');
      scanner.at++;
      continue;
    }
    if (!first && comma === null) scanner.complain(at, at + 1, 'a comma is missing before this');
    const made = element({ before: pending, after: null, spaced });
    if (made !== null) items.push(made);
    // What cannot be read is left behind, so that the reader always goes on.
    if (scanner.at === at) scanner.at++;
    pending = attach(items, scanner.trivia().comments);
    comma = scanner.char === ',' ? scanner.at++ : null;
  }
}

function readEntry(scanner: JsonScanner, depth: number, beside: Beside): Entry | null {
  const start = scanner.at;
  const key = readKey(scanner);
  if (key === null) return null;
  const keySpan = { start, end: scanner.at };
  const between = scanner.trivia();
  const { char: sign, at } = scanner;
  const name = JSON.stringify(key);
  const valueless = () => {
    scanner.complain(keySpan.start, keySpan.end, `the key ${name} has no value`, { breaks: true });
    return null;
  };
  if (endsEntry(sign)) return valueless();
  if (sign === '=') scanner.complain(at, at + 1, 'a colon stands between key and value, no =');
  if (sign === ':' || sign === '=') scanner.at++;
  else
    scanner.complain(keySpan.start, keySpan.end, `a colon is missing after the key ${name}`, {
      breaks: true,
    });
  const more = scanner.trivia();
  if (endsEntry(scanner.char)) return valueless();
  const value = readValue(scanner, depth + 1);
  const before = [...beside.before, ...linesOf(between.comments), ...linesOf(more.comments)];
  return value && { key, keySpan, value, ...beside, before };
}

function readKey(scanner: JsonScanner): string | null {
  if (scanner.atQuote) return scanner.string('a key');
  const start = scanner.at;
  const key = scanner.word(false);
  if (key === '') {
    scanner.unexpected();
    return null;
  }
  scanner.complain(start, scanner.at, `a key stands in double quotes: write "${key}"`);
  return key;
}

function endsEntry(char: string | undefined): boolean {
  return char === ',' || char === '}' || char === undefined;
}

/** Gives comments on an element's own line to it. @returns those that belong to what follows */
function attach<T extends Beside>(items: T[], comments: readonly Comment[]): string[] {
  const last = items.at(-1);
  if (last === undefined) return linesOf(comments);
  const trailing = linesOf(comments.filter(({ trails }) => trails));
  if (trailing.length > 0) {
    const after = [...(last.after === null ? [] : [last.after]), ...trailing].join(' ');
    items[items.length - 1] = { ...last, after };
  }
  return linesOf(comments.filter(({ trails }) => !trails));
}

function linesOf(comments: readonly Comment[]): string[] {
  return comments.flatMap(({ lines }) => lines);
}
