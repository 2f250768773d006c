import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent } from 'undici';
import { shareServer, startServer, type TestServer } from '../support/real-server.js';
import {
  assertOnBuild,
  ENDLESS,
  failureOf,
  type Heard,
  hear,
  hello,
  partialOf,
  until,
  useClients,
  useFolder,
} from './support.js';

const args = [...ENDLESS, '-np', '2'];

describe('a real llama-server that is stopped in the middle of a stream', function () {
  // A server that is told to stop may take 30 s over it, and one on a busy machine seems to have (1 of 40 runs).
  this.timeout(90_000);
  const connect = useClients();

  /** Asks for an answer without an end, and does something to the server at its fifth token. */
  async function hearWhile(
    server: TestServer,
    act: () => void,
    options: { readonly idleTimeout?: number; readonly maxRetries?: number } = {},
  ): Promise<Heard & { readonly steps: readonly unknown[] }> {
    const { client, steps } = connect(server.url, { fallback: true, maxRetries: 3, ...options });
    let tokens = 0;
    const heard = await hear(client, hello, {}, ({ type }) => {
      if (type === 'content' && ++tokens === 5) act();
      return undefined;
    });
    return { ...heard, steps };
  }

  it('SIGKILL: the answer is cut, exit 17; what came is kept, and nothing is asked again', async () => {
    const server = await startServer({ args });
    const { error, content, steps } = await hearWhile(server, () => server.child.kill('SIGKILL'));
    assert.deepEqual([error?.type, error?.code, error?.exit], ['STREAMING_ERROR', 'stream.truncated', 17]);
    assert.match(content, /^ The server is ready \./);
    assert.equal(partialOf(error), content);
    assert.deepEqual(steps, []);
    await server.stop();
  });

  it('SIGKILL before the first token: asked again, and then nothing listens, exit 10', async () => {
    const server = await startServer({ args: [...ENDLESS, '-np', '1', '--metrics'] });
    const other = hear(connect(server.url).client);
    const { client, steps } = connect(server.url, { maxRetries: 1 });
    const isBusy = async () => (await client.metrics()).metrics.requestsProcessing === 1;
    await until('a busy slot', isBusy);
    const queued = hear(client);
    await until('a queued stream', async () => (await client.metrics()).metrics.requestsDeferred === 1);
    await server.stop('SIGKILL');
    const { error, content } = await queued;
    assert.deepEqual([error?.code, error?.exit, content], ['connection.refused', 10, '']);
    assert.deepEqual(
      steps.map(({ action, code }) => [action, code]),
      [['retry', 'connection.reset']],
    );
    assert.equal((await other).error?.code, 'stream.truncated');
  });

  /** Now and then (1 of 24, measured) a server gets through its shutdown at once, in mid-stream too: that is tried again. */
  async function unlessQuick<T>(attempt: () => Promise<T | 'quick'>): Promise<T> {
    for (let tries = 0; tries < 5; tries++) {
      const result = await attempt();
      if (result !== 'quick') return result;
    }
    assert.fail('five shutdowns in a row took no time');
  }

  it('SIGTERM: tokens stop at once, and the idle deadline tells', async () => {
    const { error, content, steps } = await unlessQuick(async () => {
      const server = await startServer({ args });
      const terminate = () => server.child.kill('SIGTERM');
      const heard = await hearWhile(server, terminate, { idleTimeout: 1000 });
      await server.stop();
      return heard.error?.code === 'stream.truncated' ? 'quick' : heard;
    });
    assert.deepEqual([error?.type, error?.code, error?.exit], ['STREAMING_ERROR', 'stream.idle-timeout', 17]);
    assert.ok(content.length > 0);
    assert.equal(partialOf(error), content);
    assert.deepEqual(steps, []);
  });

  it('SIGTERM: after a ping interval (30 s where not set) the socket closes without a terminator, exit 0', async () => {
    const server = await startServer({ args: [...args, '--sse-ping-interval', '1'] });
    // Its own 30 s, where the machine is so busy that it does not come to its pings.
    const patience = { idleTimeout: 60_000 };
    const { error, content } = await hearWhile(server, () => server.child.kill('SIGTERM'), patience);
    assert.deepEqual([error?.type, error?.code], ['STREAMING_ERROR', 'stream.truncated']);
    assert.equal(partialOf(error), content);
    await until('its end', () => server.child.exitCode !== null);
    assert.equal(server.child.exitCode, 0);
  });

  it('SIGTERM: neither [DONE] nor a finish reason ends the stream', async () => {
    const server = await startServer({ args: [...args, '--sse-ping-interval', '1'] });
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ messages: hello, stream: true }),
    });
    let text = '';
    const reading = async () => {
      for await (const chunk of response.body ?? []) {
        if (text === '') server.child.kill('SIGTERM');
        text += Buffer.from(chunk).toString('utf8');
      }
    };
    await assert.rejects(reading(), 'the chunked body is cut short');
    assert.match(text, /"finish_reason":null/);
    assert.doesNotMatch(text, /\[DONE\]|"finish_reason":"/);
    await server.stop();
  });

  it('a second SIGTERM ends it at once, exit 1: there is no drain', async () => {
    const { error, exitCode } = await unlessQuick(async () => {
      const server = await startServer({ args });
      const heard = await hearWhile(server, () => {
        server.child.kill('SIGTERM');
        setTimeout(() => server.child.kill('SIGTERM'), 200);
      });
      await until('its end', () => server.child.exitCode !== null);
      const { exitCode } = server.child;
      return exitCode === 0 ? 'quick' : { ...heard, exitCode };
    });
    assert.equal(error?.code, 'stream.truncated');
    assert.equal(exitCode, 1);
  });

  it('SIGTERM to an idle server: exit 0, and the next request is refused', async () => {
    const server = await startServer({ args });
    // It is ready a moment before it listens for signals: one that comes between ends it without a word.
    await connect(server.url).client.chat(hello, [], { maxTokens: 1 });
    await server.stop('SIGTERM');
    assert.equal(server.child.exitCode, 0);
    assert.equal((await failureOf(connect(server.url).client.chat(hello))).code, 'connection.refused');
  });
});

