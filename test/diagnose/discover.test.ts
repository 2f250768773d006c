import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { discoverServers } from '../../src/diagnose/discover.js';
import { startServer } from '../support/real-server.js';

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
});
