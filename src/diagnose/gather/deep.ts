import type { LlamaCppClient } from '../../client/llama-client.js';
import type { Tool } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { DeepFacts } from '../facts.js';
import { ask } from './ask.js';

const WEATHER: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Oslo', 'Paris'] } },
      required: ['city'],
    },
  },
};

/** Tokens that a call of the tool takes at most, a model's own preface included. */
const TOOL_TOKENS = 256;
/** Milliseconds in which a server that refuses a prompt as too long has said so. */
const REFUSAL_TIME = 1500;
/** Tokens beyond the context that are sent. */
const BEYOND = 64;

export interface DeepOptions {
  readonly signal: AbortSignal;
  /** Milliseconds that are left, at the time of asking. */
  readonly timeLeft: () => number;
  readonly model?: string;
  /** Tokens that a slot holds; null where the server does not tell. */
  readonly contextSize: number | null;
}

/** Questions that cost the server some work. */
export async function askDeep(client: LlamaCppClient, options: DeepOptions): Promise<DeepFacts> {
  const toolCall = await ask(() => callTool(client, options));
  const overflow =
    options.contextSize === null
      ? ({ state: 'not-asked', reason: 'the server does not tell its context size' } as const)
      : // In less, silence would not mean that the prompt was accepted.
        options.timeLeft() < REFUSAL_TIME
        ? ({ state: 'not-asked', reason: 'there was no time left to ask' } as const)
        : await ask(() => overflowContext(client, options.contextSize ?? 0, options));
  return { toolCall, overflow };
}

async function callTool(client: LlamaCppClient, { signal, timeLeft, model }: DeepOptions) {
  const answer = await client.chat([{ role: 'user', content: 'What is the weather in Oslo?' }], [WEATHER], {
    toolChoice: 'required',
    temperature: 0,
    maxTokens: TOOL_TOKENS,
    signal,
    timeout: timeLeft(),
    ...(model === undefined ? {} : { model }),
  });
  const [call] = answer.toolCalls;
  const { city } = (call?.arguments ?? {}) as { readonly city?: unknown };
  return {
    name: call?.name ?? '',
    valid: call?.name === 'get_weather' && (city === 'Oslo' || city === 'Paris'),
  };
}

/**
 * Sends more than a slot holds. A server that refuses says so at once; one that drops the middle of the prompt begins to read
 * it, and is left before it has read much.
 */
async function overflowContext(
  client: LlamaCppClient,
  contextSize: number,
  { signal, timeLeft, model }: DeepOptions,
): Promise<{ sent: number; contextSize: number; accepted: boolean }> {
  const sent = contextSize + BEYOND;
  const [token] = await client.tokenize({ content: 'a' }, { signal, retries: 0, timeout: timeLeft() });
  const prompt = Array.from({ length: sent }, () => token?.id ?? 1);
  const over = AbortSignal.timeout(REFUSAL_TIME);
  try {
    await client.completion(
      { prompt, maxTokens: 1, ...(model === undefined ? {} : { model }) },
      { signal: AbortSignal.any([signal, over]), retries: 0, timeout: REFUSAL_TIME * 2 },
    );
    return { sent, contextSize, accepted: true };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    if (error.code === 'context.overflow') return { sent, contextSize, accepted: false };
    if (over.aborted && !signal.aborted) return { sent, contextSize, accepted: true };
    throw error;
  }
}
