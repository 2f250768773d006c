import assert from 'node:assert/strict';
import { connect as connectSocket } from 'node:net';
import { FaultProxy } from '../support/fault-proxy.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, failureOf, hear, hello, until, useClients } from './support.js';

/** A request as a client that keeps connections open sends it, and what the server does with the connection. */
async function exchange(
  port: number,
  body: object,
): Promise<{ head: string; closed: () => boolean; end(): void }> {
  const text = JSON.stringify({ temperature: 0, max_tokens: 3, ...body });
  const socket = connectSocket(port, '127.0.0.1');
  let answer = '';
  let closed = false;
  socket.on('data', (chunk) => (answer += chunk));
  socket.on('end', () => (closed = true));
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
  const isWhole = () => /\[DONE\]/.test(answer) || (/content-length/i.test(answer) && answer.endsWith('}'));
  await until('a whole answer', isWhole);
  return {
    head: answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase(),
    closed: () => closed,
    end: () => socket.destroy(),
  };
}

describe('connections of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny'] });
  const connect = useClients();
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await FaultProxy.start(server.current.url);
  });
  afterEach(() => proxy.stop());

  it('after a stream the server closes, though it announced Keep-Alive and no "Connection: close"', async () => {
    const { head, closed, end } = await exchange(server.current.port, { messages: hello, stream: true });
    assert.match(head, /keep-alive: timeout=5, max=100/);
    assert.doesNotMatch(head, /connection: close/);
    await until('the end of the connection', closed);
    end();
  });

  it('after a plain reply it stays open', async () => {
    const first = await exchange(server.current.port, { messages: hello });
    const stream = await exchange(server.current.port, { messages: hello, stream: true });
    await until('the end of the stream’s connection', stream.closed);
    assert.match(first.head, /keep-alive: timeout=5, max=100/);
    assert.equal(first.closed(), false, 'the plain one, older, is open');
    first.end();
    stream.end();
  });

  it('after a 400 it says "Connection: close", and the client does not use that connection again', async () => {
    const { head, end } = await exchange(server.current.port, {});
    assert.match(head, /^http\/1.1 400 /);
    assert.match(head, /connection: close/);
    end();
    const { client } = connect(proxy.url, { pool: { maxConnections: 1 } });
    await failureOf(client.request({ method: 'POST', path: '/v1/chat/completions', body: {} }));
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

  it('fifty streams and plain requests in turn all succeed, without a retry', async () => {
    const { client, steps } = connect(proxy.url, { pool: { maxConnections: 4 } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) =>
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
