import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { discoverServers } from '../../src/diagnose/discover.js';
import { findServerProcesses } from '../../src/server/processes.js';
import { startServer, tinyModel } from '../support/real-server.js';

describe('looking for the servers of this machine', () => {
  it('finds one that answers nothing, too: it is the one that is looked for at night', async () => {
    const server = await startServer({ args: ['-c', '512'] });
    server.pause();
    try {
      const open = ({ baseUrl = '' }) => new LlamaCppClient({ baseUrl, maxRetries: 0 });
      const found = await discoverServers(open, new AbortController().signal);
      assert.deepEqual(
        found.filter(({ url }) => url.endsWith(`:${server.port}`)),
        [{ url: `http://localhost:${server.port}`, kind: 'llama.cpp' }],
      );
    } finally {
      await server.stop();
    }
  });

  it('names a router, and none of the servers that it has started for its models', async () => {
    const models = dirname(await tinyModel());
    const router = await startServer({ model: null, args: ['--models-dir', models, '--models-max', '1'] });
    try {
      const client = new LlamaCppClient({ baseUrl: router.url });
      const tiny = (await client.models()).find(({ id }) => id.startsWith('tiny'));
      await client.chat([{ role: 'user', content: 'hi' }], [], { model: tiny?.id ?? '', maxTokens: 1 });
      await client.destroy();
      const children = (await findServerProcesses()).filter(({ routerPid }) => routerPid === router.pid);
      assert.ok(children.length > 0, 'it has started one');
      const open = ({ baseUrl = '' }) => new LlamaCppClient({ baseUrl, maxRetries: 0 });
      const found = (await discoverServers(open, new AbortController().signal)).map(({ url }) => url);
      assert.ok(found.includes(`http://localhost:${router.port}`));
      for (const port of children.flatMap(({ ports }) => ports))
        assert.ok(!found.includes(`http://localhost:${port}`), `${port} is the router's own`);
    } finally {
      await router.stop();
    }
  });
});
