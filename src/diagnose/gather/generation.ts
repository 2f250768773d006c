import { toError } from '../../catalogue/to-error.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { DeadlineError } from '../../client/transport-error.js';
import type { ChatResult } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { GenerationFacts } from '../facts.js';

/** Tokens of the answer: enough to see a rhythm, and under 3 s on a machine that makes 3 a second. */
const TOKENS = 8;
/** Milliseconds. */
const GRACE = 300;
/** Milliseconds between events that came apart. */
const APART = 5;
/** Milliseconds after which an answer that was ready long ago must have been held back. */
const HELD_BACK = 1000;

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
  // The client's own deadline for the first token comes first, and says what it is.
  const over = AbortSignal.timeout(timeout + GRACE);
  let firstAt: number | null = null;
  let lastAt = started;
  let events = 0;
  let bursts = 0;
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
      const now = performance.now();
      if (firstAt === null || now - lastAt > APART) bursts++;
      lastAt = now;
      firstAt ??= now;
      events++;
    }
  } catch (error) {
    if (!over.aborted || signal.aborted) throw error;
    if (firstAt === null) throw await noToken(client.baseUrl, timeout);
  }
  return {
    kind: 'chat',
    model: result?.model ?? '',
    // An answer without a visible token (a template's end at once) still is one.
    firstTokenMs: round((firstAt ?? performance.now()) - started),
    tokens: result?.usage.completionTokens ?? events,
    spreadMs: round(lastAt - (firstAt ?? lastAt)),
    bursts,
    lagMs:
      result?.timings == null
        ? null
        : round(lastAt - started - result.timings.promptMs - result.timings.generatedMs),
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
    bursts: 0,
    lagMs: null,
    generatedMs: null,
    promptTokensPerSecond: null,
    tokensPerSecond: null,
    reasoning: false,
  };
}

/**
 * Whether something on the way holds streams back: the answer came in one piece or two, though the server took its time over
 * it or had it ready long before. Under 80 ms of generation the pieces may truly have come together.
 */
export function wasHeldBack({
  kind,
  generatedMs,
  spreadMs,
  tokens,
  bursts,
  lagMs,
}: GenerationFacts): boolean {
  if (kind !== 'chat' || tokens <= 3 || generatedMs === null || bursts > 2) return false;
  return (generatedMs > 80 && spreadMs < generatedMs / 4) || (lagMs !== null && lagMs > HELD_BACK);
}

async function noToken(baseUrl: string, timeoutMs: number): Promise<LlamactlError> {
  return toError(
    {
      kind: 'exception',
      error: new DeadlineError(`no token for ${timeoutMs} ms`),
      phase: 'first-token',
      timeoutMs,
      url: `${baseUrl}/v1/chat/completions`,
      method: 'POST',
      path: '/v1/chat/completions',
      sentKey: false,
    },
    { url: baseUrl },
  );
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
