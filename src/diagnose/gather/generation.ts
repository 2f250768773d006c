import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ChatResult } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { GenerationFacts } from '../facts.js';

/** Tokens of the answer: enough to see a rhythm, and under 3 s on a machine that makes 3 a second. */
const TOKENS = 8;

export interface AskGenerationOptions {
  readonly signal: AbortSignal;
  /** Milliseconds at most. */
  readonly timeout: number;
  readonly model?: string;
  /** Tokens of the answer. */
  readonly tokens?: number;
}

/**
 * A short streamed answer. One that has begun when the time is over counts as alive, with what had come.
 * @throws LlamactlError where no token came in time, or the stream broke
 */
export async function generate(
  client: LlamaCppClient,
  { signal, timeout, model, tokens = TOKENS }: AskGenerationOptions,
): Promise<GenerationFacts> {
  const started = performance.now();
  const over = AbortSignal.timeout(timeout);
  let firstAt: number | null = null;
  let lastAt = started;
  let events = 0;
  let reasoning = false;
  let result: ChatResult | null = null;
  const stream = client.chatStream([{ role: 'user', content: 'Hi' }], [], {
    maxTokens: tokens,
    temperature: 0,
    timeout,
    signal: AbortSignal.any([signal, over]),
    ...(model === undefined ? {} : { model }),
  });
  try {
    for await (const event of stream) {
      if (event.type === 'finish') result = event.result;
      if (event.type !== 'content' && event.type !== 'reasoning') continue;
      reasoning ||= event.type === 'reasoning';
      lastAt = performance.now();
      firstAt ??= lastAt;
      events++;
    }
  } catch (error) {
    const timeIsOver = over.aborted && !signal.aborted && firstAt !== null;
    if (!timeIsOver) throw error;
  }
  return {
    kind: 'chat',
    model: result?.model ?? '',
    // An answer without a visible token (a template's end at once) still is one.
    firstTokenMs: round((firstAt ?? performance.now()) - started),
    tokens: result?.usage.completionTokens ?? events,
    spreadMs: round(lastAt - (firstAt ?? lastAt)),
    generatedMs: result?.timings?.generatedMs ?? null,
    promptTokensPerSecond: result?.timings?.promptPerSecond || null,
    tokensPerSecond: result?.timings?.generatedPerSecond || null,
    reasoning,
  };
}

/** One embedding, from a server that does nothing else. @throws LlamactlError */
export async function embedOne(
  client: LlamaCppClient,
  { signal, timeout }: Pick<AskGenerationOptions, 'signal' | 'timeout'>,
): Promise<GenerationFacts> {
  const started = performance.now();
  const [vector] = await client.embedding('Hi', { signal, timeout, retries: 0 });
  if (vector === undefined || vector.length === 0) {
    throw new LlamactlError({
      type: 'INVALID_REQUEST',
      code: 'server.crashed',
      message: 'the server answered an embedding without numbers',
    });
  }
  return {
    kind: 'embedding',
    model: '',
    firstTokenMs: round(performance.now() - started),
    tokens: 0,
    spreadMs: 0,
    generatedMs: null,
    promptTokensPerSecond: null,
    tokensPerSecond: null,
    reasoning: false,
  };
}

/**
 * Whether an answer came in one piece though the server took its time over it: something on the way holds streams back.
 * Under 80 ms of generation the pieces may truly have come together.
 */
export function cameAtOnce({ kind, generatedMs, spreadMs, tokens }: GenerationFacts): boolean {
  return (
    kind === 'chat' && tokens > 3 && generatedMs !== null && generatedMs > 80 && spreadMs < generatedMs / 4
  );
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
