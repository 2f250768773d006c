import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ChatOptions, ChatResult } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { distributionOf } from './histogram.js';
import type { Prompt } from './prompt-file.js';
import type { RequestRecord, ServerTimes } from './record.js';

/** How each request is asked. */
export interface Asking {
  readonly stream: boolean;
  readonly maxTokens: number;
  /** Write on after the end of an answer, so that each is of the same length; only llama-server knows that. */
  readonly ignoreEos: boolean;
  /** Empty for the server's own. */
  readonly model: string;
  /** Milliseconds to the first token and for each silence; undefined: the client's. */
  readonly timeoutMs: number | undefined;
}

export interface MeasureOptions {
  readonly index: number;
  /** On the clock of `performance.now()`. */
  readonly scheduledMs: number;
  readonly runStartedMs: number;
  readonly onToken?: () => void;
  /** Milliseconds between two tokens. */
  readonly onGap?: (ms: number) => void;
  readonly signal?: AbortSignal;
  /** Throw a failure instead of recording it. */
  readonly rethrow?: true;
}

/**
 * Asks once and measures. A failure is a record too.
 * @returns null where a signal ended it: that is neither an answer nor a failure
 */
export async function measure(
  client: LlamaCppClient,
  prompt: Prompt,
  asking: Asking,
  options: MeasureOptions,
): Promise<RequestRecord | null> {
  const { index, scheduledMs, runStartedMs, onToken, onGap, signal } = options;
  const sentMs = performance.now();
  const gaps: number[] = [];
  let firstMs: number | null = null;
  let answerMs: number | null = null;
  let lastMs = sentMs;
  const onPiece = (isReasoning: boolean) => {
    const now = performance.now();
    if (firstMs === null) firstMs = now - scheduledMs;
    else {
      gaps.push(now - lastMs);
      onGap?.(now - lastMs);
    }
    if (!isReasoning) answerMs ??= now - scheduledMs;
    lastMs = now;
    onToken?.();
  };
  const base = { index, scheduledMs: scheduledMs - runStartedMs, lateMs: sentMs - scheduledMs };
  const chat: ChatOptions = {
    temperature: 0,
    maxTokens: prompt.maxTokens ?? asking.maxTokens,
    ...(asking.ignoreEos ? { ignoreEos: true } : {}),
    ...(asking.model === '' ? {} : { model: asking.model }),
    ...(asking.timeoutMs === undefined ? {} : { timeout: asking.timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
  try {
    const result = asking.stream
      ? await streamed(client, prompt, chat, onPiece)
      : await client.chat(prompt.messages, [], chat);
    const { usage, finishReason } = result;
    return {
      ...base,
      ttftMs: firstMs,
      answerMs,
      e2eMs: performance.now() - scheduledMs,
      itlMs: distributionOf(gaps),
      promptTokens: usage.promptTokens,
      cachedTokens: usage.cachedTokens,
      outputTokens: usage.completionTokens,
      server: serverTimes(result),
      finishReason,
      failure: null,
    };
  } catch (error) {
    if (options.rethrow || !(error instanceof LlamactlError)) throw error;
    if (error.type === 'INTERRUPTED') return null;
    const { type, code, message } = error;
    return {
      ...base,
      ttftMs: firstMs,
      answerMs,
      e2eMs: performance.now() - scheduledMs,
      itlMs: distributionOf(gaps),
      promptTokens: 0,
      cachedTokens: 0,
      outputTokens: 0,
      server: null,
      finishReason: null,
      failure: { type, code, message },
    };
  }
}

async function streamed(
  client: LlamaCppClient,
  prompt: Prompt,
  chat: ChatOptions,
  onPiece: (isReasoning: boolean) => void,
): Promise<ChatResult> {
  for await (const event of client.chatStream(prompt.messages, [], chat)) {
    if (event.type === 'content' || event.type === 'tool-call-delta') onPiece(false);
    else if (event.type === 'reasoning') onPiece(true);
    else if (event.type === 'finish') return event.result;
  }
  throw new LlamactlError({
    type: 'INTERNAL_ERROR',
    code: 'internal',
    message: 'the stream ended without a result',
  });
}

function serverTimes({ timings }: ChatResult): ServerTimes | null {
  if (timings === null || timings.promptMs + timings.generatedMs === 0) return null;
  return {
    prefillMs: timings.promptMs,
    decodeMs: timings.generatedMs,
    promptTokens: timings.promptTokens,
    outputTokens: timings.generatedTokens,
  };
}
