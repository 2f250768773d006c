import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { BIN, cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { onTerminal } from '../support/terminal.js';

/** Through a shell, as pipes are made; the program is \$L. */
function shell(line: string) {
  const { stdout, stderr } = spawnSync('bash', ['-c', line], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      L: `"${process.execPath}" "${BIN}"`,
      NO_COLOR: '1',
    },
  });
  return { out: stdout, err: stderr };
}

describe('output', () => {
  const plain = useServer('plain');

  it('ends quietly where a reader has enough: no EPIPE, no stack', () => {
    for (const args of [
      'explain --list',
      'explain --list --json',
      'chat --help',
      '--help',
      'explain context.overflow',
    ]) {
      const { out, err } = shell(`eval "$L ${args}" | head -1; echo "exit \${PIPESTATUS[0]}"`);
      assert.match(out, /^.+\nexit 0\n$/, args);
      assert.equal(err, '', args);
    }
    const { out } = shell('eval "$L helth" 2>&1 | head -1');
    assert.equal(out, '✗ there is no command "helth"\n');
  });

  it('says that a disk is full, and fails (2)', () => {
    // Linux has a device for it; elsewhere there is no way to try.
    if (!existsSync('/dev/full')) return assert.notEqual(process.platform, 'linux');
    const { out, err } = shell('eval "$L explain --list" > /dev/full; echo "exit $?"');
    assert.equal(out, 'exit 2\n');
    assert.match(err, /^✗ stdout cannot be written: ENOSPC/);
    assert.doesNotMatch(err, /\n\s+at /);
  });

  it('is one JSON document and nothing else under --json, whatever happens', async () => {
    const url = ['--url', plain.current.url];
    const runs = await Promise.all([
      cli(['chat', 'Hello', ...url, '--json', '--stats', '--verbose', '--model', 'nope']),
      cli(['metrics', ...url, '--json', '--raw']),
      cli(['props', ...url, '--json', '--raw']),
      cli(['bogus', '--json']),
    ]);
    for (const run of runs) assert.equal(typeof run.json, 'object', run.out);
  });

  it('is coloured on a terminal only, and not with --no-color or NO_COLOR', async () => {
    const args = ['explain', 'disk is fine'];
    const colour = '\x1b[3';
    const [piped, flag, env] = await Promise.all([
      cli(['health', '--url', plain.current.url], { env: { NO_COLOR: '' } }),
      cli(['health', '--url', plain.current.url, '--no-color'], { env: { NO_COLOR: '', FORCE_COLOR: '1' } }),
      cli(['health', '--url', plain.current.url], { env: { FORCE_COLOR: '1' } }),
    ]);
    for (const run of [piped, flag, env]) assert.ok(!run.text.includes(colour), JSON.stringify(run.text));
    const forced = await cli(['health', '--url', plain.current.url], {
      env: { NO_COLOR: '', FORCE_COLOR: '1' },
    });
    assert.ok(forced.out.includes(colour), JSON.stringify(forced.out));
    const terminal = onTerminal(args);
    assert.ok(!(await terminal.ended()).raw.includes(colour));
  });

  it('stays inside 40, 80 and 120 columns, but for what is to be copied', async () => {
    const url = ['--url', plain.current.url];
    const refused = ['slots', '--url', 'http://127.0.0.1:1', '--retries', '0'];
    for (const COLUMNS of ['40', '80', '120']) {
      const runs = await Promise.all(
        [['props', ...url], ['diagnose', ...url], refused].map((args) => cli(args, { env: { COLUMNS } })),
      );
      for (const line of runs.flatMap(({ text }) => text.split('\n'))) {
        // A command stands alone at four blanks; a path or an address is one word.
        const isCopied = /^ {4}\S/.test(line) || !line.slice(16).trim().includes(' ');
        assert.ok(line.length <= Number(COLUMNS) || isCopied, `${COLUMNS}: ${line}`);
      }
    }
  });

  it('shows exchanges with --verbose as curl does, the key masked', async () => {
    const run = await cli(['health', '--url', plain.current.url, '--verbose', '--api-key', 'sk-verbose-81']);
    assert.match(run.err, /^> GET http:\S+\/health$/m);
    assert.match(run.err, /^> authorization: Bearer \*\*\*$/m);
    assert.match(run.err, /^< 200 · \d+ ms$/m);
    assert.match(run.err, /^< server: llama\.cpp$/m);
  });

  it('does without a spinner on a terminal that does not tell its size, where it would clear lines for ever', async () => {
    const { code, screen, raw } = await onTerminal(
      ['provider', 'test', '--url', plain.current.url],
      0,
    ).ended();
    assert.equal(code, 0, screen.slice(0, 500));
    assert.match(screen, /^✓ chat /m);
    assert.ok(raw.length < 10_000, `${raw.length} characters`);
  });
});
