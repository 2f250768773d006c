import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientOptions, ExchangeRecord } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type CannedServer, cannedServer, LLAMA_HEADERS, type Route } from '../support/canned-server.js';

describe('requests', () => {
  const clients: LlamaCppClient[] = [];
  const servers: CannedServer[] = [];

  const clientOf = (baseUrl: string, options: ClientOptions = {}) => {
    const client = new LlamaCppClient({ baseUrl, ...options });
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

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  describe('shown to --verbose', () => {
    const secret = 'sk-very-secret';
    const watched = (baseUrl: string, options: ClientOptions = {}) => {
      const records: ExchangeRecord[] = [];
      const client = clientOf(baseUrl, { maxRetries: 0, apiKey: secret, ...options });
      client.on('exchange', (record) => records.push(record));
      return { client, records };
    };

    it('with what was sent and what came', async () => {
      const server = await serve({ 'POST /detokenize': { body: { content: 'Hello' } } });
      const { client, records } = watched(server.url);
      await client.detokenize([1, 2]);
      const [record] = records;
      assert.equal(records.length, 1);
      assert.equal(record?.method, 'POST');
      assert.equal(record.url, `${server.url}/detokenize`);
      assert.equal(record.requestBody, '{"tokens":[1,2]}');
      assert.equal(record.status, 200);
      assert.equal(record.responseHeaders['server'], 'llama.cpp');
      assert.equal(record.error, null);
    });

    it('never with the key, which an answer or an error may repeat', async () => {
      const server = await serve({
        'GET /health': {
          status: 400,
          headers: { 'x-echo': secret },
          body: { error: { message: `no ${secret} here` } },
        },
      });
      const { client, records } = watched(server.url);
      const error = await failure(client.health());
      assert.equal(server.requests[0]?.headers['authorization'], `Bearer ${secret}`);
      assert.equal(records[0]?.requestHeaders['authorization'], 'Bearer ***');
      assert.match(error.message, /^no \*\*\* here$/);
      for (const told of [records, error, error.toJSON(), client]) {
        assert.ok(!inspect(told, { depth: 10 }).includes(secret), inspect(told, { depth: 10 }));
      }
    });

    it('also where there was no answer, or a deadline passed', async () => {
      const server = await serve({ '*': () => {} });
      const { client, records } = watched(server.url);
      await failure(client.health({ timeout: 100 }));
      await server.stop();
      servers.pop();
      await failure(client.health());
      assert.deepEqual(
        records.map(({ status }) => status),
        [null, null],
      );
      assert.match(records[0]?.error ?? '', /no answer in 100 ms/);
      assert.match(records[1]?.error ?? '', /ECONNREFUSED|other side closed|ECONNRESET/);
    });
  });

  describe('that cannot be made', () => {
    for (const [name, options, message] of [
      [
        'a URL that is none',
        { baseUrl: 'gpu one' },
        /^"gpu one" cannot be a server's URL: it contains spaces/,
      ],
      ['a key that no header can carry', { apiKey: 'sk-\n' }, /API key contains a line break/],
    ] as const) {
      it(`are refused at once: ${name}`, () => {
        assert.throws(() => new LlamaCppClient(options), { type: 'USAGE_ERROR', exit: 2, message });
      });
    }

    it('do not repeat the password of a URL', () => {
      assert.throws(
        () => new LlamaCppClient({ baseUrl: 'http://me:hunter2@gpu1:8080' }),
        (error: LlamactlError) => {
          assert.ok(!inspect(error).includes('hunter2'));
          assert.match(error.message, /"http:\/\/\*\*\*@gpu1:8080".*--api-key/);
          return true;
        },
      );
    });

    it('are refused when first sent: a CA file that is not there, a dispatcher that is none', async () => {
      for (const options of [{ caCert: '/nowhere/ca.pem' }, { dispatcher: {} }]) {
        const error = await failure(clientOf('https://localhost:1', options).health());
        assert.equal(error.type, 'USAGE_ERROR');
        assert.match(error.message, /\/nowhere\/ca\.pem cannot be read|no dispatch\(\)/);
      }
    });
  });
});
