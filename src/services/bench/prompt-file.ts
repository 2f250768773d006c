import { readFileSync } from 'node:fs';
import type { Message } from '../../client/types.js';
import { usageError } from '../../errors/llamactl-error.js';
import { isObject } from '../json-file.js';

/** What one request asks. */
export interface Prompt {
  readonly messages: readonly Message[];
  /** Where the prompt says how long its answer may be. */
  readonly maxTokens?: number;
}

const EXAMPLE = {
  text: 'One prompt a line: plain text, or JSON Lines where the name ends with .jsonl:',
  commands: [
    '"Why is the sky blue?"',
    '{"prompt": "Why is the sky blue?", "max_tokens": 64}',
    '{"messages": [{"role": "user", "content": "Why is the sky blue?"}]}',
  ],
};
const ROLES = ['system', 'user', 'assistant'] as const;

/**
 * The prompts of a file: one a line, as text or (`.jsonl`) as JSON.
 * @throws LlamactlError (usage) naming the line
 */
export function readPromptFile(path: string): Prompt[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw usageError(
      `--prompts: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const isJson = /\.(?:jsonl|ndjson)$/i.test(path);
  const prompts = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [isJson ? promptOf(line, `${path}:${index + 1}`) : fromText(line)];
  });
  if (prompts.length === 0) throw usageError(`--prompts: ${path} holds no prompt`, [EXAMPLE]);
  return prompts;
}

/** A user's message. */
export function fromText(content: string): Prompt {
  return { messages: [{ role: 'user', content }] };
}

function promptOf(line: string, place: string): Prompt {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw usageError(
      `--prompts: ${place} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      [EXAMPLE],
    );
  }
  if (typeof value === 'string') return fromText(value);
  const fail = (problem: string) => usageError(`--prompts: ${place} ${problem}`, [EXAMPLE]);
  if (!isObject(value)) throw fail('is neither a text nor an object');
  const { prompt, messages, max_tokens: limit } = value;
  if (limit !== undefined && !(typeof limit === 'number' && Number.isInteger(limit) && limit > 0))
    throw fail('has a max_tokens that is no whole number above 0');
  const given = typeof limit === 'number' ? { maxTokens: limit } : {};
  if (typeof prompt === 'string') return { ...fromText(prompt), ...given };
  if (!Array.isArray(messages) || messages.length === 0) throw fail('has neither "prompt" nor "messages"');
  return {
    ...given,
    messages: messages.map((message: unknown, at) => {
      const { role, content } = isObject(message) ? message : {};
      const known = ROLES.find((each) => each === role);
      if (known === undefined || typeof content !== 'string')
        throw fail(`has a message ${at} without a role of ${ROLES.join(', ')} and a content`);
      return { role: known, content };
    }),
  };
}
