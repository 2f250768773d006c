/** Shortest literal that the scanner can look for. */
export const SHORTEST_LITERAL = 4;

/**
 * Literals of a regular expression of which at least one stands in every text that it matches, in lower case: what a
 * scan for many expressions at once looks for before it tries one. Quotes and backslashes break a literal, as they are
 * escaped inside JSON.
 * @returns null where there is no such set with literals of {@link SHORTEST_LITERAL} characters or more
 */
export function literalsOf(pattern: RegExp): readonly string[] | null {
  return new Reader(pattern.source).alternatives();
}

/** Reads the subset of the syntax that matters: groups, alternatives, classes, quantifiers, escapes. */
class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  /** Alternatives up to the end of the group: all must have literals, or none can be asked for. */
  alternatives(): readonly string[] | null {
    const found: (readonly string[] | null)[] = [this.sequence()];
    while (this.peek() === '|') {
      this.at++;
      found.push(this.sequence());
    }
    const all: string[] = [];
    for (const literals of found) {
      if (literals === null) return null;
      all.push(...literals);
    }
    return [...new Set(all)];
  }

  /** Of all that must follow one another, the part whose shortest literal is longest. */
  private sequence(): readonly string[] | null {
    let best: readonly string[] | null = null;
    let run = '';
    const offer = (literals: readonly string[] | null) => {
      if (
        literals !== null &&
        shortest(literals) >= SHORTEST_LITERAL &&
        shortest(literals) > shortest(best ?? [])
      )
        best = literals;
    };
    const endRun = () => {
      offer([run]);
      run = '';
    };
    while (this.at < this.source.length && this.peek() !== '|' && this.peek() !== ')') {
      const { literal, group } = this.atom();
      const { least, exactlyOnce } = this.quantifier();
      if (literal !== null && exactlyOnce) {
        run += literal;
        continue;
      }
      if (literal !== null && least > 0) run += literal;
      endRun();
      if (group !== null && least > 0) offer(group);
    }
    endRun();
    return best;
  }

  /** One atom: a literal character, or something else, of which only a group can hold literals. */
  private atom(): { literal: string | null; group: readonly string[] | null } {
    const char = this.next();
    if (char === '(') return { literal: null, group: this.group() };
    if (char === '[') {
      this.class();
      return { literal: null, group: null };
    }
    if (char === '\\') {
      const escaped = this.next();
      if (escaped === 'u') this.at += 4;
      if (escaped === 'x') this.at += 2;
      return { literal: /[\w\\'"]/.test(escaped) ? null : escaped, group: null };
    }
    return { literal: /[.^$"']/.test(char) ? null : char.toLowerCase(), group: null };
  }

  private group(): readonly string[] | null {
    const kind = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(this.source.slice(this.at))?.[0] ?? '';
    this.at += kind.length;
    const literals = this.alternatives();
    this.at++;
    return /[=!]/.test(kind) ? null : literals;
  }

  private class(): void {
    while (this.peek() !== ']') this.at += this.peek() === '\\' ? 2 : 1;
    this.at++;
  }

  private quantifier(): { least: number; exactlyOnce: boolean } {
    const found = /^(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/.exec(this.source.slice(this.at));
    if (found === null) return { least: 1, exactlyOnce: true };
    this.at += found[0].length;
    const least = found[1] === undefined ? Number(found[2]) : found[1] === '+' ? 1 : 0;
    return { least, exactlyOnce: false };
  }

  private peek(): string {
    return this.source[this.at] ?? '';
  }

  private next(): string {
    return this.source[this.at++] ?? '';
  }
}

function shortest(literals: readonly string[]): number {
  return literals.length === 0 ? 0 : Math.min(...literals.map((literal) => literal.length));
}
