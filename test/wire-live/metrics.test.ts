import assert from 'node:assert/strict';
import { parseExposition } from '../../src/wire/metrics.js';
import { nextToken } from '../../src/wire/slots.js';
import { shareServer, startServer } from '../support/real-server.js';
import { ENDLESS, hear, hello, until, useClients } from './support.js';

const COUNTERS = [
  'prompt_tokens_total',
  'prompt_tokens_cached_total',
  'prompt_seconds_total',
  'tokens_predicted_total',
  'tokens_predicted_seconds_total',
  'n_decode_total',
  'spec_decode_num_draft_tokens_total',
  'spec_decode_num_accepted_tokens_total',
];
const GAUGES = [
  'requests_processing',
  'requests_deferred',
  'n_busy_slots_per_decode',
  'n_tokens_max',
  'prompt_tokens_seconds',
  'predicted_tokens_seconds',
];

describe('metrics of a real llama-server', () => {
  const connect = useClients();

  describe('at rest', () => {
    const server = shareServer({ args: ['-c', '512', '-np', '2', '--metrics'] });
    const scrape = async () => {
      const { text } = await connect(server.current.url).client.metrics();
      const samples = parseExposition(text) ?? [];
      return new Map(samples.map(({ name, value }) => [name.replace('llamacpp:', ''), value]));
    };

    it('has the counters and gauges that our rates are made of', async () => {
      const metrics = await scrape();
      for (const name of [...COUNTERS, ...GAUGES]) assert.equal(typeof metrics.get(name), 'number', name);
    });

    it('tells nothing of the KV cache: how full a slot is stands in /slots', async () => {
      assert.deepEqual(
        [...(await scrape()).keys()].filter((name) => /kv_cache/.test(name)),
        [],
      );
    });

    it('an answer’s tokens are in the counters once it has ended, cached ones apart', async () => {
      const { client } = connect(server.current.url);
      const before = (await client.metrics()).metrics;
      const { usage } = await client.chat(hello, [], { temperature: 0, maxTokens: 8 });
      const after = (await client.metrics()).metrics;
      const grown = (name: 'promptTokens' | 'promptTokensCached' | 'generatedTokens') =>
        (after[name] ?? 0) - (before[name] ?? 0);
      assert.deepEqual(
        [grown('promptTokens'), grown('promptTokensCached'), grown('generatedTokens')],
        [usage.promptTokens - usage.cachedTokens, usage.cachedTokens, 8],
      );
    });

    it('the two rate gauges are reset by every scrape, the counters by none', async () => {
      await connect(server.current.url).client.chat(hello, [], { maxTokens: 8 });
      const first = await scrape();
      const second = await scrape();
      for (const name of ['prompt_tokens_seconds', 'predicted_tokens_seconds']) {
        assert.ok((first.get(name) ?? 0) > 0, name);
        assert.equal(second.get(name), 0, `${name}, for the scraper that comes second`);
      }
      for (const name of COUNTERS) assert.equal(second.get(name), first.get(name), name);
    });

    it('slots that have served nothing tell only id, context and that they are idle', async () => {
      const fresh = await startServer({ args: ['-c', '512', '-np', '1'] });
      const { client } = connect(fresh.url);
      const [slot] = await client.slots();
      assert.deepEqual(Object.keys(slot ?? {}).sort(), ['id', 'is_processing', 'n_ctx', 'speculative']);
      await client.chat(hello, [], { maxTokens: 4 });
      const [used] = await client.slots();
      for (const name of ['id_task', 'n_prompt_tokens', 'n_prompt_tokens_cache', 'params', 'next_token'])
        assert.ok(name in (used ?? {}), name);
      assert.equal(used?.is_processing, false);
      await fresh.stop();
    });
  });

  it('counters begin at 0 with the server', async () => {
    const server = await startServer({ args: ['-c', '512', '--metrics'] });
    const { metrics } = await connect(server.url).client.metrics();
    assert.deepEqual([metrics.promptTokens, metrics.generatedTokens, metrics.decodeCalls], [0, 0, 0]);
    await server.stop();
  });

  describe('while an answer grows', () => {
    const server = shareServer({ args: [...ENDLESS, '-np', '1', '--metrics'] });

    it('its tokens are not counted yet, only the prompt’s; the slot tells live what was generated', async () => {
      const { client } = connect(server.current.url);
      const look = async () => {
        const [slot] = await client.slots();
        assert.ok(slot !== undefined);
        const { metrics } = await client.metrics();
        return {
          decoded: nextToken(slot)?.n_decoded ?? 0,
          held: slot.n_prompt_tokens ?? 0,
          processed: slot.n_prompt_tokens_processed ?? 0,
          counted: [metrics.generatedTokens, metrics.promptTokens],
        };
      };
      const leave = new AbortController();
      const answer = hear(connect(server.current.url).client, hello, { signal: leave.signal });
      await until('the first tokens', async () => (await look()).decoded > 10);
      const early = await look();
      await until('more tokens', async () => (await look()).decoded >= early.decoded + 50);
      const late = await look();
      assert.deepEqual(
        [early.counted, late.counted],
        [
          [0, early.processed],
          [0, early.processed],
        ],
      );
      // What the slot holds grows with the answer: adding what was generated would count it twice.
      // (Between two steps of the server either may be one ahead.)
      const apart = late.held - early.held - (late.decoded - early.decoded);
      assert.ok(Math.abs(apart) <= 1, `${apart} tokens apart`);
      assert.equal(late.processed, early.processed, 'the prompt’s own tokens');
      leave.abort();
      await answer;
      await until('the end in the counters', async () => {
        const { generatedTokens } = (await client.metrics()).metrics;
        return (generatedTokens ?? 0) >= late.decoded;
      });
    });

    it('requests_processing counts the answer while it lasts', async () => {
      const { client } = connect(server.current.url);
      const count = async () => (await client.metrics()).metrics.requestsProcessing;
      await until('rest', async () => (await count()) === 0);
      const leave = new AbortController();
      const answer = hear(connect(server.current.url).client, hello, { signal: leave.signal });
      await until('a request', async () => (await count()) === 1);
      leave.abort();
      await answer;
      await until('rest', async () => (await count()) === 0);
    });
  });
});
