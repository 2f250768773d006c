import * as z from 'zod';
import { type CallOptions, json } from '../../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ChatOptions, Message } from '../../client/types.js';
import type { Bench } from './feature.js';

/** The prompt of every question that needs none of its own. */
export const PROMPT = 'Hi';
export const HELLO: readonly Message[] = [{ role: 'user', content: PROMPT }];

/** What each call is given: the time that is left, and no further try. */
export function callOptions({ signal, timeLeft }: Bench): Required<CallOptions> {
  return { signal, timeout: timeLeft(), retries: 0 };
}

/** What each chat is given: the model, and an answer that is the same each time. */
export function chatOptions(bench: Bench, maxTokens: number): ChatOptions {
  const { signal, model } = bench;
  return {
    maxTokens,
    temperature: 0,
    signal,
    timeout: bench.timeLeft(),
    ...(model === undefined ? {} : { model }),
  };
}

/** The part of a chat's answer that probes look at beyond what the client reads. */
const answerSchema = z.looseObject({
  model: z.string().nullish(),
  choices: z.array(z.looseObject({ logprobs: z.unknown().optional() })).min(1),
  usage: z.looseObject({ prompt_tokens: z.number().nullish() }).nullish(),
});
export type RawAnswer = z.infer<typeof answerSchema>;

/** A chat of one token, with fields that the client has no option for. @throws LlamactlError */
export function askRaw(
  bench: Bench,
  body: Readonly<Record<string, unknown>>,
  client: LlamaCppClient = bench.client,
): Promise<RawAnswer> {
  return client.call(
    {
      method: 'POST',
      path: '/v1/chat/completions',
      body: {
        ...(bench.model === undefined ? {} : { model: bench.model }),
        messages: HELLO,
        max_tokens: 1,
        temperature: 0,
        ...body,
      },
      read: json(answerSchema),
    },
    callOptions(bench),
  );
}

/** `1,234 tokens`, `1 token`. */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}
