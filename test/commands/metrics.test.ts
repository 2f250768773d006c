import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { cli } from '../support/cli.js';
import { KEY, useServer } from '../support/command-servers.js';
import { both, fails, itTellsCommonFailures } from '../support/common-failures.js';
import { freePort, startServer } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const ROW = {
  target: 'string',
  state: 'string',
  slots: { total: 'number', busy: 'number' },
  deferred: 'number',
  promptTokensPerSecond: 'number',
  generationTokensPerSecond: 'number',
  totals: { promptTokens: 'number', generatedTokens: 'number', cachedTokens: 'number' },
  responseTimeMs: 'number',
  source: 'string',
};

describe('llamactl metrics', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  const router = useServer('router');

  it('gives counters and rates as one document, and as a table', async () => {
    const url = ['--url', plain.current.url];
    await cli(['chat', 'Hello', ...url, '--temperature', '0']);
    const [json, human] = await both(['metrics', ...url]);
    assert.equal(json.code, 0, json.text);
    assert.deepEqual(shape(json.json), { time: 'string', servers: [ROW] });
    const [row] = json.json.servers;
    assert.equal(row.target, new URL(plain.current.url).host);
    assert.ok(row.totals.generatedTokens > 0 && row.generationTokensPerSecond > 0, json.out);
    assert.match(
      human.out,
      /^SERVER +STATE +SLOTS {2}QUEUE {2}PROMPT t\/s {2}GEN t\/s {2}TOKENS IN \/ OUT\n\S+ +ready +0\/2 +0 +[\d,.]+ +[\d,.]+ +[\d,]+ \/ [\d,]+\n$/,
    );
  });

  it("prints the server's own text with --raw", async () => {
    const run = await cli(['metrics', '--url', plain.current.url, '--raw']);
    assert.match(run.out, /^llamacpp:requests_deferred \d/m);
  });

  it('shows every server, also where one of them fails, with the exit code of the first failure', async () => {
    const urls = [plain.current.url, `http://127.0.0.1:${await freePort()}`, keyed.current.url];
    const args = ['metrics', ...urls.flatMap((url) => ['--url', url]), '--retries', '0'];
    const [json, human] = await both(args);
    assert.deepEqual(
      json.json.servers.map((row: { state: string; error?: { code: string } }) => [
        row.state,
        row.error?.code,
      ]),
      [
        ['ready', undefined],
        ['unreachable', 'connection.refused'],
        ['unauthorized', 'auth.missing-key'],
      ],
    );
    assert.ok(json.code === 10 || json.code === 11, json.text);
    assert.match(human.out, /^✗ 127\.0\.0\.1:\d+: nothing listens on 127\.0\.0\.1:\d+$/m);
    assert.equal((await cli([...args.slice(0, 3), '--url', keyed.current.url, '--api-key', KEY])).code, 0);
  });

  it('says that metrics are off, and the flag that turns them on (15)', async () => {
    const server = await startServer({ args: ['-c', '512'] });
    try {
      const [json, human] = await both(['metrics', '--url', server.url]);
      fails(json, 15, 'feature.disabled');
      assert.match(human.err, /--metrics/);
    } finally {
      await server.stop();
    }
  });

  it('leaves a sleeper asleep, unless --wake is given', async () => {
    const server = await startServer({
      args: ['-c', '512', '-np', '1', '--metrics', '--sleep-idle-seconds', '1'],
    });
    const sleeps = async () =>
      ((await (await fetch(`${server.url}/props`)).json()) as { is_sleeping?: boolean }).is_sleeping;
    try {
      for (let look = 0; look < 200 && !(await sleeps()); look++) await setTimeout(100);
      const [json, human] = await both(['metrics', '--url', server.url]);
      const [row] = json.json.servers;
      assert.deepEqual(
        [json.code, row.state, row.source, row.totals.promptTokens],
        [0, 'asleep', 'health', null],
      );
      assert.match(human.out, /asleep/);
      const raw = await cli(['metrics', '--url', server.url, '--raw']);
      assert.deepEqual([raw.code, raw.out], [0, '']);
      assert.match(raw.err, /is asleep: .*--wake/);
      assert.equal(await sleeps(), true);
      const woken = await cli(['metrics', '--url', server.url, '--wake', '--json']);
      assert.equal(woken.json.servers[0].source, 'metrics');
    } finally {
      await server.stop();
    }
  });

  it('says that a router needs the name of a model (12)', async () => {
    fails(await cli(['metrics', '--url', router.current.url, '--json']), 12, 'model.not-found');
  });

  itTellsCommonFailures(['metrics']);
});
