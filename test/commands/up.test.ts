import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { fails } from '../support/common-failures.js';
import { serverBinary } from '../support/real-server.js';
import { shape } from '../support/shape.js';

describe('llamactl up', () => {
  const plain = useServer('plain');
  let cache: string;

  before(() => {
    cache = mkdtempSync(join(tmpdir(), 'llamactl-up-'));
  });
  after(() => rmSync(cache, { recursive: true, force: true }));

  const up = (args: readonly string[], onSpawn?: (child: ChildProcess) => void) =>
    cli(['up', ...args], {
      env: { LLAMA_SERVER_BIN: serverBinary(), XDG_CACHE_HOME: cache },
      ...(onSpawn === undefined ? {} : { onSpawn }),
    });

  it('starts a server, says where it is in one document, and stops it on Ctrl-C', async () => {
    const run = await up(['--tiny', '--port', '0', '--json'], (child) =>
      child.stdout?.once('data', () => child.kill('SIGINT')),
    );
    assert.equal(run.code, 0, run.text);
    assert.deepEqual(shape(run.json), { url: 'string', pid: 'number', model: 'string', port: 'number' });
    assert.equal(run.json.model, 'tiny');
    assert.match(run.err, /^stopping; Ctrl-C again kills it$/m);
    await assert.rejects(fetch(`${run.json.url}/health`));
    assert.throws(() => process.kill(run.json.pid, 0), /ESRCH/);
  });

  it('says what to type next', async () => {
    const run = await up(['--tiny', '--port', '0'], (child) =>
      child.stdout?.once('data', () => child.kill('SIGTERM')),
    );
    assert.match(run.out, /^✓ http:\/\/127\.0\.0\.1:\d+ · llama-server .*tiny/);
    assert.match(run.out, /^ {4}llamactl chat 'Hello' --url http:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(run.err, /^… starting \S+llama-server$/m);
  });

  it('explains a start that fails from its log', async () => {
    const run = await up(['--tiny', '--port', '0', '--json', '--', '--no-such-option']);
    fails(run, 10, 'server.bad-argument');
    assert.match(run.json.error.message, /--no-such-option/);
  });

  it('says who has the port', async () => {
    const run = await up(['--tiny', '--port', String(plain.current.port), '--json']);
    fails(run, 10, 'server.port-in-use');
    assert.match(run.json.error.message, new RegExp(`^port ${plain.current.port} is taken: llama-server`));
  });

  it('says which model file is missing (12)', async () => {
    fails(await up(['/no/such/model.gguf', '--json']), 12, 'model.file-missing');
  });

  it('says what is wrong with how it was called (2)', async () => {
    const runs = await Promise.all(
      [
        [],
        ['--tiny', 'a.gguf'],
        ['--tiny', '--port', '99999'],
        ['--yes'],
        ['--tiny', '--bin', '/nowhere'],
      ].map((args) => up([...args, '--json'])),
    );
    for (const run of runs) fails(run, 2);
    assert.deepEqual(
      runs.slice(2, 4).map(({ json }) => json.error.message),
      ['--port: "99999" is not a whole number up to 65535', '--yes is of use only with --install'],
    );
  });
});
