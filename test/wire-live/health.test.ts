import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkHealth, waitForHealth } from '../../src/services/health.js';
import { cannedServer } from '../support/canned-server.js';
import { freePort, serverBinary, shareServer, startServer } from '../support/real-server.js';
import { noteRealServer } from '../support/real-server-count.js';
import { ANSWER, createPipe, failureOf, hello, until, useClients, useFolder } from './support.js';

describe('health on a real llama-server', () => {
  const connect = useClients();
  const folder = useFolder();

  it('nothing listens: refused, exit 10, with what starts a server', async () => {
    const port = await freePort();
    const error = await failureOf(connect(`http://127.0.0.1:${port}`).client.health());
    assert.equal(error.code, 'connection.refused');
    assert.equal(error.exit, 10);
    assert.equal(error.message, `nothing listens on 127.0.0.1:${port}`);
    assert.match(error.suggestions.join('\n'), /llama-server/);
  });

  it('still downloading its model: refused, as if it were not there', async () => {
    const mirror = await cannedServer({
      '*': (request, response) => {
        response.writeHead(200, { 'content-length': '2000000', etag: '"1"' });
        if (request.method === 'HEAD') response.end();
        else response.write('GGUF');
      },
    });
    const server = await startServer({
      until: 'started',
      model: join(folder.path, 'downloaded.gguf'),
      args: ['--model-url', `${mirror.url}/model.gguf`],
    });
    await until('the download', () => mirror.requests.some(({ line }) => line.startsWith('GET')));
    const { report } = await checkHealth(connect(server.url).client);
    assert.deepEqual([report.status, report.error?.code], ['unreachable', 'connection.refused']);
    await server.stop();
    await mirror.stop();
  });

  it('without --port it takes 8080 and prints that a later release moves to 9931', async () => {
    noteRealServer();
    const child = spawn(serverBinary(), ['--host', '127.0.0.2'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
    // Where something else holds the port it says which it wanted, too.
    await until('the port in its log', () => /:8080|port: 8080/.test(log) || child.exitCode !== null);
    if (!/couldn't bind/.test(log)) await until('the notice', () => /changed to :9931/.test(log));
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    assert.match(log, /8080/);
  });

  describe('ready', () => {
    const server = shareServer({ args: ['-c', '512', '--alias', 'tiny'] });

    it('/health and /v1/health answer 200 with status ok', async () => {
      const { client } = connect(server.current.url);
      assert.deepEqual(await client.health(), { status: 'ok' });
      const { status, body } = await client.request({ method: 'GET', path: '/v1/health' });
      assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok' }]);
    });

    it('health says ready, that it is llama.cpp, and which build', async () => {
      const { report, error } = await checkHealth(connect(server.current.url).client);
      assert.equal(error, null);
      assert.deepEqual([report.status, report.ready, report.server.kind], ['ready', true, 'llama.cpp']);
      assert.match(report.server.build ?? '', /^b\d+-/);
    });

    it('the client is ready to chat after initialize', async () => {
      const { client } = connect(server.current.url);
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'tiny');
      assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    });
  });

  describe('ready, with a path prefix and an API key', () => {
    const server = shareServer({
      args: ['-c', '512', '--api-prefix', '/x', '--api-key', 'sk-right'],
      prefix: '/x',
    });

    it('/health without the prefix is not found', async () => {
      const error = await failureOf(connect(server.current.url).client.health());
      assert.equal(error.code, 'connection.wrong-path');
      assert.equal(error.details['status'], 404);
    });

    it('/x/health is not public, as /health is: 401 without the key', async () => {
      const error = await failureOf(connect(`${server.current.url}/x`).client.health());
      assert.equal(error.code, 'auth.missing-key');
      assert.equal(error.details['status'], 401);
    });

    it('with prefix and key everything works, whatever stands behind the prefix', async () => {
      for (const suffix of ['', '/', '/v1', '/v1/']) {
        const { client } = connect(`${server.current.url}/x${suffix}`, { apiKey: 'sk-right' });
        assert.equal((await checkHealth(client)).report.status, 'ready', suffix);
        assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
      }
    });
  });
});

describe('a real llama-server that loads its model', () => {
  const connect = useClients();
  const folder = useFolder();

  describe('for as long as we like', () => {
    // An adapter that is a pipe: the server waits for its first byte.
    let server: Awaited<ReturnType<typeof startServer>>;

    before(async () => {
      const pipe = createPipe(folder.path, 'adapter.gguf');
      server = await startServer({ until: 'started', args: ['--lora', pipe, '--api-key', 'sk-right'] });
      const { client } = connect(server.url);
      await until('an answer', async () => (await failureOf(client.health())).code === 'server.loading');
    });

    after(() => server.stop());

    it('every endpoint says 503 "Loading model", before it asks for a key or knows the path', async () => {
      const { client } = connect(server.url);
      for (const path of ['/health', '/props', '/v1/models', '/slots', '/metrics', '/no/such/path']) {
        const error = await failureOf(client.request({ method: 'GET', path }));
        assert.equal(error.code, 'server.loading', path);
        assert.match(error.evidence.join(), /→ 503 "Loading model"/);
      }
      const error = await failureOf(client.chat(hello));
      assert.deepEqual([error.type, error.code, error.exit], ['SERVER_OVERLOADED', 'server.loading', 14]);
    });

    it('the 503 comes without Retry-After', async () => {
      const { client, exchanges } = connect(server.url);
      await failureOf(client.health());
      assert.equal(exchanges[0]?.status, 503);
      assert.equal('retry-after' in (exchanges[0]?.responseHeaders ?? {}), false);
    });

    it('health says loading, and that a wrong key will not be seen before it is ready', async () => {
      const { report, error } = await checkHealth(connect(server.url, { apiKey: 'sk-wrong' }).client);
      assert.deepEqual([report.status, report.ready, error?.exit], ['loading', false, 14]);
      assert.equal(report.error?.code, 'server.loading');
    });

    it('health --wait gives up at its deadline and says loading', async () => {
      const seen: string[] = [];
      const { report } = await waitForHealth(connect(server.url).client, {
        deadlineMs: 400,
        signal: new AbortController().signal,
        onLook: ({ status }) => seen.push(status),
      });
      assert.equal(report.status, 'loading');
      assert.ok(seen.length > 0 && seen.every((status) => status === 'loading'), seen.join());
    });

    it('a chat waits up to its deadline, tells that it waits, and fails as loading', async () => {
      const { client, steps } = connect(server.url, { maxRetries: 3, timeout: 500 });
      const error = await failureOf(client.chat(hello));
      assert.equal(error.code, 'server.loading');
      assert.deepEqual(
        steps.map(({ action }) => action),
        ['wait-for-loading'],
        'told once',
      );
    });
  });

  it('a chat asked while it loads is answered once it is ready', async () => {
    // Clearing 256 MB of cache takes some hundred milliseconds.
    const server = await startServer({ until: 'started', args: ['-c', '2000000', '-np', '1'] });
    const { client, steps } = connect(server.url, { maxRetries: 3 });
    const probe = connect(server.url).client;
    await until('loading', async () => (await failureOf(probe.health())).code === 'server.loading');
    assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    assert.deepEqual(
      steps.map(({ action, code }) => [action, code]),
      [['wait-for-loading', 'server.loading']],
    );
    await server.stop();
  });

  it('health --wait reaches across a server that is not there yet, then loads, then is ready', async () => {
    const port = await freePort();
    const seen = new Set<string>();
    const waiting = waitForHealth(connect(`http://127.0.0.1:${port}`).client, {
      deadlineMs: 20_000,
      signal: new AbortController().signal,
      onLook: ({ status }) => seen.add(status),
    });
    await until('a look', () => seen.has('unreachable'));
    const server = await startServer({ port, args: ['-c', '512'] });
    assert.equal((await waiting).report.status, 'ready');
    await server.stop();
  });

  it('a model that does not load: the server is gone, and health says refused', async () => {
    const server = await startServer({ until: 'started', model: join(folder.path, 'nowhere.gguf') });
    await until('its end', () => server.child.exitCode !== null);
    assert.equal(server.child.exitCode, 1);
    assert.equal((await failureOf(connect(server.url).client.health())).code, 'connection.refused');
  });
});
