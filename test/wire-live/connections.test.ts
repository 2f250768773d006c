import assert from 'node:assert/strict';
import { FaultProxy } from '../support/fault-proxy.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, exchange, failureOf, hear, hello, until, useClients } from './support.js';

const CHAT = '/v1/chat/completions';

describe('connections of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny'] });
  const connect = useClients();
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await FaultProxy.start(server.current.url);
  });
  afterEach(() => proxy.stop());

  it('after a stream the server closes, though it announced Keep-Alive and no "Connection: close"', async () => {
    const { head, closed, end } = await exchange(server.current.port, 'POST', CHAT, {
      messages: hello,
      stream: true,
    });
    assert.match(head, /keep-alive: timeout=5, max=100/);
    assert.doesNotMatch(head, /connection: close/);
    await until('the end of the connection', closed);
    end();
  });

  it('after a plain reply it stays open', async () => {
    const first = await exchange(server.current.port, 'POST', CHAT, { messages: hello });
    const stream = await exchange(server.current.port, 'POST', CHAT, { messages: hello, stream: true });
    await until('the end of the stream’s connection', stream.closed);
    assert.match(first.head, /keep-alive: timeout=5, max=100/);
    assert.equal(first.closed(), false, 'the plain one, older, is open');
    first.end();
    stream.end();
  });

  it('after a 400 it says "Connection: close", and the client does not use that connection again', async () => {
    const { head, end } = await exchange(server.current.port, 'POST', CHAT, {});
    assert.match(head, /^http\/1.1 400 /);
    assert.match(head, /connection: close/);
    end();
    const { client } = connect(proxy.url, { pool: { maxConnections: 1 } });
    await failureOf(client.request({ method: 'POST', path: CHAT, body: {} }));
    await client.health();
    assert.equal(proxy.connections, 2);
  });

  it('the client uses one connection for many plain requests', async () => {
    const { client } = connect(proxy.url, { pool: { maxConnections: 1 } });
    for (let i = 0; i < 5; i++) await client.chat(hello, [], { maxTokens: 2 });
    await client.initialize();
    assert.equal(proxy.connections, 1);
  });

  it('the client never uses a connection again that carried a stream', async () => {
    const { client, steps } = connect(proxy.url);
    for (let i = 1; i <= 5; i++) {
      assert.match((await hear(client)).content, ANSWER);
      assert.equal(proxy.connections, i);
    }
    await client.health();
    assert.equal(proxy.connections, 6);
    assert.deepEqual(steps, [], 'and so has nothing to recover from');
  });

  it('streams and plain requests at once all succeed, without a retry', async () => {
    const pool = { maxConnections: 4, connectionTimeout: 20_000 };
    const { client, steps } = connect(proxy.url, { pool });
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, i) =>
        i % 2 === 0
          ? (await hear(client, hello, { maxTokens: 10 })).content
          : (await client.chat(hello, [], { temperature: 0, maxTokens: 10 })).content,
      ),
    );
    for (const content of answers) assert.match(content, ANSWER);
    assert.deepEqual(steps, []);
  });

  it('a kept connection that the server has dropped meanwhile is retried, and the user is told', async () => {
    const { client, steps } = connect(proxy.url, { maxRetries: 3 });
    await client.health();
    proxy.next({ kind: 'cut', afterBytes: 0, how: 'rst' });
    proxy.dropAll();
    assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    assert.ok(
      steps.every(({ action, code }) => action === 'retry' && code === 'connection.reset'),
      JSON.stringify(steps),
    );
    assert.ok(steps.length >= 1);
  });
});
