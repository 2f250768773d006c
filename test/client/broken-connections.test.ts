import assert from 'node:assert/strict';
import { Agent } from 'undici';
import { classify } from '../../src/catalogue/classify.js';
import type { LlamaCppClient } from '../../src/client/llama-client.js';
import { type CannedServer, cannedServer, chunk, eventStream } from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { keeper } from '../support/keeper.js';
import { freePort } from '../support/real-server.js';
import { complete, failureOf, isFailure, saying, stream } from './failure-of.js';

// Failures below HTTP as they happen, and what a user is told.
describe('a connection', () => {
  const keep = keeper();

  describe('nothing there', () => {
    it('a port on which nothing listens', async () => {
      const port = await freePort();
      for (const host of ['127.0.0.1', 'localhost']) {
        const error = await failureOf(`http://${host}:${port}`);
        isFailure(error, 'CONNECTION_ERROR', 'connection.refused', /^nothing listens on /, /ECONNREFUSED/);
        assert.match(error.message, new RegExp(`${host}:${port}$`));
        assert.match(error.evidence[0] ?? '', /^GET \/health → .*ECONNREFUSED/);
      }
    });

    it('a name with two addresses, neither of which answers: an AggregateError', async () => {
      const port = await freePort();
      const dispatcher = new Agent({
        connect: {
          autoSelectFamily: true,
          lookup: (_host, _options, found) =>
            found(null, [
              { address: '127.0.0.1', family: 4 },
              { address: '::1', family: 6 },
            ]),
        },
      });
      const error = await failureOf(`http://gpu1:${port}`, { dispatcher });
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.refused',
        new RegExp(`nothing listens on gpu1:${port}`),
      );
      const { cause } = error;
      assert.ok(cause instanceof AggregateError, String(cause));
      assert.equal(cause.errors.length, 2);
    });

    it("the same out of Node's own fetch, which hides it: `fetch failed`", async () => {
      const url = `http://localhost:${await freePort()}/health`;
      const error = await fetch(url).then(
        () => assert.fail('answered'),
        (failed: unknown) => failed,
      );
      assert.match(String(error), /fetch failed/);
      const found = classify({
        kind: 'exception',
        url,
        method: 'GET',
        path: '/health',
        sentKey: false,
        error,
        phase: 'connect',
      });
      assert.equal(found.code, 'connection.refused');
      assert.ok(!found.evidence.join().includes('fetch failed'), 'which says nothing');
    });

    it('a name that does not resolve', async () => {
      const error = await failureOf('http://gpu1.invalid:8080');
      isFailure(error, 'CONNECTION_ERROR', 'connection.dns', /gpu1\.invalid/, /ENOTFOUND|EAI_AGAIN/);
    });

    it('a name that takes for ever to resolve', async () => {
      const dispatcher = new Agent({ connect: { lookup: () => {} } });
      const error = await failureOf('http://gpu1:8080', { dispatcher, pool: { connectionTimeout: 100 } });
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^no connection to gpu1:8080 in 100 ms$/);
      assert.equal(error.details['timeoutMs'], 100);
    });
  });

  describe('cut off', () => {
    let proxy: FaultProxy;
    let upstream: CannedServer;

    before(async () => {
      upstream = await cannedServer({
        'GET /health': { body: { status: 'ok' } },
        'POST /completion': { body: { content: 'Hello', stop: true } },
        'POST /v1/chat/completions': eventStream([
          chunk({ content: 'Hel' }),
          chunk({ content: 'lo' }),
          200,
          '[DONE]',
        ]),
      });
      proxy = await FaultProxy.start(upstream.url);
    });

    after(async () => {
      await proxy.stop();
      await upstream.stop();
    });

    it('a reset before anything was said', async () => {
      proxy.next({ kind: 'reset' });
      const error = await failureOf(proxy.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.reset', /closed the connection without an answer$/);
    });

    it('a close in the middle of the head', async () => {
      for (const how of ['fin', 'rst'] as const) {
        proxy.next({ kind: 'cut', afterBytes: 20, how });
        const error = await failureOf(proxy.url);
        isFailure(error, 'CONNECTION_ERROR', 'connection.reset', /closed the connection without an answer$/);
      }
    });

    it('a body that is shorter than its Content-Length', async () => {
      const short = await keep(saying('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status":'));
      const error = await failureOf(short.url);
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.reset',
        /closed the connection/,
        /UND_ERR_SOCKET|MISMATCH/,
      );
    });

    it('a stream cut in the middle', async () => {
      for (const how of ['fin', 'rst'] as const) {
        proxy.next({ kind: 'cut', afterBytes: 330, how });
        const error = await failureOf(proxy.url, { fallback: false }, stream);
        isFailure(error, 'STREAMING_ERROR', 'stream.truncated', /cut/);
      }
    });

    it('a stream whose chunks are garbled', async () => {
      const garbled = await keep(
        saying(
          'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        ),
      );
      const error = await failureOf(garbled.url, { fallback: false }, stream);
      isFailure(error, 'STREAMING_ERROR', 'stream.malformed', /./, /^HPE_/);
    });
  });

  describe('silent', () => {
    let proxy: FaultProxy;
    let upstream: CannedServer;

    before(async () => {
      upstream = await cannedServer({ '*': { body: 'x'.repeat(1000) } });
      proxy = await FaultProxy.start(upstream.url);
      proxy.always = { kind: 'half-open', afterBytes: 10 };
    });

    after(async () => {
      await proxy.stop();
      await upstream.stop();
    });

    it('what answers at once on a healthy server: it is wedged', async () => {
      const error = await failureOf(proxy.url, { timeout: 150 });
      isFailure(
        error,
        'TIMEOUT_ERROR',
        'server.wedged',
        /accepts connections but does not answer in 150 ms$/,
      );
    });

    it('what may take its time: no answer in time', async () => {
      for (const ask of [complete, (client: LlamaCppClient) => client.slots()]) {
        const error = await failureOf(proxy.url, { timeout: 150 }, ask);
        isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /did not answer in 150 ms$/);
      }
    });

    it('a stream before its first token', async () => {
      const error = await failureOf(proxy.url, { timeout: 150 }, stream);
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^no first token from .* in 150 ms$/);
    });

    it('all connections in use', async () => {
      const error = await failureOf(
        proxy.url,
        { pool: { maxConnections: 1, connectionTimeout: 100 } },
        (client) =>
          Promise.any([client.health(), client.health()]).catch((all: AggregateError) => {
            throw all.errors[1];
          }),
      );
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^all 1 connections were in use for 100 ms/);
    });
  });

  describe('something else than HTTP', () => {
    for (const [name, bytes] of [
      ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['SMTP', '220 mail.example.com ESMTP\r\n'],
      ['Redis', "-ERR wrong number of arguments for 'get' command\r\n"],
      ['zeroes', Buffer.alloc(64)],
    ] as const) {
      it(name, async () => {
        const error = await failureOf((await keep(saying(bytes))).url);
        isFailure(error, 'CONNECTION_ERROR', 'connection.wrong-server', /does not speak HTTP$/, /^HPE_/);
      });
    }

    it('a head without an end', async () => {
      const long = await keep(saying(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`));
      const error = await failureOf(long.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.wrong-server', /./, /OVERFLOW/);
    });
  });
});
