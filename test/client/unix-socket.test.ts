import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ExchangeRecord } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { checkHealth } from '../../src/services/health.js';
import { cli } from '../support/cli.js';
import { serverBinary, tinyModel } from '../support/real-server.js';
import { noteRealServer } from '../support/real-server-count.js';

const KEY = 'sk-socket-key';

describe('a server on a unix socket', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-socket-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function withServer(
    name: string,
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    use: (client: LlamaCppClient) => Promise<void>,
  ): Promise<void> {
    const path = join(folder, name);
    const server = createServer(answer).listen(path);
    await once(server, 'listening');
    // A proxy cannot reach a socket of this machine.
    const env = { HTTP_PROXY: 'http://127.0.0.1:9' };
    const client = new LlamaCppClient({ baseUrl: `unix:${path}`, apiKey: KEY, maxRetries: 0, env });
    try {
      await use(client);
    } finally {
      await client.destroy();
      server.close();
      server.closeAllConnections();
    }
  }

  it('is asked over HTTP, with the key, past any proxy', async () => {
    const asked: (string | undefined)[] = [];
    await withServer(
      'plain.sock',
      (request, response) => {
        asked.push(
          `${request.method} ${request.url} ${request.headers.host} ${request.headers.authorization}`,
        );
        response.writeHead(200, { server: 'llama.cpp' }).end('{"status":"ok"}');
      },
      async (client) => {
        const records: ExchangeRecord[] = [];
        client.on('exchange', (record) => records.push(record));
        assert.deepEqual(await client.health(), { status: 'ok' });
        assert.deepEqual(asked, [`GET /health localhost Bearer ${KEY}`]);
        assert.deepEqual(
          records.map(({ url, status }) => [url, status]),
          [[`unix:${join(folder, 'plain.sock')}:/health`, 200]],
        );
      },
    );
  });

  it('does not answer for the host that a redirect names', async () => {
    const asked: (string | undefined)[] = [];
    await withServer(
      'redirect.sock',
      (request, response) => {
        asked.push(request.url);
        response.writeHead(307, { location: 'http://elsewhere.example/health' }).end();
      },
      async (client) => {
        await assert.rejects(client.health(), LlamactlError);
        assert.deepEqual(asked, ['/health']);
      },
    );
  });

  it('that is not there is named, with the command that starts one', async () => {
    const path = join(folder, 'nowhere.sock');
    const client = new LlamaCppClient({ baseUrl: `unix:${path}`, maxRetries: 0 });
    await assert.rejects(client.health(), (error: unknown) => {
      assert.ok(error instanceof LlamactlError);
      assert.equal(error.code, 'connection.refused');
      assert.equal(error.message, `nothing listens on unix:${path}`);
      assert.ok(error.suggestions.includes(`llama-server -m MODEL --host ${path}`));
      assert.ok(error.suggestions.includes(`curl --unix-socket ${path} http://localhost/health`));
      return true;
    });
    await client.destroy();
  });

  describe('of llama.cpp', () => {
    let child: ChildProcess;
    let client: LlamaCppClient;
    before(async () => {
      noteRealServer();
      const path = join(folder, 'llama.sock');
      const args = ['-m', await tinyModel(), '--host', path, '--api-key', KEY, '-c', '2048', '-np', '1'];
      child = spawn(serverBinary(), args, {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
        stdio: 'ignore',
      });
      client = new LlamaCppClient({ baseUrl: `unix:${path}`, apiKey: KEY, timeout: 20_000 });
      while (!(await checkHealth(client)).report.ready) await sleep(50);
    });
    after(async () => {
      await client.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    });

    it('streams an answer', async () => {
      let content = '';
      for await (const event of client.chatStream([{ role: 'user', content: 'Hi' }], [], {
        maxTokens: 8,
        temperature: 0,
      }))
        if (event.type === 'content') content += event.text;
      assert.ok(content.length > 0);
    });

    it('is diagnosed, its socket in place of host and port', async () => {
      const { json, code } = await cli(['diagnose', '--url', client.baseUrl, '--api-key', KEY, '--json'], {
        env: { HTTP_PROXY: 'http://127.0.0.1:9' },
      });
      assert.equal(code, 0, JSON.stringify(json.findings));
      assert.equal(json.rootCause, null);
      assert.deepEqual(json.facts.dns.value.addresses, [join(folder, 'llama.sock')]);
      assert.equal(json.facts.tcp.state, 'known');
    });
  });
});
