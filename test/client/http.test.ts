import assert from 'node:assert/strict';
import { once } from 'node:events';
import { HttpTransport } from '../../src/client/http.js';
import type { HttpTransportOptions } from '../../src/client/http-types.js';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { createDispatcher, POOL_DEFAULTS } from '../../src/client/pool.js';
import { TransportError } from '../../src/client/transport-error.js';
import type { ClientOptions } from '../../src/client/types.js';
import { type CannedServer, cannedServer, type Route } from '../support/canned-server.js';

const OK: Route = { body: { status: 'ok' } };
const to = (location: string, status = 302): Route => ({ status, headers: { location } });

describe('HTTP', () => {
  const servers: CannedServer[] = [];
  const clients: LlamaCppClient[] = [];
  const transports: HttpTransport[] = [];

  const serve = async (routes: Readonly<Record<string, Route>>) => {
    const server = await cannedServer(routes);
    servers.push(server);
    return server;
  };
  const clientOf = (baseUrl: string, options: ClientOptions = {}) => {
    const client = new LlamaCppClient({ baseUrl, maxRetries: 0, ...options });
    clients.push(client);
    return client;
  };
  const transportOf = (baseUrl: string, options: Partial<HttpTransportOptions> = {}) => {
    const transport = new HttpTransport({
      baseUrl,
      dispatcher: () => createDispatcher({ baseUrl, pool: POOL_DEFAULTS, env: {} }),
      maxConnections: POOL_DEFAULTS.maxConnections,
      connectionTimeout: POOL_DEFAULTS.connectionTimeout,
      ...options,
    });
    transports.push(transport);
    return transport;
  };

  afterEach(async () => {
    await Promise.all([...clients.splice(0), ...transports.splice(0)].map((each) => each.destroy()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  describe('a redirect', () => {
    it('is followed for what is only read, and the key goes to no other origin', async () => {
      const other = await serve({ 'GET /health': OK });
      const first = await serve({ 'GET /health': to(`${other.url}/health`) });
      assert.deepEqual(await clientOf(first.url, { apiKey: 'sk-secret' }).health(), { status: 'ok' });
      assert.equal(first.requests[0]?.headers['authorization'], 'Bearer sk-secret');
      assert.equal(other.requests.length, 1);
      assert.equal(other.requests[0]?.headers['authorization'], undefined);
    });

    it('keeps the key within its origin', async () => {
      const server = await serve({ 'GET /health': to('/new/health', 308), 'GET /new/health': OK });
      await clientOf(server.url, { apiKey: 'sk-secret' }).health();
      assert.equal(server.requests[1]?.headers['authorization'], 'Bearer sk-secret');
    });

    it('gives the key back to the first origin, and to it alone', async () => {
      const first: CannedServer = await serve({
        'GET /health': (_request, response) =>
          void response.writeHead(302, { location: `${other.url}/health` }).end(),
        'GET /back': OK,
      });
      const other = await serve({ 'GET /health': to(`${first.url}/back`) });
      await clientOf(first.url, { apiKey: 'sk-secret' }).health();
      assert.equal(other.requests[0]?.headers['authorization'], undefined);
      assert.equal(first.requests[1]?.headers['authorization'], 'Bearer sk-secret');
    });

    it('hands no prompt to a host that nobody named', async () => {
      const other = await serve({ '*': OK });
      for (const status of [301, 302, 303, 307, 308]) {
        const first = await serve({ '*': to(`${other.url}/completion`, status) });
        await assert.rejects(clientOf(first.url).completion({ prompt: 'Hello' }), {
          code: 'connection.wrong-path',
          message: new RegExp(`redirected to ${other.url}`),
        });
      }
      assert.deepEqual(other.requests, []);
    });

    it('repeats a prompt within its origin where the status says so, and never turns it into a GET', async () => {
      const moved = await serve({
        'POST /completion': to('/llm/completion', 307),
        'POST /llm/completion': { body: { content: 'Hi' } },
      });
      assert.equal((await clientOf(moved.url).completion({ prompt: 'Hello' })).content, 'Hi');
      assert.deepEqual(JSON.parse(moved.requests[1]?.body ?? ''), { prompt: 'Hello' });
      const found = await serve({ 'POST /completion': to('/llm/completion', 302) });
      await assert.rejects(clientOf(found.url).completion({ prompt: 'Hello' }), {
        code: 'connection.wrong-path',
      });
      assert.equal(found.requests.length, 1);
    });

    it('is no way round in circles', async () => {
      const server = await serve({ '*': to('/health') });
      await assert.rejects(clientOf(server.url).health(), { code: 'connection.wrong-path' });
      assert.equal(server.requests.length, 6, 'the first, and five more');
    });

    it('to nowhere, or to what is no URL, is the answer', async () => {
      for (const route of [{ status: 302 }, to('http://:99999:/')] as const) {
        const server = await serve({ '*': route });
        await assert.rejects(clientOf(server.url).health(), { code: 'connection.wrong-path' });
      }
    });

    it('that ends at a dead host tells which', async () => {
      const dead = await serve({});
      await dead.stop();
      servers.pop();
      const first = await serve({ '*': to(`${dead.url}/health`) });
      await assert.rejects(clientOf(first.url).health(), {
        code: 'connection.refused',
        message: new RegExp(`nothing listens on ${new URL(dead.url).host}`),
      });
    });

    it('of a stream is not followed', async () => {
      const other = await serve({ '*': OK });
      const first = await serve({ '*': to(`${other.url}/v1/chat/completions`, 307) });
      await assert.rejects(
        clientOf(first.url)
          .chatStream([{ role: 'user', content: 'Hello' }])
          .next(),
        {
          code: 'connection.wrong-path',
        },
      );
      assert.deepEqual(other.requests, []);
    });
  });

  describe('an answer', () => {
    it('has its repeated headers joined, their names in small letters', async () => {
      const server = await serve({
        '*': (_request, response) =>
          void response.writeHead(200, { 'X-Many': ['a', 'b'], 'X-One': 'C' }).end('x'),
      });
      const response = await transportOf(server.url).request({ method: 'GET', path: '/', timeoutMs: 5000 });
      assert.equal(response.headers['x-many'], 'a, b');
      assert.equal(response.headers['x-one'], 'C');
      assert.equal(response.body, 'x');
      assert.ok(response.durationMs > 0);
    });

    it('of any status is one', async () => {
      for (const status of [204, 404, 503]) {
        const server = await serve({ '*': { status } });
        const response = await transportOf(server.url).request({ method: 'GET', path: '/', timeoutMs: 5000 });
        assert.equal(response.status, status);
      }
    });

    it('keeps the prefix of the base URL', async () => {
      const server = await serve({ 'GET /llm/health': OK });
      await clientOf(`${server.url}/llm/v1/`).health();
      assert.equal(server.requests[0]?.line, 'GET /llm/health');
    });

    it('that is too long is given up: as soon as it says so, or as it comes', async () => {
      let left: Promise<unknown> = Promise.resolve();
      const server = await serve({
        'GET /says': (_request, response) => {
          left = once(response, 'close');
          response.writeHead(200, { 'content-length': String(2 ** 40) });
          response.write('x');
        },
        'GET /sends': (_request, response) => {
          left = once(response, 'close');
          response.writeHead(200);
          const more = () =>
            void (
              response.destroyed ||
              (response.write('x'.repeat(1000)) ? setImmediate(more) : response.once('drain', more))
            );
          more();
        },
      });
      const transport = transportOf(server.url, { largestBody: 100_000 });
      for (const path of ['/says', '/sends']) {
        const error = await transport
          .request({ method: 'GET', path, timeoutMs: 20_000 })
          .catch((thrown: unknown) => thrown);
        assert.ok(error instanceof TransportError);
        assert.match(error.message, /larger than/);
        await left;
      }
      const big = await serve({
        'GET /health': (_request, response) => {
          response.writeHead(200, { 'content-length': String(2 ** 40) });
          response.write('x');
        },
      });
      await assert.rejects(clientOf(big.url).health(), {
        code: 'connection.wrong-server',
        message: /is no llama-server: its answer is larger than 256 MiB$/,
      });
    });
  });

  describe('an abort', () => {
    it('before it is sent sends nothing', async () => {
      const server = await serve({ '*': OK });
      await assert.rejects(clientOf(server.url).health({ signal: AbortSignal.abort() }), {
        type: 'INTERRUPTED',
        exit: 130,
      });
      await assert.rejects(clientOf(server.url, { signal: AbortSignal.abort() }).health(), {
        type: 'INTERRUPTED',
      });
      assert.deepEqual(server.requests, []);
    });

    for (const [name, begin] of [
      ['before the head', () => {}],
      [
        'in the body',
        (response: import('node:http').ServerResponse) => {
          response.writeHead(200, { 'content-length': '100' });
          response.write('{"status":');
        },
      ],
    ] as const) {
      for (const whose of ['the call', 'the client']) {
        it(`of ${whose} ends a request ${name}, at the server too`, async () => {
          const controller = new AbortController();
          let gone: Promise<unknown> = Promise.resolve();
          const server = await serve({
            '*': (_request, response) => {
              gone = once(response, 'close');
              begin(response);
              setTimeout(() => controller.abort(), 20);
            },
          });
          const { signal } = controller;
          const asked =
            whose === 'the call'
              ? clientOf(server.url).health({ signal })
              : clientOf(server.url, { signal }).health();
          await assert.rejects(asked, { type: 'INTERRUPTED', code: 'interrupted' });
          await gone;
          assert.equal(server.requests.length, 1);
        });
      }
    }

    it('leaves no listener behind, however many requests a signal has seen', async () => {
      const server = await serve({ '*': OK });
      const { signal } = new AbortController();
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
        listeners++;
        addEventListener.apply(signal, given);
      };
      signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
        listeners--;
        removeEventListener.apply(signal, given);
      };
      const client = clientOf(server.url);
      for (let i = 0; i < 20; i++) await client.health({ signal });
      assert.equal(listeners, 0);
    });
  });

  it('warns nobody of the listeners of many requests at once', async () => {
    const server = await serve({ '*': OK });
    const { signal } = new AbortController();
    const client = clientOf(server.url, { signal, pool: { maxConnections: 30 } });
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    await Promise.all(
      Array.from({ length: 30 }, () => client.health({ signal: new AbortController().signal })),
    );
    await Promise.all(Array.from({ length: 30 }, () => client.health({ signal })));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    assert.deepEqual(warnings, []);
  });

  describe('a pool', () => {
    it('tells who waits for a connection, and lets each have its turn', async () => {
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const server = await serve({
        '*': async (_request, response) => {
          await held;
          response.end('{"status":"ok"}');
        },
      });
      const client = clientOf(server.url, { pool: { maxConnections: 2 } });
      const told: [number, number][] = [];
      client.on('waiting', ({ pending, connections }) => told.push([pending, connections]));
      const all = Promise.all(Array.from({ length: 4 }, () => client.health()));
      while (told.length < 2) await new Promise((resolve) => setImmediate(resolve));
      release();
      assert.equal((await all).length, 4);
      assert.deepEqual(told, [
        [1, 2],
        [2, 2],
      ]);
    });

    it('fails what waits too long, and goes on with the rest', async () => {
      const server = await serve({ 'GET /props': () => {}, 'GET /health': OK });
      const client = clientOf(server.url, { pool: { maxConnections: 1, connectionTimeout: 150 } });
      const controller = new AbortController();
      const stuck = client
        .props({ signal: controller.signal })
        .catch((error: { type: string }) => error.type);
      await assert.rejects(client.health(), {
        type: 'TIMEOUT_ERROR',
        message: /all 1 connections were in use for 150 ms/,
      });
      controller.abort();
      assert.equal(await stuck, 'INTERRUPTED');
      assert.deepEqual(await client.health(), { status: 'ok' });
    });

    it('closes when what is under way has ended; destroyed, it ends it', async () => {
      const slow: Route = (_request, response) => void setTimeout(() => response.end('{"status":"ok"}'), 100);
      const server = await serve({ 'GET /health': slow, 'GET /props': () => {} });
      const patient = clientOf(server.url);
      const asked = patient.health();
      while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await patient.close();
      assert.deepEqual(await asked, { status: 'ok' });
      const abrupt = clientOf(server.url);
      const stuck = assert.rejects(abrupt.props(), { type: 'INTERRUPTED' });
      while (server.requests.length === 1) await new Promise((resolve) => setImmediate(resolve));
      await abrupt.destroy();
      await stuck;
    });

    it('can be closed before it was used, and twice', async () => {
      const client = clientOf('http://127.0.0.1:1');
      await client.close();
      await client.destroy();
      await client.destroy();
    });
  });
});
