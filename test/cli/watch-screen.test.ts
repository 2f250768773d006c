import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatedFleet } from '../captures/simulated-fleet.js';
import type { CannedServer } from '../support/canned-server.js';
import { frameOf } from '../support/frames.js';
import { freePort, shareServer } from '../support/real-server.js';
import { onTerminal, type Terminal } from '../support/terminal.js';

const UP = '\u001b[A';
const DOWN = '\u001b[B';
const LEFT = '\u001b[D';
const CTRL_C = '\u0003';
const WATCH = ['metrics', 'watch', '--interval', '200ms'];

/** Waits until the screen is as wanted, and gives it. */
async function frame(terminal: Terminal, wanted: (lines: readonly string[]) => boolean) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const lines = frameOf(terminal.raw);
    if (lines !== null && wanted(lines)) return lines;
    if (Date.now() > deadline) assert.fail(`never shown:\n${lines?.join('\n') ?? terminal.raw}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const shows = (pattern: RegExp) => (lines: readonly string[]) => pattern.test(lines.join('\n'));
const marked = (pattern: RegExp) => (lines: readonly string[]) =>
  lines.some((line) => line.startsWith('▸') && pattern.test(line));

async function endsWell(terminal: Terminal, code: number): Promise<string> {
  const end = await terminal.ended();
  assert.equal(end.code, code, end.raw.slice(-500));
  assert.ok(end.restored, 'the terminal is as it was');
  assert.equal(frameOf(end.raw), null, 'the alternate screen is left');
  assert.ok(end.raw.includes('\u001b[?25h'), 'the cursor is back');
  return end.raw;
}

describe('the screen of metrics watch', () => {
  const server = shareServer({ args: ['-c', '2048', '-np', '2', '--metrics', '--alias', 'tiny'] });
  let fleet: readonly CannedServer[];
  before(async () => {
    fleet = await simulatedFleet(30);
  });
  after(() => Promise.all(fleet.map((each) => each.stop())));

  it('fits 80×24: the servers, the selected one in full, what happened; q gives the terminal back', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const terminal = onTerminal([...WATCH, '--url', server.current.url, '--url', gone]);
    const lines = await frame(terminal, shows(/refused 00:0\d[\s\S]*nothing listens/));
    assert.ok(lines.length <= 24, `${lines.length} lines`);
    for (const line of lines) assert.ok([...line].length <= 80, line);
    assert.match(lines[0] ?? '', /^ llamactl · 2 servers · 200 ms +\d\d:\d\d:\d\d {2}q \? ↑↓$/);
    assert.match(lines[1] ?? '', /^ SERVER +STATE +SLOTS +QUEUE +PROMPT t\/s +GEN t\/s +LAST \d+ s$/);
    assert.ok(marked(/✓ ready +0\/2 +0 +0 +0/)(lines), lines.join('\n'));
    assert.ok(shows(/SLOT +PHASE +CONTEXT +GENERATED +t\/s\n 0 +idle/)(lines), lines.join('\n'));
    terminal.type('q');
    await endsWell(terminal, 0);
  });

  it('does what its keys say: arrows, sorting, help, log, pause, interval', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const terminal = onTerminal([...WATCH, '--url', server.current.url, '--url', gone]);
    await frame(terminal, marked(/ready/));
    terminal.type(DOWN);
    await frame(terminal, (lines) => marked(/refused/)(lines) && shows(/llamactl diagnose --url/)(lines));
    terminal.type(UP);
    await frame(terminal, marked(/ready/));
    terminal.type('ss');
    await frame(terminal, (lines) => marked(/refused/)(lines) && shows(/STATE▾/)(lines));
    terminal.type('?');
    await frame(terminal, shows(/Keys\n[\s\S]*leave \(Ctrl-C too\)/));
    terminal.type('l');
    await frame(terminal, (lines) => !shows(/SERVER|Keys/)(lines) && shows(/✗ nothing listens/)(lines));
    terminal.type('l+');
    await frame(terminal, shows(/servers · 250 ms[\s\S]*SERVER/));
    terminal.type('p');
    const [paused] = await frame(terminal, shows(/paused/));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.deepEqual(frameOf(terminal.raw)?.[0], paused, 'nothing moves');
    terminal.type('p');
    await frame(terminal, (lines) => !shows(/paused/)(lines) && lines[0] !== paused);
    terminal.type(CTRL_C);
    await endsWell(terminal, 130);
  });

  it('scrolls many servers, and takes the room that a larger terminal has', async () => {
    const terminal = onTerminal([...WATCH, ...fleet.flatMap(({ url }) => ['--url', url])]);
    await frame(terminal, shows(/rows 1–\d+ of 30/));
    terminal.type('\u001b[F');
    await frame(terminal, (lines) => shows(/–30 of 30/)(lines) && lines.some((line) => line.startsWith('▸')));
    terminal.grow();
    const lines = await frame(terminal, shows(/HEALTH/));
    assert.ok(lines.length <= 40 && lines.length > 24, `${lines.length} lines`);
    for (const line of lines) assert.ok([...line].length <= 120, line);
    terminal.kill('SIGTERM');
    await endsWell(terminal, 143);
  });

  it('records, and shows the recording line by line, as it was', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llamactl-record-'));
    const file = join(folder, 'incident.ndjson');
    try {
      const live = onTerminal([...WATCH, '--url', server.current.url, '--record', file]);
      await frame(live, marked(/ready/));
      const last = await frame(live, () => readFileSync(file, 'utf8').split('\n').length > 4);
      live.type('q');
      await endsWell(live, 0);
      const replay = onTerminal(['metrics', 'watch', '--replay', file]);
      const shown = await frame(replay, marked(/ready/));
      // The head tells the line in place of the interval; what is beneath is the same picture.
      assert.deepEqual(shown.slice(2, 8).map(withoutTimes), last.slice(2, 8).map(withoutTimes));
      const length = Number(/line (\d+) of \1/.exec(shown[0] ?? '')?.[1]);
      assert.ok(length >= 4, shown[0]);
      replay.type(LEFT);
      await frame(replay, shows(new RegExp(`line ${length - 1} of ${length}`)));
      replay.type('\u001b[H');
      await frame(replay, shows(new RegExp(`line 1 of ${length}`)));
      replay.type('p');
      await frame(replay, shows(new RegExp(`line ${length} of ${length}`)));
      replay.type('q');
      await endsWell(replay, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('rings, tells what is wrong in its head, and leaves with 1 where that is wanted', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const args = [...WATCH, '--url', gone, '--alert', 'down for 300ms'];
    const terminal = onTerminal(args);
    await frame(terminal, shows(/!! down for 300ms: 127[\s\S]*✗ alert down for 300ms \(1\)/));
    assert.ok(terminal.raw.includes('\u0007'), 'a bell');
    terminal.type('q');
    await endsWell(terminal, 0);
    await endsWell(onTerminal([...args, '--exit-on-alert']), 1);
  });
});

/** Bars move on, and clocks. */
function withoutTimes(line: string): string {
  return line.replace(/[▁▂▃▄▅▆▇█ ]+$/, '').replace(/\d+(?:\.\d+)? (?:ms|s|min)\b/g, 'T');
}
