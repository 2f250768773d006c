import assert from 'node:assert/strict';
import type { LlamaCppClient } from '../../src/client/llama-client.js';
import { checkHealth } from '../../src/services/health.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, assertOnBuild, hello, until, useClients } from './support.js';

const args = ['-c', '512', '-np', '1', '--metrics', '--alias', 'tiny', '--sleep-idle-seconds', '1'];

describe('a real llama-server that sleeps', () => {
  const server = shareServer({ args });
  const connect = useClients();
  let watcher: LlamaCppClient;
  const isAsleep = async () => (await watcher.props()).is_sleeping;

  beforeEach('asleep', async () => {
    watcher = connect(server.current.url).client;
    await until('sleep', async () => (await isAsleep()) === true);
  });

  it('health says asleep, and ready: the next request wakes it', async () => {
    const { report, error } = await checkHealth(connect(server.current.url).client);
    assert.deepEqual([report.status, report.ready, error], ['asleep', true, null]);
  });

  for (const path of ['/health', '/v1/health', '/props', '/v1/models', '/models']) {
    it(`GET ${path} answers 200 and lets it sleep`, async () => {
      const { status } = await connect(server.current.url).client.request({ method: 'GET', path });
      assert.equal(status, 200);
      assert.equal(await isAsleep(), true);
    });
  }

  it('GET /metrics answers 200; whether it wakes the model depends on the build', async () => {
    const { metrics } = await connect(server.current.url).client.metrics();
    assert.equal(metrics.requestsProcessing, 0);
    assertOnBuild(await isAsleep(), { 'v0.6.0': true, 'v0.1.0': false });
  });

  it('the client initializes, context size and all, and lets it sleep', async () => {
    const { client } = connect(server.current.url);
    await client.initialize();
    assert.deepEqual([client.getCurrentModel(), client.getContextSize()], ['tiny', 512]);
    assert.equal(await isAsleep(), true);
  });

  for (const path of ['/slots', '/lora-adapters']) {
    it(`GET ${path} wakes it`, async () => {
      await connect(server.current.url).client.request({ method: 'GET', path });
      assert.equal(await isAsleep(), false);
    });
  }

  it('a chat wakes it and is answered', async () => {
    const { client, steps } = connect(server.current.url);
    assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    assert.equal(await isAsleep(), false);
    assert.deepEqual(steps, [], 'nothing for the user to wait for');
  });
});
