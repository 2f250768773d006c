import { tokenize } from '../../client/endpoints/tokens.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError, usageError } from '../../errors/llamactl-error.js';
import { fromText, type Prompt, readPromptFile } from './prompt-file.js';
import { createRandom, derivedSeed } from './random.js';
import { type CountedWord, countWords, TextMaker, UNCOUNTED, WORDS_TEXT } from './synthetic.js';

/** What is to be asked. */
export type PromptPlan =
  | {
      readonly kind: 'synthetic';
      /** Tokens of a whole prompt, the chat template's counted, as the server counts them. */
      readonly tokens: number;
      /** Tokens of the text that prompts begin with alike. */
      readonly sharedTokens: number;
      /** Different beginnings, taken in turn. */
      readonly groups: number;
    }
  | { readonly kind: 'file'; readonly path: string };

/** Prompts, one for each request. */
export interface PromptSource {
  /** @param index the request's, from 0; those of the warm-up are below 0 */
  readonly at: (index: number) => Prompt;
  /** Whether synthetic prompts have exactly as many tokens as asked for. */
  readonly isExact: boolean;
}

export interface PromptOptions {
  readonly plan: PromptPlan;
  readonly seed: number;
  /** Empty for the server's own. */
  readonly model: string;
  /** Whether the server has a tokenizer to ask. */
  readonly canTokenize: boolean;
  readonly client: LlamaCppClient;
  readonly signal: AbortSignal;
  /**
   * Asks for one token, and returns how many the prompt was by the server's count.
   * @throws LlamactlError where the server cannot answer
   */
  readonly probe: (prompt: Prompt) => Promise<number>;
}

/** The text that each synthetic prompt begins with, so that its first word has a blank before it like the others. */
const OPENING = 'Words:';
/** Tokens of the text that the chat template is measured with. */
const MEASURE = 24;
const TRIES = 3;
/** Indexes of the parts of a seed. */
const SHARED_PART = 0x40000000;

/**
 * Makes prompts ready, and proves with one or two requests that the server answers them.
 * @throws LlamactlError where it does not, or where what was asked for cannot be made
 */
export async function preparePrompts(options: PromptOptions): Promise<PromptSource> {
  const { plan } = options;
  if (plan.kind === 'synthetic') return prepareSynthetic(options, plan);
  const prompts = readPromptFile(plan.path);
  const at = (index: number): Prompt => {
    const prompt = prompts[((index % prompts.length) + prompts.length) % prompts.length];
    if (prompt === undefined) throw new RangeError(`no prompt ${index}`);
    return prompt;
  };
  await options.probe(at(0));
  return { at, isExact: false };
}

async function prepareSynthetic(
  options: PromptOptions,
  plan: Extract<PromptPlan, { kind: 'synthetic' }>,
): Promise<PromptSource> {
  const { seed, probe } = options;
  const counted = await countedWords(options);
  const maker = new TextMaker(counted.length === 0 ? UNCOUNTED : counted);
  const textOf = (tokens: number, part: number) => maker.make(tokens, createRandom(derivedSeed(seed, part)));
  const measured = textOf(MEASURE, -1);
  if (measured === null) throw new TypeError('the words of synthetic prompts add up to nothing');
  // The chat template's tokens and the opening's: what the server counts beside the words.
  let overhead = Math.max(0, (await probe(fromText(OPENING + measured))) - MEASURE);
  const build = (index: number): Prompt | null => {
    const { sharedTokens, groups } = plan;
    const shared = textOf(sharedTokens, SHARED_PART + (((index % groups) + groups) % groups));
    const own = textOf(plan.tokens - overhead - sharedTokens, index);
    return shared === null || own === null ? null : fromText(OPENING + shared + own);
  };
  let isExact = false;
  for (let attempt = 0; attempt < TRIES && !isExact; attempt++) {
    checkRoom(plan, overhead);
    const prompt = build(-2 - attempt);
    if (prompt === null) throw cannotBeMade(plan.tokens);
    const difference = (await probe(prompt)) - plan.tokens;
    isExact = difference === 0;
    if (counted.length === 0) break;
    if (!isExact) overhead += difference;
  }
  return {
    isExact,
    at: (index) => {
      const prompt = build(index);
      if (prompt === null) throw cannotBeMade(plan.tokens);
      return prompt;
    },
  };
}

/** @throws LlamactlError (usage) where the template leaves no room */
function checkRoom(plan: Extract<PromptPlan, { kind: 'synthetic' }>, overhead: number): void {
  const least = overhead + plan.sharedTokens + 1;
  if (plan.tokens >= least) return;
  const shared = plan.sharedTokens === 0 ? '' : ` and --shared-prefix ${plan.sharedTokens}`;
  throw usageError(
    `--prompt-tokens ${plan.tokens}: the chat template takes ${overhead} tokens by itself${shared}, so ${least} is the least`,
  );
}

function cannotBeMade(tokens: number): LlamactlError {
  return usageError(`--prompt-tokens ${tokens}: this model's tokenizer has no words that add up to it`, [
    { text: 'Take another number, or prompts of your own with --prompts FILE.', commands: [] },
  ]);
}

async function countedWords({
  client,
  canTokenize,
  model,
  signal,
}: PromptOptions): Promise<readonly CountedWord[]> {
  if (!canTokenize) return [];
  try {
    const call = tokenize({ content: WORDS_TEXT, ...(model === '' ? {} : { model }) });
    return countWords(await client.call(call, { signal }));
  } catch (error) {
    if (error instanceof LlamactlError && error.type === 'UNSUPPORTED_FEATURE') return [];
    throw error;
  }
}
