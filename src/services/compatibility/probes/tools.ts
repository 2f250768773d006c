import type { ChatResult, Message, Tool, ToolChoice } from '../../../client/types.js';
import { LlamactlError } from '../../../errors/llamactl-error.js';
import { chatOptions } from '../ask.js';
import type { Bench, Probe, Verdict } from '../feature.js';

const WEATHER: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city, now.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Oslo', 'Paris'] } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};
const QUESTION: readonly Message[] = [
  { role: 'user', content: 'What is the weather in Oslo? Call the tool get_weather.' },
];
/** Tokens of the answer: a call takes some 20, a model that thinks first takes more. */
const TOKENS = 128;

export const tools: Probe = {
  feature: 'tools',
  asks: 'model',
  chats: true,
  measure: async (bench) => {
    const free = await call(bench, 'auto');
    if (free.result === 'yes') return free;
    const forced = await orRefusal(call(bench, 'required'));
    return forced.result === 'yes'
      ? { result: 'partly', evidence: `only with tool_choice "required": ${forced.evidence}` }
      : { result: 'partly', evidence: `tools are taken, and ${free.evidence}` };
  },
};

async function call(bench: Bench, toolChoice: ToolChoice): Promise<Verdict> {
  try {
    return judgeCall(
      await bench.client.chat(QUESTION, [WEATHER], { ...chatOptions(bench, TOKENS), toolChoice }),
    );
  } catch (error) {
    if (error instanceof LlamactlError && error.code === 'request.tool-call-parse')
      return { result: 'partly', evidence: error.message };
    throw error;
  }
}

/** Whether the answer is a call that an agent can act on. */
export function judgeCall({
  toolCalls: [first],
  content,
}: Pick<ChatResult, 'toolCalls' | 'content'>): Verdict {
  if (first === undefined)
    return {
      result: 'partly',
      evidence: content.includes('get_weather')
        ? 'the call came as text'
        : 'the model answered with text instead of a call',
    };
  const given = JSON.stringify(first.arguments);
  const { city } = (first.arguments ?? {}) as { readonly city?: unknown };
  const isRight = first.name === 'get_weather' && (city === 'Oslo' || city === 'Paris');
  return isRight
    ? { result: 'yes', evidence: `${first.name}(${given})` }
    : { result: 'partly', evidence: `a call that does not fit: ${first.name}(${given})` };
}

/** The first answer stands where the second question is refused. */
async function orRefusal(verdict: Promise<Verdict>): Promise<Verdict> {
  try {
    return await verdict;
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { result: 'no', evidence: error.message };
  }
}
