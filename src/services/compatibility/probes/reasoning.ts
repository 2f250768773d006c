import type { Probe, Seen, Verdict } from '../feature.js';

/** Asks nothing of its own: what the model said so far shows whether it thinks, and whether that comes apart. */
export const reasoning: Probe = {
  feature: 'reasoning',
  asks: 'model',
  chats: true,
  measure: async (_bench, seen) => judgeReasoning(seen),
};

export function judgeReasoning({
  reasoning: thoughts,
  content,
}: Pick<Seen, 'reasoning' | 'content'>): Verdict {
  if (thoughts.trim() !== '') return { result: 'yes', evidence: 'the thinking comes apart from the answer' };
  const tag = /<(?:think|thinking|reasoning)>|<\|channel\|>/.exec(content)?.[0];
  return tag === undefined
    ? { result: 'no', evidence: 'the model showed none' }
    : { result: 'partly', evidence: `the thinking comes inside the answer (${tag})` };
}
