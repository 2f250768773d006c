import { literalsOf, rarestGramAt, SHORTEST_LITERAL } from './literals.js';

/** Bits a character takes in a gram's index. */
const BITS = 5;
const GRAM = SHORTEST_LITERAL;
const GRAMS = 2 ** (BITS * GRAM);

interface Literal {
  readonly text: string;
  /** Characters of it up to the last one of the gram that it is found by. */
  readonly before: number;
  /** Numbers of the patterns that may match where it stands. */
  readonly patterns: number[];
}

/**
 * Tells, in one pass over a line, which of several hundred patterns may match it: those of which a literal stands in it.
 * Trying each pattern on each line costs some 50 µs; this costs under 1 µs on lines in which nothing is wrong, which in a
 * log are nearly all. A rolling window of four characters is looked up in a table, then the literals that
 * have it as their rarest part are compared.
 */
export interface Scanner {
  /** Numbers of the patterns to try, ascending, each once. */
  candidates(line: string): readonly number[];
}

const NONE: readonly number[] = [];

/**
 * @param patterns ignore-case patterns, in the order of the numbers that `candidates` gives
 * @throws where a pattern has no literal of four characters: it would have to be tried on every line
 */
export function createScanner(patterns: readonly RegExp[]): Scanner {
  /** By gram, the number of its bucket; 0 where no literal has it. */
  const bucketOf = new Uint16Array(GRAMS);
  const buckets: Literal[][] = [[]];
  /** Whether some gram ends in these three characters: small enough to stay in the processor's first cache. */
  const endings = new Uint8Array(2 ** (BITS * 3));
  patterns.forEach((pattern, number) => {
    const literals = literalsOf(pattern);
    if (literals === null) throw new Error(`no literal of ${GRAM} characters in ${pattern}`);
    for (const text of literals) add(text, number);
  });

  function add(text: string, number: number): void {
    const offset = rarestGramAt(text);
    const gram = gramOf(text, offset);
    if (bucketOf[gram] === 0) bucketOf[gram] = buckets.push([]) - 1;
    endings[gram & (endings.length - 1)] = 1;
    const bucket = buckets[bucketOf[gram] ?? 0] ?? [];
    const known = bucket.find((literal) => literal.text === text);
    if (known === undefined) bucket.push({ text, before: offset + GRAM - 1, patterns: [number] });
    else known.patterns.push(number);
  }

  return {
    candidates(line) {
      let found: Set<number> | undefined;
      let gram = 0;
      for (let at = 0; at < line.length; at++) {
        gram = ((gram << BITS) | symbol(line.charCodeAt(at))) & (GRAMS - 1);
        if (endings[gram & (endings.length - 1)] === 0) continue;
        const bucket = bucketOf[gram];
        if (bucket === 0 || bucket === undefined) continue;
        for (const literal of buckets[bucket] ?? []) {
          if (!standsAt(line, at - literal.before, literal.text)) continue;
          found ??= new Set();
          for (const number of literal.patterns) found.add(number);
        }
      }
      return found === undefined ? NONE : [...found].sort((a, b) => a - b);
    },
  };
}

function gramOf(literal: string, offset: number): number {
  let gram = 0;
  for (let at = 0; at < GRAM; at++) gram = (gram << BITS) | symbol(literal.charCodeAt(offset + at));
  return gram;
}

/** Five bits of an ASCII character, the same for both cases of a letter; other characters fall together. */
function symbol(code: number): number {
  return code & 31;
}

function standsAt(line: string, start: number, literal: string): boolean {
  if (start < 0 || start + literal.length > line.length) return false;
  for (let at = 0; at < literal.length; at++) {
    const code = line.charCodeAt(start + at);
    const lower = code >= 65 && code <= 90 ? code + 32 : code;
    if (lower !== literal.charCodeAt(at)) return false;
  }
  return true;
}
