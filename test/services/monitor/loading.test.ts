import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { LlamaCppClient } from '../../../src/client/llama-client.js';
import { Looker } from '../../../src/services/monitor/look.js';
import { type CannedServer, cannedServer, LLAMA_HEADERS } from '../../support/canned-server.js';

describe('a model that a router loads', () => {
  let router: CannedServer;
  let status = 'loading';
  let listener: ServerResponse | undefined;
  before(async () => {
    router = await cannedServer(
      {
        'GET /health': { body: { status: 'ok' } },
        'GET /props': { body: { role: 'router', build_info: 'b1' } },
        'GET /v1/models': (_, response) =>
          void response
            .writeHead(200, { 'content-type': 'application/json', ...LLAMA_HEADERS })
            .end(JSON.stringify({ data: [{ id: 'alpha', status: { value: status } }] })),
        'GET /models/sse': (_, response) => {
          listener = response;
          response.writeHead(200, { 'content-type': 'text/event-stream', ...LLAMA_HEADERS });
          const progress = { stages: ['text_model', 'mmproj'], current: 'text_model', value: 0.5 };
          const event = { model: 'alpha', event: 'status_change', data: { status: 'loading', progress } };
          response.write(`data: ${JSON.stringify(event)}\n\n`);
        },
      },
      LLAMA_HEADERS,
    );
  });
  after(() => router.stop());

  it('is no row where another one is asked for', async () => {
    const client = new LlamaCppClient({ baseUrl: router.url });
    const looker = new Looker({ client, target: 'router', model: 'beta' });
    const samples = await looker.look(new AbortController().signal);
    assert.deepEqual(
      samples.map(({ isRouter, model }) => [isRouter, model]),
      [[true, null]],
    );
    assert.ok(!router.requests.some(({ line }) => line.includes('/models/sse')), 'nobody listens');
    await client.destroy();
  });

  it('has its progress, and is listened to only while it loads', async () => {
    const client = new LlamaCppClient({ baseUrl: router.url });
    const looker = new Looker({ client, target: 'router' });
    const look = async () =>
      (await looker.look(new AbortController().signal)).find(({ model }) => model === 'alpha');
    const until = async (wanted: () => Promise<boolean> | boolean) => {
      for (let tries = 0; tries < 200 && !(await wanted()); tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
    };
    try {
      await until(async () => (await look())?.loading === 0.25);
      const loading = await look();
      assert.deepEqual([loading?.state, loading?.loading], ['loading', 0.25]);
      assert.equal(router.requests.filter(({ line }) => line.includes('/models/sse')).length, 1);
      status = 'unloaded';
      assert.equal((await look())?.loading, null);
      await until(() => listener?.destroyed === true || listener?.closed === true);
      assert.ok(listener?.closed, 'nobody listens any more');
    } finally {
      await client.destroy();
    }
  });
});
