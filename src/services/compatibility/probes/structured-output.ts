import type { Message } from '../../../client/types.js';
import { chatOptions } from '../ask.js';
import type { Probe, Verdict } from '../feature.js';

const SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string', enum: ['yes', 'no'] } },
  required: ['answer'],
  additionalProperties: false,
} as const;
const QUESTION: readonly Message[] = [{ role: 'user', content: 'Is fire hot?' }];
/** Tokens of the answer: the object takes some 10, a model that thinks first takes more. */
const TOKENS = 64;

export const structuredOutput: Probe = {
  feature: 'structured-output',
  asks: 'model',
  chats: true,
  measure: async (bench, seen) => {
    const answer = await bench.client.chat(QUESTION, [], {
      ...chatOptions(bench, TOKENS),
      jsonSchema: SCHEMA,
    });
    seen.reasoning += answer.reasoning;
    return judgeStructure(answer.content, answer.finishReason);
  },
};

/** Whether a content is what the schema allows. The question does not ask for JSON: a model gives it only because it must. */
export function judgeStructure(content: string, finishReason: string): Verdict {
  const shown = JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}…` : content);
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch {
    return finishReason === 'length' && /^\s*\{/.test(content)
      ? { result: 'partly', evidence: `JSON that was not done in ${TOKENS} tokens: ${shown}` }
      : { result: 'no', evidence: `the schema is ignored: ${shown}` };
  }
  return obeys(parsed)
    ? { result: 'yes', evidence: `a JSON schema is obeyed: ${content.trim().replace(/\s+/g, ' ')}` }
    : { result: 'partly', evidence: `JSON, and not of the schema: ${shown}` };
}

function obeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('answer' in value)) return false;
  return Object.keys(value).length === 1 && (value.answer === 'yes' || value.answer === 'no');
}
