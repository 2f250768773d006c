import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BIN, cli } from '../support/cli.js';
import { onTerminal } from '../support/terminal.js';

const KEY = 'sk-keyring-secret';
const CONFIG = {
  targets: {
    gpu1: { baseUrl: 'http://127.0.0.1:9', apiKeyKeyring: 'gpu1' },
    theirs: { baseUrl: 'http://127.0.0.1:9', apiKeyKeyring: { service: 'my-tools', account: 'x' } },
  },
};

/**
 * Without a D-Bus session there is no keyring on Linux, which is what servers and CI have. With a real GNOME Keyring it was
 * seen to work by hand: docs/development.md says how.
 */
describe('a key in the keyring', () => {
  let cwd: string;
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-keyring-'));
    writeFileSync(join(cwd, 'llamactl.config.json'), JSON.stringify(CONFIG), { mode: 0o600 });
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));

  it('where there is none: exit 2, what is missing, and what to do instead', async () => {
    const { code, json } = await cli(['health', '--target', 'gpu1', '--json'], { cwd });
    assert.deepEqual([code, json.error.code], [2, 'config.invalid']);
    assert.match(
      json.error.message,
      /^llamactl\.config\.json:1: the keyring of this system cannot be used: /,
    );
    assert.ok(json.error.suggestions.includes('install -m 600 /dev/stdin ~/.config/llamactl/api.key'));
  });

  it('config show and validate name it, and open no keyring', async () => {
    const { code, json } = await cli(['config', 'show', '--json'], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(json.targets.theirs.apiKeyKeyring, { service: 'my-tools', account: 'x' });
    assert.deepEqual([json.targets.gpu1.apiKey, json.targets.gpu1.apiKeyKeyring], ['***', 'gpu1']);
    assert.equal((await cli(['config', 'validate'], { cwd })).code, 0);
  });

  it('set-key tells that there is none, and never shows the key', async () => {
    const { code, text: told } = await cli(['config', 'set-key', 'gpu1'], { cwd, input: `${KEY}\n` });
    assert.equal(code, 2);
    assert.match(told, /the keyring of this system cannot be used/);
    assert.ok(!told.includes(KEY));
  });

  it('set-key asks on a terminal without showing what is typed, and leaves the terminal as it was', async () => {
    const terminal = onTerminal(['config', 'set-key', 'gpu1']);
    await terminal.until(/API key for gpu1/);
    terminal.type(`${KEY}\r`);
    const { code, screen, restored } = await terminal.ended();
    assert.deepEqual([code, restored], [2, true]);
    assert.match(screen, /the keyring of this system cannot be used/);
    assert.ok(!screen.includes(KEY.slice(0, 6)));
  });

  it('set-key refuses what is no key, before any keyring is asked', async () => {
    for (const [input, says] of [
      ['', /there is no text/],
      ['one\ntwo', /no header can carry/],
      ['ключ', /no header can carry/],
      ['k'.repeat(3000), /3000 characters/],
    ] as const) {
      const { code, err } = await cli(['config', 'set-key', 'gpu1'], { cwd, input });
      assert.equal(code, 2);
      assert.match(err, says);
    }
    const asArgument = await cli(['config', 'set-key', 'gpu1', KEY], { cwd });
    assert.equal(asArgument.code, 2);
    assert.ok(!asArgument.text.includes(KEY), 'a key that is given as an argument is not repeated');
  });

  it('is told what to install where the optional package is not there', async () => {
    // The program alone, as `npm install --omit=optional` leaves it.
    const root = dirname(dirname(BIN));
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(root, part), join(cwd, 'installed', part), { recursive: true });
    const child = spawn(process.execPath, [join(cwd, 'installed/bin/run.js'), 'health', '--target', 'gpu1'], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [told, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once('close', resolve)),
    ]);
    assert.equal(code, 2);
    assert.match(told.replace(/\s+/g, ' '), /the optional package @napi-rs\/keyring is not installed/);
  });
});
