import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { findFreePort, findPortHolder, requireFreePort, urlHost } from '../../src/server/port.js';
import { startServer } from '../support/real-server.js';

const again = (port: number) => `llamactl up --port ${port}`;

async function failure(promise: Promise<unknown>): Promise<LlamactlError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LlamactlError, `expected an error of ours, got ${error}`);
  return error;
}

describe('a port', () => {
  it('that is free is no problem', async () => {
    await requireFreePort('127.0.0.1', await findFreePort(), again);
  });

  it('that a llama-server has: says so, names the process, and offers to use it', async () => {
    const server = await startServer({ args: ['-c', '512'] });
    try {
      const error = await failure(requireFreePort('127.0.0.1', server.port, again));
      assert.equal(error.code, 'server.port-in-use');
      assert.equal(error.details['pid'], server.pid);
      assert.match(error.message, new RegExp(`port ${server.port} is taken: .*process ${server.pid}`));
      assert.match(error.evidence.join('\n'), /answers as a llama-server/);
      assert.ok(error.suggestions.includes(`llamactl health --url ${server.url}`));
      assert.ok(error.suggestions.includes(again(server.port + 1)));
      assert.ok(error.suggestions.includes(`kill ${server.pid}`));
    } finally {
      await server.stop();
    }
  });

  it('that another program has is not taken for a llama-server', async () => {
    const other = createServer((_, response) => response.writeHead(200).end('<html>hi</html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const holder = await findPortHolder(port);
      assert.equal(holder?.pid, process.pid);
      const error = await failure(requireFreePort('127.0.0.1', port, again));
      assert.equal(error.details['isLlamaServer'], false);
      assert.doesNotMatch(error.suggestions.join('\n'), /llamactl health/);
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it('whose holder was given a key: the key is not shown', async () => {
    const server = await startServer({ args: ['-c', '512', '--api-key', 'sk-secret-5512'] });
    try {
      const holder = await findPortHolder(server.port);
      assert.match(holder?.commandLine ?? '', /--api-key \*\*\*/);
      const error = await failure(requireFreePort('127.0.0.1', server.port, again));
      assert.doesNotMatch(JSON.stringify(error), /sk-secret/);
    } finally {
      await server.stop();
    }
  });

  it('nobody listens on has no holder', async () => {
    assert.equal(await findPortHolder(await findFreePort()), null);
  });

  it('on an address of another machine: exit 2', async () => {
    const error = await failure(requireFreePort('192.0.2.1', 8080, again));
    assert.equal(error.exit, 2);
    assert.match(error.message, /192\.0\.2\.1/);
  });

  it('is reached by loopback where all addresses are listened on', () => {
    assert.deepEqual(['0.0.0.0', '::', '::1', 'gpu1'].map(urlHost), ['127.0.0.1', '[::1]', '[::1]', 'gpu1']);
  });
});
