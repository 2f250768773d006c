import assert from 'node:assert/strict';
import type { ExchangeRecord, Message } from '../../src/client/types.js';
import { waitForHealth } from '../../src/services/health.js';
import { cli } from '../support/cli.js';
import {
  freePort,
  type ServerOptions,
  smolModel,
  startServer,
  type TestServer,
} from '../support/real-server.js';
import { failureOf, hear, partialOf, until, useClients } from '../wire-live/support.js';

// SmolLM2-135M, 4-bit: some 80 tokens a second where nothing else runs, two on a machine that is full.
const PATIENCE = 240_000;
const story: Message[] = [{ role: 'user', content: 'Tell me a long story about a lighthouse keeper.' }];

/** The prebuilt server may not run this model (it was compiled for another CPU), so it is always the one from source. */
function startSmol(options: ServerOptions = {}): Promise<TestServer> {
  const args = ['--alias', 'smol', ...(options.args ?? ['-c', '2048', '-np', '1'])];
  return startServer({ ...options, model: smolModel(), build: 'v0.6.0', args });
}

/** The messages of the last chat that was sent. */
function lastSent(exchanges: readonly ExchangeRecord[]): Message[] {
  const chats = exchanges.filter(({ url }) => url.endsWith('/v1/chat/completions'));
  return JSON.parse(chats.at(-1)?.requestBody ?? '{}').messages;
}

