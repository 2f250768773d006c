// Pictures of `metrics watch` as it stands on a terminal (tmux), for docs/captures/: one real server under load, five (asleep,
// a router, one that goes and comes back), and sixty simulated ones.
// Run: node --import tsx test/captures/watch.ts   (after npm run build)
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../layout/import-graph.js';
import { BIN } from '../support/cli.js';
import { freePort, startServer, type TestServer, tinyModel } from '../support/real-server.js';
import { simulatedFleet } from './simulated-fleet.js';

const FOLDER = join(ROOT, 'docs', 'captures');
const SIZES = [
  [80, 24],
  [200, 50],
] as const;
const LONG = ['--override-kv', 'llama.context_length=int:1000000'];

const home = mkdtempSync(join(tmpdir(), 'llamactl-captures-'));
const socket = join(home, 'tmux');
mkdirSync(FOLDER, { recursive: true });
try {
  await one();
  await five();
  await sixty();
} finally {
  tmux('kill-server');
  rmSync(home, { recursive: true, force: true });
}

async function one(): Promise<void> {
  const server = await startServer({
    args: ['-c', '200000', '-np', '4', '--metrics', '--alias', 'tiny', ...LONG],
  });
  const leave = load(server.url, 6);
  await capture('1', ['--url', server.url, '--interval', '1s'], 14, async (name, keys) => {
    if (name !== '1-80x24') return;
    await keys('?', 'help-80x24');
    await keys('l', 'log-80x24');
    await keys('l');
  });
  leave.abort();
  await server.stop();
}

async function five(): Promise<void> {
  const models = mkdtempSync(join(home, 'models-'));
  execFileSync('cp', [await tinyModel(), join(models, 'alpha.gguf')]);
  execFileSync('cp', [await tinyModel(), join(models, 'beta.gguf')]);
  const [busy, plain, sleeper, router] = await Promise.all([
    startServer({ args: ['-c', '64000', '-np', '4', '--metrics', '--alias', 'tiny', ...LONG] }),
    startServer({ args: ['-c', '4096', '-np', '2', '--alias', 'tiny'] }),
    startServer({ args: ['-np', '1', '--metrics', '--alias', 'tiny', '--sleep-idle-seconds', '2'] }),
    startServer({ model: null, args: ['--models-dir', models, '--metrics'] }),
  ]);
  const gone = `http://127.0.0.1:${await freePort()}`;
  await fetch(`${router.url}/models/load`, { method: 'POST', body: JSON.stringify({ model: 'alpha' }) });
  const loads = [load(busy.url, 5), load(router.url, 1, 'alpha')];
  const urls = [busy.url, plain.url, sleeper.url, router.url, gone].flatMap((url) => ['--url', url]);
  let revived: TestServer | undefined;
  await capture(
    '5',
    [...urls, '--interval', '1s', '--alert', 'deferred>0 for 3s'],
    15,
    async (name, _keys) => {
      if (name !== '5-80x24') return;
      await busy.stop();
      await sleep(3000);
      snap('5-down-80x24');
      revived = await startServer({ port: busy.port, args: ['-np', '4', '--metrics', '--alias', 'tiny'] });
      loads.push(load(busy.url, 2));
      await sleep(5000);
      snap('5-restarted-80x24');
    },
  );
  for (const each of loads) each.abort();
  await Promise.all(
    [plain, sleeper, router, ...(revived === undefined ? [busy] : [revived])].map((each) => each.stop()),
  );
}

async function sixty(): Promise<void> {
  const fleet = await simulatedFleet(59);
  const gone = `http://127.0.0.1:${await freePort()}`;
  const targets = Object.fromEntries(
    [...fleet.map(({ url }) => url), gone].map((url, index) => [
      `gpu${String(index + 1).padStart(2, '0')}`,
      { provider: 'llama-cpp', baseUrl: url },
    ]),
  );
  writeFileSync(join(home, 'llamactl.config.json'), JSON.stringify({ targets }));
  await capture('60', ['--target', 'all', '--interval', '1s'], 40, async (name, keys) => {
    if (name !== '60-80x24') return;
    await keys('NPage', 'Down', '60-scrolled-80x24');
    await keys('s', 's', '60-by-state-80x24');
  });
  await Promise.all(fleet.map((each) => each.stop()));
}

/** Requests one after the other, so many at a time, until it is left. */
function load(url: string, concurrency: number, model?: string): AbortController {
  const leave = new AbortController();
  const ask = async (index: number) => {
    for (let round = 0; !leave.signal.aborted; round++) {
      await fetch(`${url}/completion`, {
        method: 'POST',
        signal: leave.signal,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          prompt: `Request ${index} ${round}: ${'tell me more about it. '.repeat(40 * (index + 1))}`,
          n_predict: 2000 + 1500 * index,
          ignore_eos: true,
          ...(model === undefined ? {} : { model }),
        }),
      })
        .then((response) => response.arrayBuffer())
        .catch(() => sleep(300));
    }
  };
  for (let index = 0; index < concurrency; index++) void ask(index);
  return leave;
}

/** Runs the watch at each size, and keeps what the screen shows after so many seconds. */
async function capture(
  name: string,
  args: readonly string[],
  seconds: number,
  more: (name: string, keys: (...keysAndName: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const [columns, rows] of SIZES) {
    const command = [process.execPath, BIN, 'metrics', 'watch', ...args].map((word) => `'${word}'`).join(' ');
    tmux(
      '-f',
      '/dev/null',
      '-u',
      'new-session',
      '-d',
      '-s',
      'w',
      '-c',
      home,
      '-x',
      `${columns}`,
      '-y',
      `${rows}`,
      command,
    );
    tmux('set', '-g', 'status', 'off');
    await sleep(seconds * 1000);
    const full = `${name}-${columns}x${rows}`;
    snap(full);
    await more(full, async (...keysAndName) => {
      const picture = /-\d+x\d+$/.test(keysAndName.at(-1) ?? '') ? keysAndName.pop() : undefined;
      for (const key of keysAndName) tmux('send-keys', '-t', 'w', key);
      await sleep(600);
      if (picture !== undefined) snap(picture);
    });
    tmux('send-keys', '-t', 'w', 'q');
    await sleep(700);
  }
}

function snap(name: string): void {
  const text = tmux('capture-pane', '-p', '-t', 'w');
  writeFileSync(join(FOLDER, `watch-${name}.txt`), text);
  process.stdout.write(`${name}\n${text}\n`);
}

function tmux(...args: string[]): string {
  try {
    return execFileSync('tmux', ['-S', socket, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8', TERM: 'xterm-256color', NO_COLOR: '1' },
    });
  } catch (error) {
    if (args[0] === 'kill-server') return '';
    throw error;
  }
}
