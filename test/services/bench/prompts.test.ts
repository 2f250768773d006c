import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { whyAsk } from '../../../src/services/bench/consent.js';
import { readPromptFile } from '../../../src/services/bench/prompt-file.js';
import { createRandom } from '../../../src/services/bench/random.js';
import {
  type CountedWord,
  countWords,
  TextMaker,
  UNCOUNTED,
  WORDS_TEXT,
} from '../../../src/services/bench/synthetic.js';
import { WORDS } from '../../../src/services/bench/words.js';

/** The words as a tokenizer of one token a character sees them. */
const SPELT: readonly CountedWord[] = WORDS.map((word) => ({ word, tokens: word.length + 1 }));

describe('a synthetic text', () => {
  it('has exactly as many tokens as were asked for, or says that it cannot', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 400 }), fc.nat(), (costs, tokens, seed) => {
        const words = costs.map((cost, index) => ({ word: `w${index}`, tokens: cost }));
        const text = new TextMaker(words).make(tokens, createRandom(seed));
        if (text === null) {
          assert(!costs.includes(1), 'words of one token add up to anything');
          return;
        }
        const spent = text
          .split(' ')
          .slice(1)
          .reduce((sum, word) => sum + (costs[Number(word.slice(1))] ?? Number.NaN), 0);
        assert.equal(spent, tokens);
      }),
    );
  });

  it('can be of any length that is not tiny, for a tokenizer of words and one of letters', () => {
    for (const words of [UNCOUNTED, SPELT]) {
      const maker = new TextMaker(words);
      for (let tokens = 4; tokens < 200; tokens++)
        assert.notEqual(maker.make(tokens, createRandom(tokens)), null, `${tokens} tokens`);
    }
  });

  it('is another with another seed from its first words on, and the same with the same', () => {
    const maker = new TextMaker(UNCOUNTED);
    const starts = new Set(
      Array.from({ length: 500 }, (_, seed) =>
        maker.make(64, createRandom(seed))?.split(' ').slice(0, 5).join(' '),
      ),
    );
    assert.equal(starts.size, 500);
    assert.equal(maker.make(64, createRandom(9)), maker.make(64, createRandom(9)));
  });

  it('is made of words counted by the pieces of a tokenizer', () => {
    const spell = (text: string) => [...text].map((piece) => ({ piece }));
    assert.deepEqual(countWords(spell(WORDS_TEXT)), SPELT);
    const whole = WORDS.map((word) => ({ piece: ` ${word}` }));
    assert.deepEqual(countWords(whole), UNCOUNTED);
    // SentencePiece puts a blank of its own before a text.
    assert.deepEqual(countWords([{ piece: ' ' }, ...whole]).slice(1), UNCOUNTED.slice(1));
    assert.deepEqual(countWords(whole.slice(1)), []);
  });
});

describe('a file of prompts', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-prompts-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('has one a line, as text', () => {
    const prompts = readPromptFile(file('a.txt', '\uFEFFFirst\r\n\n{"prompt": 1}\n'));
    assert.deepEqual(
      prompts.map(({ messages }) => messages[0]?.content),
      ['First', '{"prompt": 1}'],
    );
  });

  it('has texts, prompts and conversations, where it is JSON Lines', () => {
    const lines = [
      '"Hello"',
      '{"prompt": "Hi", "max_tokens": 7, "id": 1}',
      '{"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]}',
    ];
    assert.deepEqual(readPromptFile(file('b.jsonl', lines.join('\n'))), [
      { messages: [{ role: 'user', content: 'Hello' }] },
      { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 7 },
      {
        messages: [
          { role: 'system', content: 'S' },
          { role: 'user', content: 'U' },
        ],
      },
    ]);
  });

  for (const [text, message] of [
    ['', /holds no prompt/],
    ['"a"\n{"prompt": }', /:2 is not JSON/],
    ['[1]', /:1 is neither a text nor an object/],
    ['{"text": "a"}', /:1 has neither "prompt" nor "messages"/],
    ['{"prompt": "a", "max_tokens": 0}', /:1 has a max_tokens/],
    ['{"messages": [{"role": "robot", "content": "a"}]}', /:1 has a message 0 without a role/],
  ] as const) {
    it(`is refused with its line: ${text}`, () => {
      assert.throws(
        () => readPromptFile(file('c.jsonl', text)),
        (error) => error instanceof LlamactlError && error.exit === 2 && message.test(error.message),
      );
    });
  }

  it('is told from one that is not there', () => {
    assert.throws(() => readPromptFile(join(folder, 'none.txt')), /--prompts: .*none\.txt cannot be read/);
  });
});

describe('a load', () => {
  const facts = {
    label: 'it',
    baseUrl: 'http://localhost:8080',
    provider: 'llama-cpp',
    isNamed: true,
    bounds: { requests: 2000, durationMs: null },
  } as const;

  it('needs nobody to agree on this machine, or where the server was named', () => {
    for (const baseUrl of [
      'http://localhost:8080',
      'http://127.0.0.1:1',
      'http://[::1]:1',
      'unix:/run/llama.sock',
    ])
      assert.equal(whyAsk({ ...facts, baseUrl, isNamed: false }), null);
    for (const baseUrl of ['http://gpu1:8080', 'http://192.168.1.7:8080', 'http://llama.svc'])
      assert.equal(whyAsk({ ...facts, baseUrl }), null);
  });

  it('asks first where others may be hurt, or it costs money, and says how much it sends', () => {
    const isNamed = false;
    assert.match(
      whyAsk({ ...facts, baseUrl: 'http://gpu1:8080', isNamed }) ?? '',
      /only the configuration's default/,
    );
    assert.match(
      whyAsk({ ...facts, baseUrl: 'https://llama.example.com' }) ?? '',
      /on the internet.* 2,000 requests/,
    );
    const paid = { provider: 'openrouter', bounds: { requests: null, durationMs: 30_000 } } as const;
    assert.match(whyAsk({ ...facts, ...paid }) ?? '', /charges for each token.* in 30 s/);
  });
});
