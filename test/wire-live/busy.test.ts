import assert from 'node:assert/strict';
import type { LlamaCppClient } from '../../src/client/llama-client.js';
import { checkHealth } from '../../src/services/health.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, ENDLESS, failureOf, hear, hello, partialOf, until, useClients } from './support.js';

describe('a real llama-server that is busy', () => {
  const server = shareServer({ args: [...ENDLESS, '-np', '1', '--metrics', '--alias', 'tiny'] });
  let watcher: LlamaCppClient;
  // Before the hook that ends the clients.
  afterEach('free', () => until('a free slot', async () => !(await isBusy())));
  const connect = useClients();
  beforeEach(() => {
    watcher = connect(server.current.url).client;
  });
  const isBusy = async () => (await watcher.slots()).some(({ is_processing: busy }) => busy);

  /** Runs something while the only slot answers somebody else, without an end. */
  async function whileBusy<T>(act: () => Promise<T>): Promise<T> {
    const leave = new AbortController();
    const other = hear(connect(server.current.url).client, hello, { signal: leave.signal });
    try {
      await until('a busy slot', isBusy);
      return await act();
    } finally {
      leave.abort();
      await other;
    }
  }

  it('/health answers 200 all the same', () =>
    whileBusy(async () => {
      const { report } = await checkHealth(connect(server.current.url).client);
      assert.deepEqual([report.status, report.ready], ['ready', true]);
    }));

  it('/slots?fail_on_no_slot=1 says 503, busy, exit 14, and 200 with a slot free', async () => {
    const ask = () =>
      connect(server.current.url).client.request({ method: 'GET', path: '/slots?fail_on_no_slot=1' });
    assert.equal((await ask()).status, 200);
    await whileBusy(async () => {
      const error = await failureOf(ask());
      assert.deepEqual([error.type, error.code, error.exit], ['SERVER_OVERLOADED', 'server.busy', 14]);
      assert.match(error.evidence[0] ?? '', /→ 503 "no slot available"/);
    });
  });

  it('the 503 for no slot comes without Retry-After', () =>
    whileBusy(async () => {
      const { client, exchanges } = connect(server.current.url);
      await failureOf(client.request({ method: 'GET', path: '/slots?fail_on_no_slot=1' }));
      assert.equal(exchanges[0]?.status, 503);
      assert.equal('retry-after' in (exchanges[0]?.responseHeaders ?? {}), false);
    }));

  it('further requests queue: requests_deferred counts them, and they are answered in the end', async () => {
    let queued: Promise<{ content: string }> | undefined;
    await whileBusy(async () => {
      const { client } = connect(server.current.url);
      queued = client.chat(hello, [], { temperature: 0, maxTokens: 20 });
      await until('a deferred request', async () => (await client.metrics()).metrics.requestsDeferred === 1);
      assert.equal((await client.metrics()).metrics.requestsProcessing, 1);
    });
    assert.match((await queued)?.content ?? '', ANSWER);
  });

  it('a completion with a deadline tells that nothing is answered, where /health is 200: exit 16', () =>
    whileBusy(async () => {
      const { client } = connect(server.current.url);
      const error = await failureOf(client.completion({ prompt: 'Hello', maxTokens: 1 }, { timeout: 300 }));
      assert.deepEqual([error.type, error.code, error.exit], ['TIMEOUT_ERROR', 'connection.timeout', 16]);
      assert.match(error.message, /did not answer in 300 ms/);
    }));

  it('a queued stream sends nothing, not even a head: the first-token deadline ends it', () =>
    whileBusy(async () => {
      const { client, exchanges } = connect(server.current.url);
      const { error, events } = await hear(client, hello, { timeout: 300 });
      assert.deepEqual([error?.type, error?.code, events], ['TIMEOUT_ERROR', 'connection.timeout', []]);
      assert.match(error?.message ?? '', /no first token .* in 300 ms/);
      assert.ok(
        exchanges.every(({ status }) => status === null),
        JSON.stringify(exchanges),
      );
    }));

  it('leaving a stream early frees its slot', async () => {
    const { content } = await hear(
      connect(server.current.url).client,
      hello,
      {},
      ({ type }) => type !== 'content',
    );
    assert.equal(content, ' The');
    await until('a free slot', async () => !(await isBusy()));
  });

  it('leaving a whole answer frees its slot too, once the server looks: each second in which nobody asks it', async () => {
    const { client } = connect(server.current.url);
    await failureOf(client.completion({ prompt: 'Hello', maxTokens: 1_000_000 }, { timeout: 300 }));
    // Each answer to somebody else, /slots too, makes the server's wait for the next second begin anew.
    await until('a free slot', async () => !(await isBusy()), { everyMs: 1500 });
  });
});

describe('a real llama-server that is wedged', () => {
  const server = shareServer({ args: [...ENDLESS, '--alias', 'tiny'] });
  const connect = useClients();
  const short = { maxTokens: 20, temperature: 0 };

  beforeEach('stop its threads', async () => {
    server.current.pause();
    const { client } = connect(server.current.url);
    // A signal takes its time: the last thread may answer once more.
    await until('silence', () =>
      client.health({ timeout: 100 }).then(
        () => false,
        () => true,
      ),
    );
  });
  afterEach('and let them go on', () => server.current.resume());

  it('GET /health: it accepts and never answers: wedged, exit 16, not "refused"', async () => {
    const error = await failureOf(connect(server.current.url, { timeout: 300 }).client.health());
    assert.deepEqual([error.type, error.code, error.exit], ['TIMEOUT_ERROR', 'server.wedged', 16]);
    assert.match(error.message, /accepts connections but does not answer in 300 ms/);
  });

  it('health says unresponsive', async () => {
    const { report } = await checkHealth(connect(server.current.url).client, undefined, 300);
    assert.deepEqual([report.status, report.ready, report.responseTimeMs], ['unresponsive', false, null]);
  });

  it('a chat is not asked again with ever longer deadlines: after the first, /health tells it is wedged', async () => {
    const { client, steps } = connect(server.current.url, { timeout: 300, maxRetries: 3 });
    const error = await failureOf(client.chat(hello, [], short));
    assert.equal(error.code, 'server.wedged');
    assert.deepEqual(steps, []);
  });

  it('the same for a stream', async () => {
    const { client } = connect(server.current.url, { timeout: 300, maxRetries: 3 });
    assert.equal((await hear(client, hello, short)).error?.code, 'server.wedged');
  });

  it('a stop in mid-answer: what came is kept, and the silence is told after the idle deadline', async () => {
    server.current.resume();
    const { client } = connect(server.current.url, { timeout: 15_000, idleTimeout: 300 });
    const { error, content } = await hear(client, hello, {}, ({ type }) => {
      if (type === 'content') server.current.pause();
      return undefined;
    });
    assert.deepEqual([error?.type, error?.code, error?.exit], ['STREAMING_ERROR', 'stream.idle-timeout', 17]);
    assert.match(error?.message ?? '', /nothing came in 300 ms/);
    assert.ok(content.length > 0);
    assert.equal(partialOf(error), content);
  });

  it('it answers once its threads go on', async () => {
    const { client } = connect(server.current.url);
    const asked = client.chat(hello, [], short);
    setTimeout(() => server.current.resume(), 300);
    assert.match((await asked).content, ANSWER);
  });
});
