/** What kind of token it is, in the numbers of `tokenizer.ggml.token_type`. */
const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

export interface Token {
  readonly text: string;
  readonly type: (typeof TokenType)[keyof typeof TokenType];
  /** The tokenizer merges what gives the highest score first. */
  readonly score: number;
}

/** The tiny model's tokens, and the numbers of those that mean something to it. */
export interface Vocabulary {
  readonly tokens: readonly Token[];
  readonly unknown: number;
  readonly beginOfText: number;
  readonly endOfTurn: number;
  readonly fillInPrefix: number;
  readonly fillInSuffix: number;
  readonly fillInMiddle: number;
  readonly toolCall: number;
  /** The tokens of the answer, in order, each a token of its own. */
  readonly answer: readonly number[];
  /** The token of a raw byte, by the character it is in ASCII. */
  byte(character: string): number;
  /** The token of a printable ASCII character. */
  character(character: string): number;
}

/** SentencePiece writes a space as this. */
const SPACE = '\u2581';
const ZERO_WIDTH_SPACE = '\u200b';
/** llama.cpp's matrix kernels want rows of a multiple of this. */
const ROW_MULTIPLE = 32;

/**
 * A SentencePiece vocabulary ("llama" tokenizer) that can spell every text in bytes, and knows the words of one answer.
 * @param answer words with single spaces between
 */
export function buildVocabulary(answer: string): Vocabulary {
  const tokens: Token[] = [];
  const numbers = new Map<string, number>();
  const add = (text: string, type: Token['type'], score = 0): number => {
    const number = tokens.push({ text, type, score }) - 1;
    if (!numbers.has(text)) numbers.set(text, number);
    return number;
  };

  const unknown = add('<unk>', TokenType.unknown);
  const beginOfText = add('<s>', TokenType.control);
  add('</s>', TokenType.control);
  add('<|im_start|>', TokenType.control);
  const endOfTurn = add('<|im_end|>', TokenType.control);
  const fillInPrefix = add('<|fim_prefix|>', TokenType.control);
  const fillInSuffix = add('<|fim_suffix|>', TokenType.control);
  const fillInMiddle = add('<|fim_middle|>', TokenType.control);

  const firstByte = tokens.length;
  for (let byte = 0; byte < 256; byte++) {
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, TokenType.byte);
  }
  const firstCharacter = tokens.length;
  for (let code = 0x20; code < 0x7f; code++) {
    const character = String.fromCharCode(code);
    add(character === ' ' ? SPACE : character, TokenType.normal, -1000);
  }
  const toolCall = add('<tool_call>', TokenType.userDefined);

  const answerTokens = distinctWords(answer).map((word) => {
    const piece = `${SPACE}${word}`;
    // The tokenizer merges pairwise, so every beginning of a word must be a token too.
    for (let end = 2; end < piece.length; end++) {
      const beginning = piece.slice(0, end);
      if (!numbers.has(beginning)) add(beginning, TokenType.normal, end - 500);
    }
    return numbers.get(piece) ?? add(piece, TokenType.normal, -100);
  });
  while (tokens.length % ROW_MULTIPLE !== 0) add(`<|reserved_${tokens.length}|>`, TokenType.control);

  return {
    tokens,
    unknown,
    beginOfText,
    endOfTurn,
    fillInPrefix,
    fillInSuffix,
    fillInMiddle,
    toolCall,
    answer: answerTokens,
    byte: (character) => firstByte + character.charCodeAt(0),
    character: (character) => firstCharacter + character.charCodeAt(0) - 0x20,
  };
}

/** The words; one that comes again gets invisible spaces, so that each place of the answer is a token of its own. */
function distinctWords(answer: string): string[] {
  const seen = new Map<string, number>();
  return answer.split(' ').map((word) => {
    const times = seen.get(word) ?? 0;
    seen.set(word, times + 1);
    return word + ZERO_WIDTH_SPACE.repeat(times);
  });
}
