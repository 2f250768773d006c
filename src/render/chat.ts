import type { ChatResult } from '../client/types.js';
import { count, duration, rate } from './format.js';

export interface ChatStats {
  readonly result: ChatResult;
  /** Milliseconds; null where the answer was not streamed. */
  readonly firstTokenMs: number | null;
  /** Tokens that a slot holds; null where the server does not tell. */
  readonly contextSize: number | null;
}

/**
 * `24 + 8 tokens (18 cached) · first token 52 ms · 41 tokens/s · 0.4 % of 8,192`. Where the server counts no tokens, that is
 * said, and not that there were none.
 */
export function renderStats({ result, firstTokenMs, contextSize }: ChatStats): string {
  const { promptTokens, completionTokens, cachedTokens } = result.usage;
  const cached = cachedTokens > 0 ? ` (${count(cachedTokens)} cached)` : '';
  const used = promptTokens + completionTokens;
  return [
    used === 0 ? 'tokens not told' : `${count(promptTokens)} + ${count(completionTokens)} tokens${cached}`,
    ...(firstTokenMs === null ? [] : [`first token ${duration(firstTokenMs)}`]),
    ...(result.timings?.generatedPerSecond ? [`${rate(result.timings.generatedPerSecond)} tokens/s`] : []),
    ...(contextSize === null || used === 0
      ? []
      : [`${((used / contextSize) * 100).toFixed(1)} % of ${count(contextSize)}`]),
  ].join(' · ');
}

/**
 * What goes on before the answer: `reading the prompt, 40 % of 3,201 tokens · 3.2 s`.
 * @param awaited `the first token`
 */
export function renderWaiting(
  awaited: string,
  elapsedMs: number,
  prompt: { readonly processed: number; readonly total: number } | null,
): string {
  const share = prompt === null || prompt.total === 0 ? 1 : prompt.processed / prompt.total;
  const what =
    prompt === null || share >= 1
      ? `waiting for ${awaited}`
      : `reading the prompt, ${Math.floor(share * 100)} % of ${count(prompt.total)} tokens`;
  return `${what} · ${duration(elapsedMs)}`;
}

/** Tool calls as people write calls: `get_weather({"city":"Paris"})`, one a line. */
export function renderToolCalls(result: ChatResult): string {
  return result.toolCalls.map(({ name, arguments: given }) => `${name}(${JSON.stringify(given)})`).join('\n');
}
