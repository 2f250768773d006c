import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import type { ChatResult } from '../../src/client/types.js';
import { renderStats } from '../../src/render/chat.js';

describe('the numbers of a chat', () => {
  const answered = (promptTokens: number, completionTokens: number): ChatResult => ({
    content: 'Hello',
    reasoning: '',
    toolCalls: [],
    finishReason: 'stop',
    model: 'm',
    usage: { promptTokens, completionTokens, cachedTokens: 0 },
    timings: null,
    recovery: [],
  });
  const stats = (result: ChatResult) =>
    stripVTControlCharacters(renderStats({ result, firstTokenMs: 52, contextSize: 8192 }));

  it('are tokens, times and how full the context is', () =>
    assert.equal(stats(answered(24, 8)), '24 + 8 tokens · first token 52 ms · 0.4 % of 8,192'));

  it('say where the server counts no tokens, not that there were none', () =>
    assert.equal(stats(answered(0, 0)), 'tokens not told · first token 52 ms'));
});
