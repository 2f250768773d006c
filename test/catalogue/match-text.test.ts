import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { ENTRIES } from '../../src/catalogue/entries.js';
import { createTextMatcher, matchText, type TextMatch } from '../../src/catalogue/match-text.js';
import { normaliseLine } from '../../src/catalogue/normalise.js';

interface Sample {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly also: readonly string[];
}

const fixture = (path: string) => readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');

/** One JSON object a line: real logs, bodies and messages. */
const CORPUS: readonly Sample[] = fixture('corpus/dev.jsonl')
  .trim()
  .split('\n')
  .map((line): Sample => JSON.parse(line));

/** `test/fixtures/catalogue/messages.md`: one message a line below its code. */
const MESSAGES: readonly Sample[] = readMessages(fixture('catalogue/messages.md'));

describe('matchText', () => {
  it('finds the cause of real logs, bodies and messages (95 % of the corpus at least, all of them at best)', async () => {
    const misses = await missesIn(CORPUS);
    if (misses.length > 0) process.stderr.write(`${misses.join('\n')}\n`);
    assert.ok(misses.length <= CORPUS.length * 0.05, `${misses.length} of ${CORPUS.length} missed`);
  });

  it('finds nothing in logs in which nothing is wrong', async () => {
    const harmless = [...CORPUS, ...MESSAGES].filter(({ label }) => label === 'none');
    assert.ok(harmless.length > 30);
    assert.deepEqual(await missesIn(harmless), []);
  });

  it('finds the cause of the messages of programs since 2023', async () => {
    assert.deepEqual(await missesIn(MESSAGES), []);
  });

  it('has no rule that no known message needs', () => {
    const lines = [...CORPUS, ...MESSAGES].flatMap(({ text }) => text.split('\n')).map(normaliseLine);
    const idle = ENTRIES.flatMap(({ code, rules }) =>
      rules
        .filter(
          ({ pattern, excludes }) =>
            !lines.some((line) => pattern.test(line) && !excludes?.some((exclude) => exclude.test(line))),
        )
        .map(({ pattern }) => `${code} ${pattern}`),
    );
    assert.deepEqual(idle, []);
  });

  it('puts a precise cause before what follows from it, and gives the lines that prove it', async () => {
    const log = [
      'load_tensors: offloading 36 repeating layers to GPU',
      '0.01.1.1 ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9830.40 MiB on device 0: cudaMalloc failed: out of memory',
      'llama_model_load: error loading model: unable to allocate CUDA0 buffer',
      "0.00.007.945 E cmn  common_init_: failed to load model '/srv/m/big.gguf'",
      'llama-server exited with code 1',
    ];
    const matches = await matchText(log);
    assert.deepEqual(matches.map(({ code }) => code).slice(0, 2), ['memory.gpu', 'model.load-failed']);
    assert.deepEqual(
      matches[0]?.evidence.map(({ line }) => line),
      [2, 3],
    );
  });

  it('recognises a failure behind any prefix, and one that a progress bar hides in its line', async () => {
    const message = "couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080";
    for (const line of [
      `llama-1  | 2026-01-02T10:11:12.123456789Z 0.00.005.356 E srv         start: ${message}`,
      `[pod/llama-0/server] 0.00.005.356 E srv         start: ${message}`,
      `May 27 19:13:24 host llama-server[919577]: [56816] 0.02.692.177 E srv  start: ${message}`,
      JSON.stringify({ log: `\u001b[31m0.00.005.356 E srv  start: ${message}\u001b[0m\n`, stream: 'stderr' }),
      `loading 10 %\rloading 99 %\rmain: ${message}`,
    ]) {
      const [best] = await matchText([line]);
      assert.equal(best?.code, 'server.port-in-use', line);
      assert.match(best?.evidence[0]?.text ?? '', /^(?:srv )?(?:start|main): couldn't bind/);
    }
  });

  it('reads async sources', async () => {
    async function* lines() {
      yield 'harmless';
      yield 'CUDA error: no kernel image is available for execution on the device';
    }
    const [best] = await matchText(lines());
    assert.equal(best?.code, 'gpu.unsupported-arch');
    assert.equal(best?.evidence[0]?.line, 2);
  });

  it('keeps the first lines and the last of a cause that is repeated for ever', () => {
    const matcher = createTextMatcher();
    for (let line = 0; line < 10_000; line++) matcher.push('srv  operator(): unauthorized: Invalid API Key');
    const lines = matcher.finish()[0]?.evidence.map(({ line }) => line);
    assert.deepEqual(lines, [1, 2, 3, 10_000]);
  });

  it('finds a proof in the middle of a line of megabytes by its ends only, and cuts the evidence around it', async () => {
    const matches = await matchText([`${'x'.repeat(5_000_000)} CUDA error: out of memory`]);
    assert.equal(matches[0]?.code, 'memory.gpu');
    const text = matches[0]?.evidence[0]?.text ?? '';
    assert.ok(text.length <= 250);
    assert.match(text, /out of memory/);
  });

  it('takes any text without an error, and gives the same for the same text', async () => {
    const words = [
      'error',
      'failed',
      'GGUF',
      'model',
      'not found',
      '{"error":',
      '\u001b[31m',
      '\\',
      'CUDA',
      '404',
      '<html',
      '\u0000',
    ];
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
        const matches = await matchText(lines);
        assert.ok(
          matches.every(
            ({ evidence }) => evidence.length > 0 && evidence.every((each) => each.line <= lines.length),
          ),
        );
        assert.ok(isSorted(matches));
        assert.deepEqual(await matchText(lines), matches);
      }),
      { numRuns: 200 },
    );
  });

  it('is not held up by lines made to hold up regular expressions', async () => {
    const hostile = [
      'model ',
      'failed to load ',
      'connection ',
      'error: ',
      'stream ',
      'GET /',
      '{"id":',
      '1.2.3.4:',
      'no ',
    ].map((part) => part.repeat(4_000));
    assert.ok(Array.isArray(await matchText(hostile)));
  });
});

async function missesIn(samples: readonly Sample[]): Promise<string[]> {
  const misses: string[] = [];
  for (const { id, text, label, also } of samples) {
    const matches = await matchText(text.split(/\r?\n/));
    const top = matches[0]?.code ?? 'none';
    if (top !== label && !also.includes(top))
      misses.push(
        `${id}: ${label}, but found ${matches.map(({ code, rank }) => `${code} ${rank}`).join(', ') || 'nothing'}: ${text.slice(0, 160)}`,
      );
  }
  return misses;
}

function isSorted(matches: readonly TextMatch[]): boolean {
  return matches.every((match, index) => index === 0 || (matches[index - 1]?.rank ?? 0) >= match.rank);
}

function readMessages(markdown: string): Sample[] {
  let label = '';
  return markdown.split('\n').flatMap((line, index) => {
    const heading = /^## (\S+)$/.exec(line)?.[1];
    if (heading !== undefined) label = heading;
    if (heading !== undefined || label === '' || line.trim() === '') return [];
    const [text = '', ...also] = line.split(' ¦ ');
    return [{ id: `messages.md:${index + 1}`, text: text.replaceAll('⏎', '\n'), label, also }];
  });
}
