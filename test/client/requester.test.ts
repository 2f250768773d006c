import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Emitter } from '../../src/client/emitter.js';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { Requester } from '../../src/client/requester.js';
import type { ClientOptions, RecoveryStep } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import {
  type Canned,
  type CannedServer,
  cannedServer,
  LLAMA_HEADERS,
  type Route,
} from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { shareServer } from '../support/real-server.js';

const OK: Canned = { body: { status: 'ok' } };
const LOADING: Canned = {
  status: 503,
  body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
};

/** Answers with each of these in turn, then with the last again. */
function inTurn(...answers: readonly Canned[]): Route {
  let asked = 0;
  return (_request, response) => {
    const { status = 200, headers, body } = answers[Math.min(asked++, answers.length - 1)] ?? {};
    response.writeHead(status, { 'content-type': 'application/json', ...LLAMA_HEADERS, ...headers });
    response.end(JSON.stringify(body ?? {}));
  };
}

describe('requests', () => {
  const clients: LlamaCppClient[] = [];
  const servers: CannedServer[] = [];
  let steps: RecoveryStep[];

  const clientOf = (baseUrl: string, options: ClientOptions = {}) => {
    const client = new LlamaCppClient({ baseUrl, ...options });
    client.on('recovery', (step) => steps.push(step));
    clients.push(client);
    return client;
  };
  const serve = async (routes: Readonly<Record<string, Route>>) => {
    const server = await cannedServer(routes, LLAMA_HEADERS);
    servers.push(server);
    return server;
  };
  const failure = async (asked: Promise<unknown>): Promise<LlamactlError> => {
    const error = await asked.then(
      () => assert.fail('it was answered'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LlamactlError, inspect(error));
    return error;
  };

  beforeEach(() => {
    steps = [];
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  describe('tried again', () => {
    const real = shareServer({ args: ['-c', '512', '-np', '1'] });
    let proxy: FaultProxy;

    beforeEach(async () => {
      proxy = await FaultProxy.start(real.current.url);
    });

    afterEach(() => proxy.stop());

    it('after a connection that failed, each try told with its pause', async () => {
      proxy.next({ kind: 'reset' }, { kind: 'cut', afterBytes: 20, how: 'rst' });
      assert.deepEqual(await clientOf(proxy.url).health(), { status: 'ok' });
      assert.equal(proxy.connections, 3);
      assert.deepEqual(
        steps.map(({ action, code, attempt }) => [action, code, attempt]),
        [
          ['retry', 'connection.reset', 1],
          ['retry', 'connection.reset', 2],
        ],
      );
      for (const { delayMs } of steps) assert.ok(delayMs !== undefined && delayMs >= 0 && delayMs <= 500);
    });

    it('three times where nobody said how often, and then the last failure stands', async () => {
      proxy.always = { kind: 'reset' };
      const error = await failure(clientOf(proxy.url).health());
      assert.equal(error.code, 'connection.reset');
      assert.equal(proxy.connections, 4);
    });

    it('as often as the client, or the one call, was told', async () => {
      proxy.always = { kind: 'reset' };
      await failure(clientOf(proxy.url, { maxRetries: 1 }).health());
      assert.equal(proxy.connections, 2);
      await failure(clientOf(proxy.url, { maxRetries: 3 }).health({ retries: 0 }));
      assert.equal(proxy.connections, 3);
    });

    it('not at all where 0 was asked for, nor waited for while it loads', async () => {
      proxy.next({ kind: 'reset' });
      await failure(clientOf(proxy.url, { maxRetries: 0 }).health());
      assert.equal(proxy.connections, 1);
      const loading = await serve({ 'GET /health': LOADING });
      const error = await failure(clientOf(loading.url, { maxRetries: 0 }).health());
      assert.equal(error.code, 'server.loading');
      assert.equal(loading.requests.length, 1);
      assert.deepEqual(steps, []);
    });

    it('not when the request is at fault', async () => {
      const error = await failure(clientOf(real.current.url).detokenize([999_999]));
      assert.equal(error.code, 'request.invalid-parameter');
      assert.deepEqual(steps, []);
    });

    it('not where asking twice may do something twice, but where nothing was done', async () => {
      const requester = new Requester({ baseUrl: proxy.url }, new Emitter());
      const erase = {
        method: 'POST',
        path: '/slots/0?action=erase',
        repeatable: false,
        read: (body: string) => body,
      } as const;
      proxy.next({ kind: 'cut', afterBytes: 20, how: 'rst' });
      assert.equal((await failure(requester.call(erase, {}))).code, 'connection.reset');
      assert.equal(proxy.connections, 1);
      const { status, headers = {}, body } = LOADING;
      proxy.next({ kind: 'answer', status: status ?? 0, headers, body: JSON.stringify(body) });
      assert.equal(
        (await failure(requester.call(erase, {}))).code,
        'feature.disabled',
        'as the server itself says',
      );
      assert.equal(proxy.connections, 3);
      await requester.destroy();
    });

    it('only where asked, for one exchange as it is', async () => {
      proxy.next({ kind: 'reset' });
      await failure(clientOf(proxy.url).request({ method: 'GET', path: '/health' }));
      assert.equal(proxy.connections, 1);
      proxy.next({ kind: 'reset' });
      const { status, body } = await clientOf(proxy.url).request({
        method: 'GET',
        path: '/health',
        retry: true,
      });
      assert.deepEqual([status, body], [200, '{"status":"ok"}']);
    });
  });

  describe('told when to come back', () => {
    const busy = (retryAfter: string): Canned => ({
      status: 429,
      headers: { 'retry-after': retryAfter },
      body: { error: { message: 'slow down' } },
    });

    it('wait as long as they are asked to: seconds', async () => {
      const server = await serve({ 'GET /health': inTurn(busy('1'), OK) });
      await clientOf(server.url).health();
      assert.ok((steps[0]?.delayMs ?? 0) >= 1000, JSON.stringify(steps));
    });

    it('wait as long as they are asked to: a date', async () => {
      const at = new Date(Date.now() + 3000).toUTCString();
      const server = await serve({ 'GET /health': inTurn(busy(at), OK) });
      await clientOf(server.url).health();
      // A date has whole seconds.
      assert.ok((steps[0]?.delayMs ?? 0) >= 1000, JSON.stringify(steps));
    });

    it('do not wait longer than for an answer, and say when to come back', async () => {
      const server = await serve({ 'GET /health': inTurn(busy('600'), OK) });
      const error = await failure(clientOf(server.url).health());
      assert.equal(error.code, 'server.busy');
      assert.equal(error.details['retryAfterMs'], 600_000);
      assert.ok(error.evidence.includes('Retry-After: 600 s'), error.evidence.join());
      assert.equal(server.requests.length, 1);
    });
  });

  describe('of a model that loads', () => {
    it('wait for it, told once, whatever the number of tries', async () => {
      const server = await serve({ 'GET /health': inTurn(LOADING, LOADING, LOADING, LOADING, OK) });
      assert.deepEqual(await clientOf(server.url, { maxRetries: 1 }).health(), { status: 'ok' });
      assert.deepEqual(
        steps.map(({ action, code }) => [action, code]),
        [['wait-for-loading', 'server.loading']],
      );
      assert.equal(server.requests.length, 5);
    });

    it('give up at the deadline', async () => {
      const server = await serve({ 'GET /health': LOADING });
      const error = await failure(clientOf(server.url, { timeout: 400 }).health());
      assert.equal(error.type, 'SERVER_OVERLOADED');
      assert.equal(error.code, 'server.loading');
      assert.ok(server.requests.length > 1);
    });

    it('end at once when they are interrupted', async () => {
      const server = await serve({ 'GET /health': LOADING });
      const controller = new AbortController();
      const client = clientOf(server.url, { timeout: 60_000 });
      client.on('recovery', () => setImmediate(() => controller.abort()));
      const error = await failure(client.health({ signal: controller.signal }));
      assert.equal(error.type, 'INTERRUPTED');
    });
  });

  describe('with a deadline', () => {
    const silent: Route = () => {};

    it('keep it, and say how long it was', async () => {
      const server = await serve({ '*': silent });
      const error = await failure(clientOf(server.url).health({ timeout: 120, retries: 0 }));
      assert.equal(error.type, 'TIMEOUT_ERROR');
      assert.equal(error.details['timeoutMs'], 120);
    });

    it('get twice as much each time, of a server that is alive', async () => {
      const server = await serve({ 'GET /health': OK, 'POST /completion': silent });
      const error = await failure(clientOf(server.url, { timeout: 100 }).completion({ prompt: 'Hello' }));
      assert.equal(error.code, 'connection.timeout');
      assert.equal(error.details['timeoutMs'], 400);
      assert.deepEqual(
        server.requests.map(({ line }) => line),
        ['POST /completion', 'GET /health', 'POST /completion', 'GET /health', 'POST /completion'],
      );
      assert.deepEqual(
        steps.map(({ action, type }) => [action, type]),
        [
          ['retry', 'TIMEOUT_ERROR'],
          ['retry', 'TIMEOUT_ERROR'],
        ],
      );
    });

    it('are not tried again on a server that answers nothing at all: that is what is told', async () => {
      const server = await serve({ '*': silent });
      const error = await failure(clientOf(server.url, { timeout: 100 }).completion({ prompt: 'Hello' }));
      assert.equal(error.code, 'server.wedged');
      assert.match(error.evidence[0] ?? '', /^GET \/health/);
      assert.deepEqual(
        server.requests.map(({ line }) => line),
        ['POST /completion', 'GET /health'],
      );
    });

    it('take any answer for a sign of life: a model that loads again is waited for', async () => {
      let asked = 0;
      const server = await serve({
        'GET /health': LOADING,
        'POST /completion': (_request, response) => {
          if (asked++ === 0) return;
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end('{"content":"Hello"}');
        },
      });
      const result = await clientOf(server.url, { timeout: 300 }).completion({ prompt: 'Hello' });
      assert.equal(result.content, 'Hello');
    });
  });

  describe('answered in a shape that no llama-server gives', () => {
    it('say where the answer differs', async () => {
      const server = await serve({ 'POST /tokenize': { body: { tokens: [{ id: 'one' }] } } });
      const error = await failure(clientOf(server.url).tokenize({ content: 'Hello' }));
      assert.equal(error.code, 'connection.wrong-server');
      assert.match(error.evidence.at(-1) ?? '', /^not what llama-server answers: tokens\.0/);
      assert.equal(server.requests.length, 1, 'asking again would not change it');
    });

    it('say that it is no JSON', async () => {
      const server = await serve({ 'GET /health': { body: 'fine, thanks' } });
      const error = await failure(clientOf(server.url).health());
      assert.match(error.evidence.at(-1) ?? '', /^not JSON: /);
    });

    it('say that metrics are those of another program', async () => {
      const server = await serve({ 'GET /metrics': { body: 'go_goroutines 7\n' } });
      const error = await failure(clientOf(server.url).metrics());
      assert.match(error.evidence.at(-1) ?? '', /not the metrics of a llama-server/);
    });
  });
});
