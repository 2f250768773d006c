import type { Token } from '../../client/endpoints/tokens.js';
import { below, type Random } from './random.js';
import { WORDS } from './words.js';

/** A word of the vocabulary and the tokens that it takes within a text, the blank before it counted. */
export interface CountedWord {
  readonly word: string;
  readonly tokens: number;
}

/** What {@link countWords} is to be given the tokens of. */
export const WORDS_TEXT = WORDS.map((word) => ` ${word}`).join('');

/**
 * What each word costs a tokenizer, from the tokens of {@link WORDS_TEXT}: a token counts for the word that it begins in.
 * @returns an empty list where the pieces do not spell the text
 */
export function countWords(tokens: readonly Pick<Token, 'piece'>[]): CountedWord[] {
  const spelt = tokens.map(({ piece }) => piece).join('');
  // Some tokenizers put a blank of their own before a text.
  const surplus = spelt.length - WORDS_TEXT.length;
  if (!spelt.endsWith(WORDS_TEXT)) return [];
  const starts: number[] = [];
  let at = -surplus;
  for (const { piece } of tokens) {
    starts.push(Math.max(0, at));
    at += piece.length;
  }
  let next = 0;
  let end = 0;
  return WORDS.flatMap((word) => {
    end += word.length + 1;
    const first = next;
    while (next < starts.length && (starts[next] ?? 0) < end) next++;
    // One that begins in the word before it has no cost of its own to count with.
    return next > first ? [{ word, tokens: next - first }] : [];
  });
}

/** Every word as one token: near enough where no tokenizer can be asked. */
export const UNCOUNTED: readonly CountedWord[] = WORDS.map((word) => ({ word, tokens: 1 }));

/** Makes texts of an exact number of tokens. */
export class TextMaker {
  readonly #words: readonly CountedWord[];
  readonly #largest: number;
  /** Whether so many tokens can be made up of words, by the number. */
  readonly #reachable: readonly boolean[];

  constructor(words: readonly CountedWord[]) {
    this.#words = words;
    this.#largest = Math.max(1, ...words.map(({ tokens }) => tokens));
    const sizes = [...new Set(words.map(({ tokens }) => tokens))];
    const reachable = [true];
    for (let sum = 1; sum <= 3 * this.#largest; sum++)
      reachable.push(sizes.some((size) => size <= sum && reachable[sum - size] === true));
    this.#reachable = reachable;
  }

  /**
   * Random words, each with a blank before it, that are so many tokens together; null where no words add up to it.
   * @param tokens 0 gives an empty text
   */
  make(tokens: number, random: Random): string | null {
    let text = '';
    let left = tokens;
    while (left > 2 * this.#largest) {
      const picked = this.#words[below(random, this.#words.length)];
      if (picked === undefined) return null;
      text += ` ${picked.word}`;
      left -= picked.tokens;
    }
    if (this.#reachable[left] !== true) return null;
    while (left > 0) {
      const fitting = this.#words.filter(
        ({ tokens: size }) => size <= left && this.#reachable[left - size] === true,
      );
      const picked = fitting[below(random, fitting.length)];
      if (picked === undefined) return null;
      text += ` ${picked.word}`;
      left -= picked.tokens;
    }
    return text;
  }
}
