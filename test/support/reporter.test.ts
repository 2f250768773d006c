import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MOCHA = fileURLToPath(new URL('../../node_modules/mocha/bin/_mocha', import.meta.url));
const REPORTER = fileURLToPath(new URL('./reporter.cjs', import.meta.url));

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly realServer: number;
}

/** Runs mocha on made-up files. `serverUsed()` stands for the use of a real server. */
async function run(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<{ text: string; exit: number; counts: Counts | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-reporter-'));
  const counts = join(folder, 'counts.json');
  const prelude =
    "const assert = require('node:assert/strict'); const serverUsed = () => { const use = globalThis.llamactlTestRun; use.users.add(use.running); };\n";
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), prelude + text);
  try {
    const { text, exit } = await new Promise<{ text: string; exit: number }>((resolve) =>
      execFile(
        process.execPath,
        [MOCHA, '--no-config', '--reporter', REPORTER, ...args, ...Object.keys(files)],
        { cwd: folder, env: { PATH: process.env['PATH'], LLAMACTL_TEST_COUNTS: counts } },
        (error, out, err) =>
          resolve({ text: out + err, exit: typeof error?.code === 'number' ? error.code : 0 }),
      ),
    );
    const counted = existsSync(counts) ? (JSON.parse(readFileSync(counts, 'utf8')) as Counts) : null;
    return { text, exit, counts: counted };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TWO = "it('one', () => {}); it('two', () => {});";

describe("the tests' reporter", () => {
  it('tells a line a file and the sum', async () => {
    const { text, exit, counts } = await run({
      'a.cjs': `describe('a', () => { ${TWO} }); describe('more of a', () => { ${TWO} });`,
      'b.cjs': `it('on its own', () => {});`,
    });
    assert.deepEqual(counts, { passed: 5, failed: 0, skipped: 0, realServer: 0 });
    assert.equal(exit, 0);
    assert.match(text, /^✓ a\.cjs: 4 passed/m);
    assert.match(text, /^✓ b\.cjs: 1 passed/m);
    assert.match(text, /^5 passed, 0 failed, 0 skipped/m);
  });

  it('shows a failure in full: title, message, difference, cause, place', async () => {
    const { text, exit, counts } = await run({
      'a.cjs': `describe('outer', () => { ${TWO}
        it('differs', () => assert.deepEqual({ a: 1, b: 'x' }, { a: 1, b: 'y' }));
        it('has a cause', () => { throw new Error('line 1\\nline 2', { cause: new Error('the cause') }); }); });`,
    });
    assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 0, realServer: 0 });
    assert.notEqual(exit, 0);
    for (const part of ['outer', 'differs', "b: 'x'", "b: 'y'", 'line 2', 'the cause', 'a.cjs:3'])
      assert.ok(text.includes(part), `${part} is not in:\n${text}`);
  });

  for (const hook of ['before', 'beforeEach']) {
    it(`counts every test that a failing ${hook} keeps from running as failed, and names it`, async () => {
      const { text, exit, counts } = await run({
        'a.cjs': `describe('a', () => { ${hook}(() => { throw new Error('no server'); }); ${TWO} describe('inner', () => { it('three', () => {}); }); });`,
        'b.cjs': `describe('b', () => { ${TWO} });`,
      });
      assert.deepEqual(counts, { passed: 2, failed: 3, skipped: 0, realServer: 0 });
      assert.notEqual(exit, 0);
      assert.match(text, /^✗ a\.cjs: 0 passed, 3 FAILED \(3 did not run\)/m);
      assert.match(text, /^✓ b\.cjs: 2 passed/m);
      assert.match(text, /Error: no server/);
      assert.match(text, /a\.cjs: a inner three/);
    });
  }

  it('counts those that a failing afterEach keeps from running', async () => {
    const { counts } = await run({
      'a.cjs': `describe('a', () => { afterEach(() => { throw new Error('no'); }); ${TWO} });`,
    });
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0, realServer: 0 });
  });

  it('counts a failing after as one more failure, since all tests ran', async () => {
    const { text, exit, counts } = await run({
      'a.cjs': `describe('a', () => { after(() => { throw new Error('still running'); }); ${TWO} });`,
    });
    assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 0, realServer: 0 });
    assert.notEqual(exit, 0);
    assert.match(text, /Error: still running/);
  });

  it('counts the tests of every file where a hook of the whole run fails', async () => {
    const { text, counts } = await run({
      'a.cjs': `before(() => { throw new Error('no'); }); describe('a', () => { ${TWO} });`,
      'b.cjs': `describe('b', () => { ${TWO} });`,
    });
    assert.deepEqual(counts, { passed: 0, failed: 4, skipped: 0, realServer: 0 });
    assert.match(text, /^✗ b\.cjs: 0 passed, 2 FAILED \(2 did not run\)/m);
  });

  it('counts a test that fails after it has passed, and what the abandoned run leaves out', async () => {
    const { exit, counts } = await run({
      'a.cjs': `describe('a', () => {
        it('passes too soon', () => { setTimeout(() => { throw new Error('late'); }, 20); });
        after(() => new Promise((resolve) => setTimeout(resolve, 200)));
      });
      describe('b', () => { ${TWO} });`,
    });
    assert.ok(counts !== null);
    assert.ok(counts.failed > 0, JSON.stringify(counts));
    assert.notEqual(exit, 0);
  });

  it('counts skipped tests as skipped, and as failed where they are forbidden', async () => {
    const files = {
      'a.cjs': `describe('a', () => { it('later'); it.skip('off', () => {}); it('on', () => {}); });`,
    };
    assert.deepEqual((await run(files)).counts, { passed: 1, failed: 0, skipped: 2, realServer: 0 });
    assert.deepEqual((await run(files, ['--forbid-pending'])).counts, {
      passed: 1,
      failed: 2,
      skipped: 0,
      realServer: 0,
    });
  });

  it('counts what was asked for, where a part was asked for', async () => {
    const files = { 'a.cjs': `describe('a', () => { ${TWO} });` };
    assert.deepEqual((await run(files, ['--grep', 'one'])).counts, {
      passed: 1,
      failed: 0,
      skipped: 0,
      realServer: 0,
    });
    const inverted = await run(files, ['--grep', 'one', '--invert']);
    assert.equal(inverted.counts?.passed, 1);
  });

  it('tells how many tests used a real server: by themselves, or by a hook of their suite', async () => {
    const { counts } = await run({
      'a.cjs': `describe('a', () => { it('alone', () => {}); it('uses', serverUsed); it('alone too', () => {});
        describe('shared', () => { before(serverUsed); ${TWO} });
        describe('each', () => { beforeEach(serverUsed); ${TWO} }); });`,
      'b.cjs': `describe('b', () => { before(() => { serverUsed(); throw new Error('not there'); }); ${TWO} });`,
    });
    assert.deepEqual(counts, { passed: 7, failed: 2, skipped: 0, realServer: 5 });
  });

  it('leaves no counts behind where a file cannot be loaded, so that the caller sees a crash', async () => {
    const { exit, counts, text } = await run({ 'a.cjs': "throw new Error('at load');" });
    assert.equal(counts, null);
    assert.notEqual(exit, 0);
    assert.match(text, /at load/);
  });
});
