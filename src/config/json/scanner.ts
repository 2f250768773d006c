import type { Complaint, Span } from '../problem.js';

/** A comment, without its marks. */
export interface Comment extends Span {
  readonly lines: readonly string[];
  /** Whether something stands before it on its line. */
  readonly trails: boolean;
}

export interface Trivia {
  readonly comments: readonly Comment[];
  /** Whether an empty line precedes what follows. */
  readonly spaced: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Goes over a JSON text piece by piece, noting what is wrong with each. */
export class JsonScanner {
  readonly complaints: Complaint[] = [];
  readonly comments: Span[] = [];
  /** Offset of what comes next. */
  at = 0;
  /** Whether the text is surely understood as it was meant. */
  whole = true;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get char(): string | undefined {
    return this.#text[this.at];
  }

  /** JSON's quotes are double; others are read all the same. */
  get atQuote(): boolean {
    return this.char === '"' || this.char === "'" || this.char === '`';
  }

  /** A text in quotes. @param what names it: `a key` */
  string(what: string): string {
    const start = this.at;
    const quote = this.#text[this.at++];
    let value = '';
    for (;;) {
      const { char } = this;
      if (char === undefined || char === '\n' || char === '\r') {
        this.complain(start, this.at, `${what} without its closing quote`, { breaks: true });
        return value;
      }
      this.at++;
      if (char === quote) break;
      if (char === '\\') {
        value += this.#escape();
        continue;
      }
      if (char < ' ') {
        const escaped = JSON.stringify(char).slice(1, -1);
        this.complain(this.at - 1, this.at, `a control character inside ${what}: write ${escaped}`);
      }
      value += char;
    }
    if (quote !== '"') this.complain(start, this.at, `${what} stands in double quotes, not in ${quote}`);
    return value;
  }

  /** A run of characters that are no punctuation. A value may be a URL without quotes, colons and all. */
  word(isValue: boolean): string {
    const found = /[^\s{}[\]:,"'`=/]+/y;
    const slashes = isValue ? /:?\/(?![/*])|:\/\/|:(?=\d)/y : /\/(?![/*])/y;
    let word = '';
    for (;;) {
      found.lastIndex = this.at;
      slashes.lastIndex = this.at;
      const piece = found.exec(this.#text)?.[0] ?? (word === '' ? undefined : slashes.exec(this.#text)?.[0]);
      if (piece === undefined) return word;
      word += piece;
      this.at += piece.length;
    }
  }

  /** Blanks and comments. */
  trivia(): Trivia {
    const comments: Comment[] = [];
    let newlines = 0;
    let trails = this.#text.slice(this.#text.lastIndexOf('\n', this.at - 1) + 1, this.at).trim() !== '';
    for (;;) {
      const { char } = this;
      const next = this.#text[this.at + 1];
      if (char === '\n') {
        newlines++;
        trails = false;
        this.at++;
      } else if (char !== undefined && /\s/.test(char)) {
        this.at++;
      } else if (char === '#' || (char === '/' && (next === '/' || next === '*'))) {
        comments.push(this.#comment(trails));
        newlines = 0;
      } else {
        return { comments, spaced: newlines > 1 };
      }
    }
  }

  skipAll(): void {
    this.at = this.#text.length;
  }

  /** Notes a fault. @param given `breaks` where what follows can no longer be trusted */
  complain(
    start: number,
    end: number,
    message: string,
    given: Partial<Pick<Complaint, 'code' | 'suggestion'>> & { readonly breaks?: boolean } = {},
  ): void {
    const { breaks = false, code = 'config.syntax', suggestion } = given;
    if (breaks) this.whole = false;
    this.complaints.push({ code, span: { start, end }, message, suggestion });
  }

  trailingComma(at: number, close: string): void {
    this.complain(at, at + 1, `a comma before ${close}: JSON allows none after the last entry`, {
      code: 'config.trailing-comma',
      suggestion: 'take the comma out',
    });
  }

  /** A bracket that is open at the end; where something else is broken, because of that, which has been told. */
  unclosed(start: number, bracket: string): void {
    if (this.whole) this.complain(start, start + 1, `this ${bracket} is never closed`, { breaks: true });
  }

  /** A character that cannot stand here. */
  unexpected(): void {
    const char = String.fromCodePoint(this.#text.codePointAt(this.at) ?? 0);
    // That a comma is missing before it, too, would help nobody.
    if (this.complaints.at(-1)?.span.start === this.at) this.complaints.pop();
    this.complain(this.at, this.at + char.length, `${JSON.stringify(char)} cannot stand here`, {
      breaks: true,
    });
  }

  #escape(): string {
    const start = this.at - 1;
    const char = this.#text[this.at++] ?? '';
    const known = ESCAPES[char];
    if (known !== undefined) return known;
    const hex = this.#text.slice(this.at, this.at + 4);
    if (char === 'u' && /^[\da-f]{4}$/i.test(hex)) {
      this.at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    this.complain(start, this.at, `\\${char} means nothing: write \\\\ for a backslash`);
    return `\\${char}`;
  }

  #comment(trails: boolean): Comment {
    const start = this.at;
    const isBlock = this.#text.startsWith('/*', start);
    const close = isBlock ? this.#text.indexOf('*/', start + 2) : this.#text.indexOf('\n', start);
    const end = close < 0 ? this.#text.length : close;
    this.at = isBlock && close >= 0 ? close + 2 : end;
    if (isBlock && close < 0)
      this.complain(start, start + 2, 'this comment is never closed', { breaks: true });
    const isHash = this.#text[start] === '#';
    if (isHash) this.complain(start, start + 1, 'a comment in JSON begins with //, not with #');
    const inside = this.#text.slice(start + (isHash ? 1 : 2), end).split('\n');
    const lines = isBlock
      ? trimmed(inside.map((line) => line.replace(/^\s*\*? ?/, '').trimEnd()))
      : inside.map((line) => line.replace(/^ /, '').trimEnd());
    const comment = { start, end: this.at, lines, trails };
    this.comments.push(comment);
    return comment;
  }
}

/** Without empty lines at both ends, as `/**` blocks have them. */
function trimmed(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line !== '');
  const last = lines.findLastIndex((line) => line !== '');
  return first < 0 ? [] : lines.slice(first, last + 1);
}
