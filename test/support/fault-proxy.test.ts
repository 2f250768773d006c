import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, FaultProxy } from './fault-proxy.js';

/** What the server behind the proxy answers to anything, before it closes. */
const PAYLOAD = Buffer.from(Array.from({ length: 4000 }, (_, i) => i % 251));

interface Received {
  readonly bytes: Buffer;
  /** In how many reads they came. */
  readonly reads: number;
  /** `end`: a FIN; `open`: neither that nor an error in the time given; otherwise the error's code. */
  readonly ended: string;
  readonly elapsedMs: number;
}

/** Connects, says something, and takes what comes until the connection ends or the patience does. */
async function ask(port: number, patienceMs = 5000): Promise<Received> {
  const started = performance.now();
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const ended = await Promise.race([
    new Promise<string>((resolve) => socket.once('end', () => resolve('end'))),
    new Promise<string>((resolve) =>
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)),
    ),
    sleep(patienceMs, 'open', { ref: false }),
  ]);
  socket.destroy();
  return {
    bytes: Buffer.concat(chunks),
    reads: chunks.length,
    ended,
    elapsedMs: performance.now() - started,
  };
}

describe('the fault proxy of the tests', () => {
  let upstream: Server;
  let proxy: FaultProxy;
  let port: number;
  /** Connections that reached the server behind it, and the bytes that did. */
  let reached: Socket[];
  let heard: string;

  before(async () => {
    upstream = createServer((socket) => {
      reached.push(socket);
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        heard += chunk;
        socket.end(PAYLOAD);
      });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
  });

  after(() => upstream.close());

  beforeEach(async () => {
    reached = [];
    heard = '';
    const address = upstream.address();
    assert.ok(typeof address === 'object' && address !== null);
    proxy = await FaultProxy.start(`http://127.0.0.1:${address.port}`);
    port = Number(new URL(proxy.url).port);
  });

  afterEach(() => proxy.stop());

  const under = (fault: Fault, patienceMs?: number) => {
    proxy.next(fault);
    return ask(port, patienceMs);
  };

  it('pass: hands everything on, both ways', async () => {
    const { bytes, ended } = await ask(port);
    assert.deepEqual(bytes, PAYLOAD);
    assert.equal(ended, 'end');
    assert.equal(heard, 'GET / HTTP/1.1\r\n\r\n');
  });

  it('reset: ends with a RST, and the server hears nothing of it', async () => {
    const { bytes, ended } = await under({ kind: 'reset' });
    assert.deepEqual([bytes.length, ended, reached.length], [0, 'ECONNRESET', 0]);
  });

  it('silence: accepts, and nothing comes', async () => {
    const { bytes, ended } = await under({ kind: 'silence' }, 200);
    assert.deepEqual([bytes.length, ended, reached.length], [0, 'open', 0]);
  });

  it('delay: everything comes, but not before', async () => {
    const { bytes, elapsedMs } = await under({ kind: 'delay', ms: 150 });
    assert.deepEqual(bytes, PAYLOAD);
    assert.ok(elapsedMs >= 149, `${elapsedMs} ms`);
  });

  it('throttle: everything comes, at the rate', async () => {
    // 4,000 bytes at 20,000 a second: the end comes after 0.2 s.
    const { bytes, ended, elapsedMs } = await under({ kind: 'throttle', bytesPerSecond: 20_000 });
    assert.deepEqual([bytes.equals(PAYLOAD), ended], [true, 'end']);
    assert.ok(elapsedMs >= 199, `${elapsedMs} ms`);
  });

  for (const afterBytes of [0, 1, 1500, 4000]) {
    it(`cut with a FIN after ${afterBytes} bytes: so many come, and a polite end`, async () => {
      const { bytes, ended } = await under({ kind: 'cut', afterBytes, how: 'fin' });
      assert.deepEqual(bytes, PAYLOAD.subarray(0, afterBytes));
      assert.equal(ended, 'end');
    });
  }

  it('cut with a RST: an error, and no more than so many bytes', async () => {
    const { bytes, ended } = await under({ kind: 'cut', afterBytes: 1500, how: 'rst' });
    assert.deepEqual(bytes, PAYLOAD.subarray(0, bytes.length));
    assert.ok(bytes.length <= 1500, `${bytes.length} bytes`);
    assert.equal(ended, 'ECONNRESET');
  });

  it('half-open: so many bytes come, then nothing, and no end', async () => {
    const { bytes, ended } = await under({ kind: 'half-open', afterBytes: 1500 }, 300);
    assert.deepEqual(bytes, PAYLOAD.subarray(0, 1500));
    assert.equal(ended, 'open');
  });

  it('garble: only the bytes that were named are others', async () => {
    const { bytes, ended } = await under({ kind: 'garble', atByte: 100, bytes: 7 });
    assert.deepEqual([bytes.length, ended], [PAYLOAD.length, 'end']);
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== PAYLOAD[i]);
    assert.deepEqual(changed, [100, 101, 102, 103, 104, 105, 106]);
  });

  it('split: the same bytes in many pieces', async () => {
    const { bytes, reads, ended } = await under({ kind: 'split', size: 100 });
    assert.deepEqual([bytes.equals(PAYLOAD), ended], [true, 'end']);
    assert.ok(reads > 1, `${reads} reads`);
  });

  it('answer: its own status, headers and body, without the server', async () => {
    const { bytes, ended } = await under({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '2' },
      body: 'slow down',
    });
    const text = bytes.toString('utf8');
    assert.match(text, /^HTTP\/1\.1 429 /);
    assert.match(text, /\r\ncontent-length: 9\r\n/);
    assert.match(text, /\r\nretry-after: 2\r\n/);
    assert.match(text, /\r\n\r\nslow down$/);
    assert.deepEqual([ended, reached.length], ['end', 0]);
  });

  it('the next connections take their faults in order, and then the usual one', async () => {
    proxy.next({ kind: 'reset' }, { kind: 'cut', afterBytes: 10, how: 'fin' });
    const lengths = [];
    for (let i = 0; i < 3; i++) lengths.push((await ask(port)).bytes.length);
    proxy.always = { kind: 'cut', afterBytes: 20, how: 'fin' };
    for (let i = 0; i < 2; i++) lengths.push((await ask(port)).bytes.length);
    assert.deepEqual(lengths, [0, 10, 4000, 20, 20]);
    assert.equal(proxy.connections, 5);
  });

  it('refuse: nobody gets in until it accepts again, on the same port', async () => {
    await proxy.refuse();
    assert.equal((await ask(port)).ended, 'ECONNREFUSED');
    await proxy.accept();
    assert.deepEqual((await ask(port)).bytes, PAYLOAD);
    assert.equal(Number(new URL(proxy.url).port), port);
  });

  it('dropAll: connections that are open end with a RST, and new ones are taken', async () => {
    proxy.next({ kind: 'silence' });
    const asked = ask(port);
    while (proxy.connections === 0) await sleep(5);
    proxy.dropAll();
    assert.equal((await asked).ended, 'ECONNRESET');
    assert.deepEqual((await ask(port)).bytes, PAYLOAD);
  });

  it('stop: ends what is open and listens no more', async () => {
    proxy.next({ kind: 'silence' });
    const asked = ask(port);
    while (proxy.connections === 0) await sleep(5);
    await proxy.stop();
    assert.equal((await asked).ended, 'ECONNRESET');
    assert.equal((await ask(port)).ended, 'ECONNREFUSED');
  });

  it('a client that leaves takes the connection to the server with it', async () => {
    proxy.next({ kind: 'half-open', afterBytes: 1 });
    await ask(port, 100);
    const [behind] = reached;
    assert.ok(behind !== undefined);
    if (!behind.closed) await once(behind, 'close');
  });
});
