import assert from 'node:assert/strict';
import { displayWidth, truncate } from '../../src/render/width.js';

describe('a text that is cut to a width', () => {
  const texts = [
    'plain words only, and then some more of them',
    '✓  gpu01   –      llama.cpp b0-unknown, tiny-v1.gguf F16',
    '模型 tiny 的 上下文 is 512 tokens, 四 slots',
    '🚀 llama 🚀 server 🚀 is 🚀 ready',
  ];

  for (const text of texts) {
    it(`is never wider: ${text}`, () => {
      for (let width = 1; width <= displayWidth(text) + 1; width++) {
        const cut = truncate(text, width);
        assert.ok(displayWidth(cut) <= width, `${width}: ${cut}`);
        if (width >= displayWidth(text)) assert.equal(cut, text);
        else assert.match(cut, /…$/);
      }
    });
  }
});
