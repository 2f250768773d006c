import type { ChatChunk, WireTimings, WireUsage } from '../wire/chat.js';
import { parseToolCalls, ToolCallAccumulator, type ToolCallProblem } from './tool-calls.js';
import type { ChatEvent, ChatResult, RecoveryStep, Timings, Usage } from './types.js';

/** What has arrived of an answer, whole or not. */
export type PartialAnswer = Omit<ChatResult, 'recovery' | 'finishReason'> & {
  readonly finishReason: string | null;
  readonly toolCallProblems: readonly ToolCallProblem[];
};

/** Chunks of a streamed answer → events for the reader, and the answer that they add up to. */
export class ChatAccumulator {
  readonly #content = new TextParts();
  readonly #reasoning = new TextParts();
  readonly #toolCalls = new ToolCallAccumulator();
  #finishReason: string | null = null;
  #model = '';
  #usage: WireUsage | undefined;
  #timings: WireTimings | undefined;
  #visible = false;

  /** Whether something that a user sees has arrived: after that nothing is asked again. */
  get hasVisible(): boolean {
    return this.#visible;
  }

  get finishReason(): string | null {
    return this.#finishReason;
  }

  /** Takes a chunk in and hands on what it says. */
  add(chunk: ChatChunk, emit: (event: ChatEvent) => void): void {
    if (this.#model === '' && chunk.model) this.#model = chunk.model;
    if (chunk.usage) this.#usage = chunk.usage;
    if (chunk.timings) this.#timings = chunk.timings;
    const progress = chunk.prompt_progress;
    if (progress) emit({ type: 'prompt-progress', processed: progress.processed, total: progress.total });
    const choice = chunk.choices?.[0];
    if (choice === undefined) return;
    const { delta } = choice;
    if (delta) {
      const { content, tool_calls: calls } = delta;
      const reasoning = delta.reasoning_content ?? delta.reasoning;
      if (reasoning) {
        this.#visible = true;
        this.#reasoning.push(reasoning);
        emit({ type: 'reasoning', text: reasoning });
      }
      if (content) {
        this.#visible = true;
        this.#content.push(content);
        emit({ type: 'content', text: content });
      }
      if (calls) {
        for (const call of calls) {
          this.#visible = true;
          const index = this.#toolCalls.add(call);
          emit({
            type: 'tool-call-delta',
            index,
            ...(call.id ? { id: call.id } : {}),
            ...(call.function?.name ? { name: call.function.name } : {}),
            arguments: call.function?.arguments ?? '',
          });
        }
      }
    }
    if (choice.finish_reason) this.#finishReason = choice.finish_reason;
  }

  /** What has arrived so far. */
  partial(): PartialAnswer {
    const { toolCalls, problems } = parseToolCalls(this.#toolCalls.raw());
    return {
      content: this.#content.text(),
      reasoning: this.#reasoning.text(),
      toolCalls,
      toolCallProblems: problems,
      finishReason: this.#finishReason,
      model: this.#model,
      usage: usageOf(this.#usage, this.#timings),
      timings: timingsOf(this.#timings),
    };
  }

  /** The finished answer. */
  result(recovery: readonly RecoveryStep[]): ChatResult {
    const { toolCallProblems: _, finishReason, ...answer } = this.partial();
    return { ...answer, finishReason: finishReason ?? 'stop', recovery };
  }
}

/** Many short pieces of one text. Joined now and then: a million one-token strings weigh ten times their text. */
class TextParts {
  #joined = '';
  #recent: string[] = [];

  push(piece: string): void {
    this.#recent.push(piece);
    if (this.#recent.length >= 1024) this.text();
  }

  text(): string {
    if (this.#recent.length > 0) this.#joined += this.#recent.join('');
    this.#recent = [];
    return this.#joined;
  }
}

/** Usage in our names. Builds of 2025-05 do not tell cached tokens; without `usage` the timings count. */
export function usageOf(usage: WireUsage | null | undefined, timings: WireTimings | null | undefined): Usage {
  return {
    promptTokens: usage?.prompt_tokens ?? (timings?.prompt_n ?? 0) + (timings?.cache_n ?? 0),
    completionTokens: usage?.completion_tokens ?? timings?.predicted_n ?? 0,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n ?? 0,
  };
}

/** The server's timings in our names. */
export function timingsOf(timings: WireTimings | null | undefined): Timings | null {
  if (!timings) return null;
  return {
    promptTokens: timings.prompt_n ?? 0,
    promptMs: timings.prompt_ms ?? 0,
    promptPerSecond: timings.prompt_per_second ?? 0,
    generatedTokens: timings.predicted_n ?? 0,
    generatedMs: timings.predicted_ms ?? 0,
    generatedPerSecond: timings.predicted_per_second ?? 0,
    cachedTokens: timings.cache_n ?? 0,
  };
}
