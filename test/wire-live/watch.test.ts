import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf, type ServerRow } from '../../src/services/monitor/track.js';
import { type Tick, watchServers } from '../../src/services/monitor/watch.js';
import { shareServer, startServer, tinyModel } from '../support/real-server.js';
import { ENDLESS, until, useClients, useFolder } from './support.js';

/** Milliseconds: many looks in a short time. */
const FAST = 60;

/** Ticks until one is as wanted, at most so many. */
async function ticksUntil(
  ticks: AsyncIterator<Tick>,
  wanted: (tick: Tick, seen: readonly Tick[]) => boolean | Promise<boolean>,
  most = 400,
): Promise<readonly Tick[]> {
  const seen: Tick[] = [];
  while (seen.length < most) {
    const { value, done } = await ticks.next();
    assert.ok(!done, 'a watch has no end of its own');
    seen.push(value);
    if (await wanted(value, seen)) return seen;
  }
  return assert.fail(`never came: ${JSON.stringify(seen.at(-1))}`);
}

describe('watching a real llama-server', () => {
  const connect = useClients();
  const open: AbortController[] = [];
  afterEach(() => {
    for (const each of open.splice(0)) each.abort();
  });
  const watch = (urls: readonly string[], intervalMs = FAST) => {
    const leave = new AbortController();
    open.push(leave);
    const servers = urls.map((url) => ({ client: connect(url).client, target: new URL(url).host }));
    return watchServers(servers, { intervalMs }, leave.signal);
  };
  const generate = (url: string, body: object) =>
    fetch(`${url}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Hello', ignore_eos: true, cache_prompt: false, ...body }),
    }).then((response) => response.text());
  const one = (tick: Tick): ServerRow => {
    const [row] = tick.servers;
    assert.ok(row);
    return row;
  };

  /** Tokens that the rates of a run add up to. */
  const addUp = (seen: readonly Tick[], rate: (row: ServerRow) => number | null) =>
    seen.slice(1).reduce((sum, tick) => sum + ((rate(one(tick)) ?? 0) * one(tick).intervalMs) / 1000, 0);

  describe('under load', () => {
    // Threads for all requests and our questions: where requests hold them all, a server answers nobody.
    const server = shareServer({
      args: [...ENDLESS, '-np', '3', '--metrics', '--alias', 'tiny', '--threads-http', '16'],
    });

    it("has rates that add up to the server's own totals within 1 %, and never read 0 while a slot generates", async () => {
      const ticks = watch([server.current.url], 100);
      const [first] = await ticksUntil(ticks, () => true);
      assert.ok(first);
      const work = Promise.all([
        generate(server.current.url, { n_predict: 500 }),
        generate(server.current.url, { n_predict: 100 }).then(() =>
          generate(server.current.url, { n_predict: 300, prompt: 'word '.repeat(500) }),
        ),
        ...[1, 2, 3].map(() => generate(server.current.url, { n_predict: 150 })),
      ]);
      let isDone = false;
      void work.then(() => {
        isDone = true;
      });
      const seen = [first, ...(await ticksUntil(ticks, (tick) => isDone && one(tick).state === 'ready'))];
      seen.push(...(await ticksUntil(ticks, () => true)));
      const last = seen.at(-1);
      assert.ok(last);
      for (const row of seen.map(one)) {
        const generating = (row.slotList ?? []).filter(({ phase }) => phase === 'generating');
        if (generating.length > 0) assert.notEqual(row.generationTokensPerSecond, 0);
        for (const slot of generating) assert.notEqual(slot.tokensPerSecond, 0);
      }
      assert.ok(seen.filter((tick) => one(tick).state === 'busy').length > 5, 'it was seen at work');
      const made = (one(last).totals.generatedTokens ?? 0) - (one(first).totals.generatedTokens ?? 0);
      assert.equal(made, 500 + 100 + 300 + 3 * 150);
      const added = addUp(seen, (row) => row.generationTokensPerSecond);
      assert.ok(Math.abs(added - made) / made < 0.01, `${added} of ${made}`);
    });

    it('shows what a slot holds, not twice what it generated, and who waits', async () => {
      const ticks = watch([server.current.url]);
      const work = [1, 2, 3, 4].map(() => generate(server.current.url, { n_predict: 600 }));
      const seen = await ticksUntil(
        ticks,
        (tick) => (one(tick).deferred ?? 0) > 0 && one(tick).slots.busy === 3,
      );
      const row = one(seen.at(-1) as Tick);
      for (const slot of row.slotList ?? [])
        assert.ok(slot.contextTokens <= slot.generatedTokens + 20, JSON.stringify(slot));
      assert.equal(row.state, 'busy');
      assert.equal(row.source, 'metrics');
      assert.ok(row.uptimeMs !== null && !row.uptimeIsMinimum, 'it tells when it started');
      await Promise.all(work);
    });
  });

  it('says that it knows nothing, not that nothing runs, while requests hold all HTTP threads', async () => {
    const server = await startServer({
      args: [...ENDLESS, '-np', '1', '--metrics', '--alias', 'tiny', '--threads-http', '3'],
    });
    try {
      const ticks = watch([server.url]);
      await ticksUntil(ticks, (tick) => one(tick).state === 'ready');
      let isDone = false;
      const work = Promise.all([1, 2, 3, 4].map(() => generate(server.url, { n_predict: 300 }))).then(() => {
        isDone = true;
      });
      const seen = await ticksUntil(ticks, () => isDone);
      await work;
      // The first may have been told before the requests came.
      for (const tick of seen.slice(5, -2)) assert.notEqual(one(tick).generationTokensPerSecond, 0);
    } finally {
      await server.stop();
    }
  });

  it('tells rates from the slots without --metrics, and which flag would tell more', async () => {
    const server = await startServer({ args: [...ENDLESS, '-np', '1', '--alias', 'tiny'] });
    try {
      const ticks = watch([server.url]);
      const work = generate(server.url, { n_predict: 500 });
      const seen = await ticksUntil(ticks, (tick) => (one(tick).generationTokensPerSecond ?? 0) > 0);
      const row = one(seen.at(-1) as Tick);
      assert.deepEqual([row.source, row.missing, row.deferred], ['slots', ['--metrics'], null]);
      await work;
    } finally {
      await server.stop();
    }
  });

  it('lets a sleeper sleep, look after look', async () => {
    const server = await startServer({
      args: ['-c', '512', '-np', '1', '--metrics', '--alias', 'tiny', '--sleep-idle-seconds', '1'],
    });
    const { client } = connect(server.url);
    try {
      // Nobody looks until it sleeps.
      await until('sleep', async () => (await client.props()).is_sleeping === true, { everyMs: 100 });
      const ticks = watch([server.url], 10);
      const seen = await ticksUntil(ticks, (_, all) => all.length === 100);
      assert.deepEqual([...new Set(seen.map((tick) => one(tick).state))], ['asleep']);
      assert.equal((await client.props()).is_sleeping, true);
      assert.doesNotMatch(
        server.log().split('entering sleeping state').at(-1) ?? '',
        /exiting sleeping state/,
      );
    } finally {
      await server.stop();
    }
  });

  it('sees it go, come back as another process, and counts that as a restart', async () => {
    const args = ['-c', '2048', '-np', '1', '--metrics', '--alias', 'tiny'];
    const server = await startServer({ args });
    const ticks = watch([server.url]);
    await generate(server.url, { n_predict: 20 });
    const before = await ticksUntil(ticks, (tick) => (one(tick).totals.generatedTokens ?? 0) >= 20);
    await server.stop();
    const down = await ticksUntil(ticks, (tick) => one(tick).state === 'unreachable');
    const again = await startServer({ args, port: server.port });
    try {
      const back = await ticksUntil(
        ticks,
        (tick) => one(tick).state === 'ready' && one(tick).source === 'metrics',
      );
      const texts = [...before, ...down, ...back].flatMap(({ events }) => events.map(({ text }) => text));
      assert.equal(texts.filter((text) => /nothing listens/.test(text)).length, 1, texts.join());
      assert.ok(texts.includes('ready') && texts.some((text) => text.startsWith('restarted')), texts.join());
      assert.equal(one(back.at(-1) as Tick).restarts, 1);
    } finally {
      await again.stop();
    }
  });
});

describe('watching a real router', () => {
  const connect = useClients();
  const folder = useFolder();

  it('has its models as rows, and loads none', async () => {
    for (const name of ['alpha', 'beta']) symlinkSync(await tinyModel(), join(folder.path, `${name}.gguf`));
    const args = ['--models-dir', folder.path, '--metrics', '-c', '512'];
    const server = await startServer({ model: null, args });
    const { client } = connect(server.url);
    const leave = new AbortController();
    try {
      const ticks = watchServers([{ client, target: 'router' }], { intervalMs: FAST }, leave.signal);
      const states = (tick: Tick) =>
        Object.fromEntries(tick.servers.map((row) => [nameOf(row), row.state as string]));
      const idle = await ticksUntil(ticks, (_, all) => all.length === 20);
      assert.deepEqual(states(idle.at(-1) as Tick), {
        router: 'ready',
        'router alpha': 'unloaded',
        'router beta': 'unloaded',
      });
      await fetch(`${server.url}/models/load`, { method: 'POST', body: JSON.stringify({ model: 'alpha' }) });
      const loaded = await ticksUntil(ticks, (tick) => states(tick)['router alpha'] === 'ready');
      assert.equal(states(loaded.at(-1) as Tick)['router beta'], 'unloaded');
      const alpha = loaded.at(-1)?.servers.find(({ model }) => model === 'alpha');
      assert.deepEqual([alpha?.source, (alpha?.slots.total ?? 0) > 0], ['metrics', true]);
    } finally {
      leave.abort();
      await server.stop('SIGTERM');
    }
  });
});
