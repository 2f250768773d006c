import { askRaw } from '../ask.js';
import type { Probe } from '../feature.js';

export const logprobs: Probe = {
  feature: 'logprobs',
  asks: 'model',
  chats: true,
  measure: async (bench) => {
    const [choice] = (await askRaw(bench, { logprobs: true, top_logprobs: 2 })).choices;
    const { content } = (choice?.logprobs ?? {}) as { readonly content?: unknown };
    return Array.isArray(content) && content.length > 0
      ? { result: 'yes', evidence: 'a probability for each token' }
      : { result: 'no', evidence: 'asked for, and left out of the answer' };
  },
};
