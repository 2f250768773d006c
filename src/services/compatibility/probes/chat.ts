import { chatOptions, counted, HELLO } from '../ask.js';
import type { Probe } from '../feature.js';

/** Tokens of the answer. */
const TOKENS = 8;

export const chat: Probe = {
  feature: 'chat',
  asks: 'model',
  chats: true,
  measure: async (bench, seen) => {
    const answer = await bench.client.chat(HELLO, [], chatOptions(bench, TOKENS));
    seen.promptTokens = answer.usage.promptTokens || null;
    seen.reasoning += answer.reasoning;
    seen.content += answer.content;
    const model = answer.model === '' ? '' : ` from "${answer.model}"`;
    return {
      result: 'yes',
      evidence: `an answer of ${counted(answer.usage.completionTokens, 'token')}${model}`,
    };
  },
};