describe('a long prefill on a real llama-server', () => {
  const connect = useClients();
  // One batch for the whole prompt, so that no progress is told in between.
  const server = shareServer({
    args: [...ENDLESS, '-np', '1', '-b', '100000', '--sse-ping-interval', '1'],
  });

  it('only keep-alives come, ":" lines, and they do not hold the first-token deadline up', async () => {
    let received = '';
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      const onResponseData: typeof handler.onResponseData = (controller, chunk) => {
        received += chunk.toString('utf8');
        handler.onResponseData?.(controller, chunk);
      };
      return dispatch(options, { ...handler, onResponseData });
    });
    const long = [{ role: 'user' as const, content: 'The server is ready . '.repeat(10_000) }];
    const { client } = connect(server.current.url, { dispatcher });
    const { error, events } = await hear(client, long, { timeout: 3500 });
    assert.deepEqual([error?.type, error?.code], ['TIMEOUT_ERROR', 'connection.timeout']);
    assert.match(error?.message ?? '', /no first token .* in 3\.5 s/);
    assert.match(received, /\n\n(:\n\n)+$/);
    assert.ok(events.every(({ type }) => type === 'prompt-progress'));
  });
});

describe('a real llama-server that does not start: exit 1, whatever is wrong', () => {
  const folder = useFolder();
  /** Its exit code, or `ready`. */
  async function outcome(options: Parameters<typeof startServer>[0]): Promise<number | 'ready'> {
    const server = await startServer({ ...options, until: 'started' });
    await until(
      'an end, or a start',
      () => server.child.exitCode !== null || /listening on/.test(server.log()),
    );
    const code = server.child.exitCode ?? 'ready';
    await server.stop();
    return code;
  }

  it('an unknown flag', async () => assert.equal(await outcome({ args: ['--no-such-flag'] }), 1));

  it('a model that is not there', async () =>
    assert.equal(await outcome({ model: join(folder.path, 'nowhere.gguf') }), 1));

  it('a model that is none', async () => {
    const model = join(folder.path, 'broken.gguf');
    writeFileSync(model, 'GGUF, or so it says');
    assert.equal(await outcome({ model }), 1);
  });

  it('a key file that is not there', async () =>
    assert.equal(await outcome({ args: ['--api-key-file', join(folder.path, 'keys')] }), 1));

  it('a port that is taken', async () => {
    const first = await startServer({ args: ['-c', '512'] });
    assert.equal(await outcome({ port: first.port }), 1);
    await first.stop();
  });

  // A user's notes from one build do not fit another's flags.
  for (const [flag, table] of [
    ['--no-mmap', { 'v0.6.0': 1, 'v0.1.0': 'ready' }],
    ['--mlock', { 'v0.6.0': 1, 'v0.1.0': 'ready' }],
    ['--direct-io', { 'v0.6.0': 1, 'v0.1.0': 'ready' }],
    ['--log-jsonl', { 'v0.6.0': 'ready', 'v0.1.0': 1 }],
    ['--load-mode=none', { 'v0.6.0': 'ready', 'v0.1.0': 'ready' }],
  ] as const) {
    it(`${flag}: known to some builds only`, async () => {
      assertOnBuild(await outcome({ args: ['-c', '512', ...flag.split('=')] }), table);
    });
  }
});
