import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CannedServer, cannedServer } from '../support/canned-server.js';
import { type CliResult, cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { fails } from '../support/common-failures.js';
import { freePort } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const linesOf = (run: CliResult) =>
  run.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('llamactl metrics watch, not on a terminal', () => {
  const plain = useServer('plain');
  let folder: string;
  let hook: CannedServer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-watch-'));
    hook = await cannedServer({ 'POST /hook': { body: 'ok' } });
  });
  after(async () => {
    await hook.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const watch = (...args: string[]) =>
    cli(['metrics', 'watch', '--url', plain.current.url, '--interval', '100ms', ...args]);

  it('prints a document a line, for as long as it is told to', async () => {
    const run = await watch('--duration', '500ms');
    assert.equal(run.code, 0, run.text);
    const lines = linesOf(run);
    assert.ok(lines.length >= 3, run.out);
    const [row] = lines.at(-1).servers;
    assert.deepEqual(shape({ ...row, slotList: row.slotList.slice(0, 1) }), {
      target: 'string',
      url: 'string',
      model: 'null',
      router: 'boolean',
      state: 'string',
      stateMs: 'number',
      loading: 'null',
      error: 'null',
      slots: { total: 'number', busy: 'number' },
      slotList: [
        {
          id: 'number',
          phase: 'string',
          contextTokens: 'number',
          contextSize: 'number',
          generatedTokens: 'number',
          tokensPerSecond: 'null',
        },
      ],
      deferred: 'number',
      deferredMs: 'number',
      promptTokensPerSecond: 'number',
      generationTokensPerSecond: 'number',
      intervalMs: 'number',
      totals: { promptTokens: 'number', generatedTokens: 'number', cachedTokens: 'number' },
      cacheReuse: shape(row.cacheReuse),
      draftAcceptance: shape(row.draftAcceptance),
      responseTimeMs: 'number',
      uptimeMs: 'number',
      uptimeIsMinimum: 'boolean',
      restarts: 'number',
      modelName: 'string',
      build: 'string',
      source: 'string',
      missing: [],
      restingMs: 'null',
    });
    assert.deepEqual([row.state, row.source, row.restarts], ['ready', 'metrics', 0]);
  });

  it('--once prints one line, with rates; others are there though one is out of reach', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const run = await watch('--once', '--url', gone, '--json');
    const [line, second] = linesOf(run);
    assert.deepEqual([run.code, second], [0, undefined]);
    assert.deepEqual(
      line.servers.map((row: { state: string; generationTokensPerSecond: number | null }) => [
        row.state,
        row.generationTokensPerSecond,
      ]),
      [
        ['ready', 0],
        ['unreachable', null],
      ],
    );
  });

  it('--record adds to a file, which --replay prints as it was', async () => {
    const file = join(folder, 'record.ndjson');
    const first = await watch('--duration', '300ms', '--record', file);
    const second = await watch('--duration', '300ms', '--record', file);
    const recorded = readFileSync(file, 'utf8');
    assert.equal(recorded, first.out + second.out);
    // As a recording that was cut off.
    writeFileSync(file, `${recorded}{"time":"2026-`);
    const replayed = await cli(['metrics', 'watch', '--replay', file]);
    const whole = linesOf(first).concat(linesOf(second));
    assert.deepEqual(
      linesOf(replayed),
      whole.map(({ alerts: _, ...line }) => line),
    );
    const last = await cli(['metrics', 'watch', '--replay', file, '--once']);
    assert.equal(linesOf(last)[0].time, whole.at(-1).time);
  });

  it('an alert is told in the line, to a webhook and to a command, and ends it with 1', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const note = join(folder, 'alert.txt');
    const run = await cli([
      ...['metrics', 'watch', '--url', gone, '--interval', '100ms', '--alert', 'down for 200ms'],
      ...['--exit-on-alert', '--alert-webhook', `${hook.url}/hook`],
      ...['--alert-command', `echo "$LLAMACTL_ALERT $LLAMACTL_ALERT_STATE" > ${note}`],
    ]);
    assert.equal(run.code, 1, run.text);
    const alert = { expression: 'down for 200ms', target: new URL(gone).host, firing: true, value: 1 };
    assert.deepEqual(linesOf(run).at(-1).alerts, [alert]);
    const { time, ...posted } = JSON.parse(hook.requests.at(-1)?.body ?? '');
    assert.deepEqual(posted, alert);
    assert.ok(!Number.isNaN(Date.parse(time)));
    assert.equal(readFileSync(note, 'utf8'), 'down for 200ms firing\n');
  });

  it('a webhook that fails is told, and the watch goes on', async () => {
    const run = await watch(
      '--duration',
      '500ms',
      '--alert',
      'idle>=1',
      '--alert-webhook',
      `${hook.url}/gone`,
    );
    assert.equal(run.code, 0, run.text);
    assert.match(run.err, /^! alert webhook: it answered 404$/m);
  });

  it('--export serves figures to Prometheus, and keeps stdout empty', async () => {
    const port = await freePort();
    let scraped = '';
    const running = cli(
      ['metrics', 'watch', '--url', plain.current.url, '--interval', '100ms', '--export', `:${port}`],
      {
        onSpawn: (child) => {
          child.stderr?.on('data', async () => {
            for (let look = 0; look < 100 && !scraped.includes('llamactl_slots{'); look++) {
              await new Promise((resolve) => setTimeout(resolve, 50));
              scraped = await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
            }
            child.kill('SIGTERM');
          });
        },
      },
    );
    const run = await running;
    assert.deepEqual([run.code, run.out], [143, '']);
    assert.match(run.err, new RegExp(`exporting on http://127\\.0\\.0\\.1:${port}/metrics`));
    const target = `target="${new URL(plain.current.url).host}",model=""`;
    assert.match(scraped, new RegExp(`^llamactl_probe_success\\{${target}\\} 1$`, 'm'));
    assert.match(scraped, new RegExp(`^llamactl_state\\{${target},state="ready"\\} 1$`, 'm'));
    assert.match(scraped, new RegExp(`^llamactl_slots\\{${target}\\} 2$`, 'm'));
  });

  it('ends quietly when nobody reads any more', async () => {
    const run = await cli(['metrics', 'watch', '--url', plain.current.url, '--interval', '100ms'], {
      onSpawn: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    });
    assert.deepEqual([run.code, run.err], [0, '']);
  });

  for (const [what, args, message] of [
    ['an unknown metric', ['--alert', 'defered>3'], /no metric "defered".*"deferred"/],
    ['an alert without a limit', ['--alert', 'deferred'], /is no METRIC OPERATOR NUMBER/],
    ['an interval that is too short', ['--interval', '5ms'], /too short/],
    ['a wrong address', ['--export', 'somewhere'], /no HOST:PORT/],
    ['an action without an alert', ['--exit-on-alert'], /--exit-on-alert is of use only with --alert/],
    ['a recording that is not there', ['--replay', '/nowhere.ndjson'], /nowhere\.ndjson cannot be read/],
  ] as const) {
    it(`${what} is wrong usage (2)`, async () => {
      const run = await cli(['metrics', 'watch', ...args, '--json']);
      fails(run, 2, 'usage.invalid');
      assert.match(run.json.error.message, message);
    });
  }
});

describe('llamactl metrics --format prometheus', () => {
  const plain = useServer('plain');

  it('prints the figures of the exporter once, of servers without --metrics too', async () => {
    const run = await cli(['metrics', '--url', plain.current.url, '--format', 'prometheus']);
    assert.equal(run.code, 0, run.text);
    assert.match(run.out, /^llamactl_generation_tokens_per_second\{target="[^"]+",model=""\} 0$/m);
    assert.match(run.out, /^# TYPE llamactl_probe_success gauge$/m);
  });
});
