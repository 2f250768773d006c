/** Shortest literal that the scanner can look for. */
export const SHORTEST_LITERAL = 4;

/** Words that stand on most lines of a healthy log: what consists of them says little. */
const COMMON_TEXT =
  ' slot task id prompt eval time tokens per second srv update_slots print_timing release launch_slot_ processing process progress done request POST GET /v1/chat/completions /api/ 127.0.0.1 stop n_tokens n_past truncated = model loading load_model llama_model_loader llama_context server child context buffer size tensor type layer print_info common_init cache total next generation decode INFO level source time= msg= port http: is the for and with not to of in on at from ';

const COMMON_GRAMS = new Set(gramsOf(COMMON_TEXT.toLowerCase()));

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

  /** Of all that must follow one another, the part whose literals are rarest. */
  private sequence(): readonly string[] | null {
    let best: readonly string[] | null = null;
    let run = '';
    const offer = (literals: readonly string[] | null) => {
      if (
        literals !== null &&
        shortest(literals) >= SHORTEST_LITERAL &&
        (best === null || worth(literals) > worth(best))
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

/** How rare the commonest of some literals is: first by the uncommon grams in it, then by its length. */
function worth(literals: readonly string[]): number {
  const each = literals.map(
    (text) => gramsOf(text).filter((gram) => !COMMON_GRAMS.has(gram)).length * 100 + text.length,
  );
  return Math.min(...each);
}

/** Where the rarest gram of a literal begins: the place to look for it by. */
export function rarestGramAt(literal: string): number {
  const at = gramsOf(literal).findIndex((gram) => !COMMON_GRAMS.has(gram));
  return Math.max(at, 0);
}

function gramsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - SHORTEST_LITERAL + 1) }, (_, at) =>
    text.slice(at, at + SHORTEST_LITERAL),
  );
}
