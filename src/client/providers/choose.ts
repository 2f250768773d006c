import { shellQuote } from '../../catalogue/fill.js';
import { type LlamactlError, usageError } from '../../errors/llamactl-error.js';
import { firstUsable } from '../server-facts.js';
import type { ModelInfo } from '../types.js';
import type { ProviderKind } from './provider.js';

/** Models that embed, rank or transcribe, by the names that they go by: lists do not tell what a model is for. */
const NO_CHAT = /embed|rerank|\bbge\b|minilm|whisper|\btts\b/i;

/** The name of the model for a chat where none is named: a loaded one, else the first; undefined where there is none. */
export function firstForChat(models: readonly ModelInfo[]): string | undefined {
  const able = models.filter(({ id }) => !NO_CHAT.test(id));
  return firstUsable(able.length > 0 ? able : models)?.id;
}

/**
 * Where the choice is the user's, since a wrong one costs money.
 * @param words what names the server on the command line
 */
export function noModelNamed(
  label: string,
  { title }: ProviderKind,
  words = `--target ${shellQuote(label)}`,
): LlamactlError {
  return usageError(`${label} is ${title}, which has many models: name one`, [
    {
      text: "In the configuration, as the target's first of `models`:",
      commands: ['"models": ["openai/gpt-4o-mini"]'],
    },
    {
      text: 'Or with the command; these are the names:',
      commands: [`llamactl models ${words}`, `llamactl chat ${words} --model NAME`],
    },
  ]);
}
