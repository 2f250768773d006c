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

/** Where the choice is the user's, since a wrong one costs money. */
export function noModelNamed(target: string, { title }: ProviderKind): LlamactlError {
  return usageError(`${target} is ${title}, which has many models: name one`, [
    {
      text: "In the configuration, as the target's first of `models`:",
      commands: ['"models": ["openai/gpt-4o-mini"]'],
    },
    {
      text: 'Or with the command; these are the names:',
      commands: [`llamactl models --target ${target}`, `llamactl chat --target ${target} --model NAME`],
    },
  ]);
}
