import assert from 'node:assert/strict';
import { createServer as createHttpsServer } from 'node:https';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientOptions } from '../../src/client/types.js';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { cli } from '../support/cli.js';
import { forwardProxy } from '../support/forward-proxy.js';
import { listening, type RawServer } from '../support/raw-server.js';
import { shareServer } from '../support/real-server.js';

describe('a client behind a proxy', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '1'] });
  let proxy: Awaited<ReturnType<typeof forwardProxy>>;
  let client: LlamaCppClient;

  const through = (more: ClientOptions = {}, login = '') => {
    client = new LlamaCppClient({
      baseUrl: 'http://gpu1.invalid:8080/',
      env: { HTTP_PROXY: proxy.url.replace('//', `//${login}`) },
      ...more,
    });
    return client;
  };

  beforeEach(async () => {
    proxy = await forwardProxy(server.current.url);
  });

  afterEach(async () => {
    await client.destroy();
    await proxy.stop();
  });

  it('asks for the whole URL of a server that speaks http, whose name only the proxy knows', async () => {
    assert.deepEqual(await through().health(), { status: 'ok' });
    assert.deepEqual(proxy.asked, [
      { line: 'GET http://gpu1.invalid:8080/health', host: 'gpu1.invalid:8080', login: undefined },
    ]);
  });

  it('shows the proxy the login that its URL carries, and the server nothing of it', async () => {
    await through({}, 'me:p%40ss@').health();
    assert.equal(proxy.asked[0]?.login, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('streams a chat', async () => {
    let content = '';
    for await (const event of through().chatStream([{ role: 'user', content: 'Hello' }], [], {
      temperature: 0,
    })) {
      if (event.type === 'content') content += event.text;
    }
    assert.match(content, /^ ?The server is ready/);
  });

  it('goes past it where NO_PROXY says so, and to loopback always', async () => {
    const { port } = server.current;
    for (const baseUrl of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      await through({ baseUrl }).health();
      await client.destroy();
    }
    assert.deepEqual(proxy.asked, []);
    await assert.rejects(
      through({ env: { HTTP_PROXY: proxy.url, NO_PROXY: '.invalid' }, maxRetries: 0 }).health(),
      {
        code: 'connection.dns',
      },
    );
    assert.deepEqual(proxy.asked, []);
  });

  // The program's bundle has less of undici than the tests, which import it whole.
  it('works in the built program as well', async () => {
    const { json } = await cli(['health', '--url', 'http://gpu1.invalid:8080', '--json'], {
      env: { HTTP_PROXY: proxy.url },
    });
    assert.equal(json.status, 'ready', JSON.stringify(json));
    through();
  });
});

describe('a client behind a proxy, whose server speaks https', () => {
  let certificates: Certificates;
  let server: RawServer;
  let proxy: Awaited<ReturnType<typeof forwardProxy>>;
  const names: (string | boolean | null)[] = [];

  before(async () => {
    certificates = makeCertificates();
    const https = createHttpsServer(certificates.wrongName, (_request, response) =>
      response.end('{"status":"ok"}'),
    );
    https.on('secureConnection', ({ servername }) => names.push(servername));
    server = await listening(https);
    proxy = await forwardProxy(server.url);
  });

  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  for (const [name, url] of [
    ['by its own port', 'https://gpu1.example.com:8443'],
    ['by the usual port', 'https://gpu1.example.com'],
  ] as const) {
    it(`speaks to it ${name} through a tunnel, and holds its certificate against its name`, async () => {
      const env = { HTTPS_PROXY: proxy.url };
      const client = new LlamaCppClient({ baseUrl: url, env, caCert: certificates.authority.certFile });
      assert.deepEqual(await client.health(), { status: 'ok' });
      assert.equal(proxy.asked.at(-1)?.line, `CONNECT gpu1.example.com:${new URL(url).port || 443}`);
      assert.equal(names.at(-1), 'gpu1.example.com');
      await client.destroy();
    });
  }

  it('trusts no certificate more for the proxy', async () => {
    const client = new LlamaCppClient({
      baseUrl: 'https://gpu2.example.com',
      env: { HTTPS_PROXY: proxy.url },
      caCert: certificates.authority.certFile,
      maxRetries: 0,
    });
    await assert.rejects(client.health(), {
      code: 'connection.tls-untrusted',
      message: /gpu1\.example\.com/,
    });
    await client.destroy();
  });
});