describe('a real model (SmolLM2-135M) on a real llama-server', function () {
  this.timeout(PATIENCE);
  const clients = useClients();
  const connect: typeof clients = (url, options) => clients(url, { timeout: PATIENCE, ...options });

  describe('once it is loaded', () => {
    let server: TestServer;
    before(async () => {
      server = await startSmol();
    });
    after(() => server.stop());

    it('answers with sense at temperature 0', async () => {
      const { client } = connect(server.url);
      const asked: Message[] = [
        { role: 'user', content: 'What is the capital of France? Answer in one word.' },
      ];
      const { content, finishReason, model } = await client.chat(asked, [], {
        temperature: 0,
        maxTokens: 16,
      });
      assert.match(content, /Paris/);
      assert.deepEqual([finishReason, model], ['stop', 'smol']);
    });

    it('llamactl chat prints the same answer, and with --stats its tokens and rate', async () => {
      const prompt = 'What is the capital of France? Answer in one word.';
      const flags = ['--url', server.url, '--temperature', '0', '--max-tokens', '16', '--stats'];
      const { code, out, err } = await cli(['chat', prompt, ...flags, '--timeout', '4m'], {
        timeout: PATIENCE,
      });
      assert.equal(code, 0, err);
      assert.match(out, /Paris/);
      assert.match(err, /\d+ \+ \d+ tokens.*first token .*tokens\/s/);
    });

    it('tells its throughput in the timings, which agree with one another and with the usage', async () => {
      const { client } = connect(server.url);
      const { timings, usage } = await client.chat(story, [], { temperature: 0, maxTokens: 12 });
      assert.ok(timings !== null);
      assert.deepEqual([timings.generatedTokens, usage.completionTokens], [12, 12]);
      assert.equal(timings.promptTokens + timings.cachedTokens, usage.promptTokens);
      for (const [tokens, ms, rate] of [
        [timings.promptTokens, timings.promptMs, timings.promptPerSecond],
        // The first token is the prompt's: the server counts from it on.
        [timings.generatedTokens - 1, timings.generatedMs, timings.generatedPerSecond],
      ] as const) {
        assert.ok(rate > 0 && Math.abs((tokens / ms) * 1000 - rate) < rate / 100, `${tokens} ${ms} ${rate}`);
      }
    });

    it('llamactl bench measures what the server measures: tokens exactly, times to 2 %', async () => {
      const load = ['-c', '1', '-n', '3', '--warm-up', '0', '--prompt-tokens', '96', '--max-tokens', '24'];
      const flags = ['--url', server.url, '--timeout', '4m', '--csv', '-'];
      const { code, out, text } = await cli(['bench', ...load, ...flags], { timeout: PATIENCE });
      assert.equal(code, 0, text);
      const [head = '', ...rows] = out.trim().split('\n');
      const at = (row: string, name: string) => Number(row.split(',')[head.split(',').indexOf(name)]);
      assert.deepEqual(
        rows.map((row) => [at(row, 'prompt_tokens'), at(row, 'output_tokens')]),
        Array.from({ length: 3 }, () => [96, 24]),
      );
      // One of them at least had the machine for itself.
      const nearest = (shares: readonly number[]) => Math.min(...shares.map((share) => Math.abs(1 - share)));
      const first = nearest(rows.map((row) => at(row, 'server_prefill_ms') / at(row, 'ttft_ms')));
      const rest = nearest(
        rows.map((row) => at(row, 'server_decode_ms') / (at(row, 'e2e_ms') - at(row, 'ttft_ms'))),
      );
      assert.ok(first <= 0.02 && rest <= 0.02, `off by ${first} and ${rest}\n${out}`);
    });

    it('/v1/models tells its size, its parameters and what it was trained for', async () => {
      const [model] = await connect(server.url).client.models();
      assert.deepEqual(
        [model?.id, model?.parameters, model?.contextPerSlot, model?.contextTrained],
        ['smol', 134_515_008, 2048, 8192],
      );
      assert.match(model?.quantization ?? '', /Q4_1/);
      assert.ok((model?.sizeBytes ?? 0) > 80_000_000, `${model?.sizeBytes} bytes`);
    });

    it('its template knows no tools: their results go as user messages, the user is told, and it answers', async () => {
      const { client, exchanges, steps } = connect(server.url);
      const call = { id: 'a', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } };
      const conversation: Message[] = [
        { role: 'user', content: 'What is the weather in Oslo?' },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', content: '12 degrees and rain', tool_call_id: 'a' },
      ];
      const { content } = await client.chat(conversation, [], { temperature: 0, maxTokens: 8 });
      assert.ok(content.length > 0);
      assert.deepEqual(
        steps.map(({ action }) => action),
        ['tool-results-as-user-messages'],
      );
      assert.deepEqual(lastSent(exchanges), [
        { role: 'user', content: 'What is the weather in Oslo?' },
        { role: 'assistant', content: 'Tool call: get_weather({"city":"Oslo"})' },
        { role: 'user', content: 'Tool result: 12 degrees and rain' },
      ]);
    });
  });

  it('a long history is cut to fit by the server’s own count: oldest turns first, never the system message', async () => {
    const server = await startSmol({ args: ['-c', '256', '-np', '1'] });
    const system: Message = { role: 'system', content: 'You answer in one word.' };
    const question: Message = { role: 'user', content: 'What is the capital of France?' };
    const turns = Array.from({ length: 20 }, (_, i): Message[] => [
      { role: 'user', content: `What is the ${i + 1}. planet, and why was it given the name that it has?` },
      { role: 'assistant', content: 'I am not sure about that one.' },
    ]);
    const { client, exchanges, steps } = connect(server.url, { fallback: true });
    const options = { temperature: 0, maxTokens: 12 };
    const { usage, content } = await client.chat([system, ...turns.flat(), question], [], options);
    assert.ok(content.length > 0);
    assert.match(
      steps[0]?.message ?? '',
      /tokens long, and a slot holds 256\. Left out the oldest \d+ messages/,
    );
    const sent = lastSent(exchanges);
    assert.deepEqual([sent[0], sent.at(-1)], [system, question]);
    // Whole turns went, and not one more than had to: with the newest that went, it would be too long.
    const kept = (sent.length - 2) / 2;
    assert.ok(kept >= 1 && kept < 20, `${kept} turns kept`);
    assert.deepEqual(sent.slice(1, -1), turns.slice(-kept).flat());
    const count = async (messages: Message[]) =>
      (await client.tokenize({ content: await client.applyTemplate(messages), addSpecial: true })).length;
    assert.equal(usage.promptTokens, await count(sent));
    assert.ok(usage.promptTokens <= 256 - 12, `${usage.promptTokens} tokens`);
    assert.ok((await count([system, ...turns.slice(-kept - 1).flat(), question])) > 256 - 12);
    await server.stop();
  });

  it('loading is seen as loading: health --wait says so until it is ready', async () => {
    const server = await startSmol({
      until: 'started',
      args: ['-c', '32768', '-np', '4', '--load-mode', 'none'],
    });
    const { client } = connect(server.url);
    await until('loading', async () => (await failureOf(client.health())).code === 'server.loading');
    const seen = new Set<string>();
    const { report } = await waitForHealth(client, {
      deadlineMs: 60_000,
      signal: new AbortController().signal,
      onLook: ({ status }) => seen.add(status),
    });
    assert.equal(report.status, 'ready');
    assert.deepEqual([...seen], ['loading', 'ready']);
    await server.stop();
  });

  it('llamactl health --wait begins before the server is there, and ends when it is ready', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const waiting = cli(['health', '--url', url, '--wait', '2m', '--json'], { timeout: PATIENCE });
    const server = await startSmol({ port, until: 'started', args: ['-c', '2048', '-np', '1'] });
    const { code, json } = await waiting;
    assert.deepEqual([code, json.status, json.ready], [0, 'ready', true]);
    await server.stop();
  });

  describe('killed in the middle of a long answer', () => {
    let server: TestServer;
    beforeEach(async () => {
      server = await startSmol();
    });
    afterEach(() => server.stop());

    it('the client keeps what came, and says that it is cut', async () => {
      let pieces = 0;
      const { client, steps } = connect(server.url, { fallback: true, maxRetries: 3 });
      const { content, error } = await hear(client, story, {}, ({ type }) => {
        if (type === 'content' && ++pieces === 4) server.child.kill('SIGKILL');
        return undefined;
      });
      assert.deepEqual([error?.type, error?.code, error?.exit], ['STREAMING_ERROR', 'stream.truncated', 17]);
      assert.ok(content.trim().length > 0);
      assert.equal(partialOf(error), content);
      assert.deepEqual(steps, [], 'nothing is asked again after the first visible token');
    });

    it('llamactl chat prints what came on stdout, the cause on stderr, and exits 17', async () => {
      const { code, out, err } = await cli(
        ['chat', String(story[0]?.content), '--url', server.url, '--timeout', '4m'],
        {
          timeout: PATIENCE,
          onSpawn: (child) => {
            let printed = '';
            child.stdout?.on('data', (chunk) => {
              printed += chunk;
              if (printed.length > 8) server.child.kill('SIGKILL');
            });
          },
        },
      );
      assert.equal(code, 17, err);
      assert.ok(out.trim().length > 8 && out.endsWith('\n'), JSON.stringify(out));
      assert.match(err, /stream\.truncated/);
      assert.doesNotMatch(out, /stream\.|✗/);
    });

    it('llamactl chat --json: one document, the error', async () => {
      const prompt = String(story[0]?.content);
      const asked = cli(['chat', prompt, '--url', server.url, '--timeout', '4m', '--json'], {
        timeout: PATIENCE,
      });
      const { client } = connect(server.url);
      await until('an answer under way', async () => {
        const [slot] = await client.slots();
        const next = Array.isArray(slot?.next_token) ? slot.next_token[0] : slot?.next_token;
        return (next?.n_decoded ?? 0) > 3;
      });
      server.child.kill('SIGKILL');
      const { code, json } = await asked;
      assert.deepEqual([code, json.error.type, json.error.code], [17, 'STREAMING_ERROR', 'stream.truncated']);
    });
  });
});
