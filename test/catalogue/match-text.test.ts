import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ENTRIES } from '../../src/catalogue/entries.js';
import type { TextRule } from '../../src/catalogue/entry.js';
import { createTextMatcher, matchText, type TextMatch } from '../../src/catalogue/match-text.js';
import { normaliseLine } from '../../src/catalogue/normalise.js';
import { readCorpus, readMessages } from '../corpus/samples.js';
import { ask, missLine } from '../corpus/score.js';

const MESSAGES = readMessages();

describe('matchText', () => {
  it('finds the cause of the messages of programs since 2023, and nothing in those that mean nothing', async () => {
    assert.ok(MESSAGES.filter(({ label }) => label === 'none').length > 30);
    assert.deepEqual((await ask(MESSAGES)).filter(({ right }) => !right).map(missLine), []);
  });

  it('has two known texts at least for each rule', () => {
    const texts = [...readCorpus('dev'), ...readCorpus('held-out'), ...MESSAGES].map((sample) => ({
      ...sample,
      lines: sample.text.split(/\r?\n/).map(normaliseLine),
    }));
    const thin = ENTRIES.flatMap(({ code, rules }) =>
      rules
        .filter((rule) => {
          const held = texts.filter(
            ({ label, also, lines }) => (label === code || also.includes(code)) && applies(rule, lines),
          );
          return held.length < 2;
        })
        .map(({ pattern }) => `${code} ${pattern}`),
    );
    assert.deepEqual(thin, []);
  });

  it('blames the slots only where all of them together would have held the request', async () => {
    const log = (tokens: number) => [
      'srv    load_model: initializing slots, n_slots = 2',
      `srv    send_error: task id = 12, error: request (${tokens} tokens) exceeds the available context size (4096 tokens), try increasing it`,
    ];
    const best = async (tokens: number) => (await matchText(log(tokens)))[0]?.code;
    assert.equal(await best(6000), 'context.slot-too-small');
    assert.equal(await best(8192), 'context.slot-too-small');
    assert.equal(await best(9000), 'context.overflow');
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

  it('names the missing TLS, where a build without it was given certificates: no port is in the way', async () => {
    // As v0.6.0 and v0.1.0 end.
    for (const said of ['init_listene: the server', 'init: the server']) {
      const log = `0.00.006.058 E srv  ${said} is built without SSL support\n0.00.006.059 E srv  llama_server: failed to initialize HTTP server`;
      const [best] = await matchText(log.split('\n'));
      assert.equal(best?.code, 'server.bad-argument');
    }
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

  it('gives both lines of a cause that is split over two', async () => {
    const [best] = await matchText([
      '$ llama-server -m wren.gguf -c 8192 -np 4',
      'srv  update_slots: all slots are idle',
      'srv  send_error: request (2100 tokens) exceeds the available context size (2048 tokens)',
    ]);
    assert.equal(best?.code, 'context.slot-too-small');
    assert.deepEqual(
      best?.evidence.map(({ line }) => line),
      [1, 3],
    );
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

/** A rule as its definition reads, without the scanner and the streaming that the matcher adds. */
function applies(rule: TextRule, lines: readonly string[]): boolean {
  const stands = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  return (
    lines.some((line) => rule.pattern.test(line) && !rule.excludes?.some((exclude) => exclude.test(line))) &&
    (rule.requires === undefined || rule.requires.some(stands)) &&
    !rule.excludesAnywhere?.some(stands)
  );
}

function isSorted(matches: readonly TextMatch[]): boolean {
  return matches.every((match, index) => index === 0 || (matches[index - 1]?.rank ?? 0) >= match.rank);
}
