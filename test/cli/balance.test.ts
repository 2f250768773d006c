import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/cli.js';
import { freePort, shareServer } from '../support/real-server.js';

describe('a target with several servers, on the command line', function () {
  this.timeout(60_000);
  const first = shareServer({
    args: ['-c', '2048', '-np', '1', '--metrics', '--alias', 'tiny', '--api-key', 'sesame'],
  });
  const second = shareServer({
    args: ['-c', '2048', '-np', '1', '--metrics', '--alias', 'tiny', '--api-key', 'sesame'],
  });
  let folder: string;
  let gone: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-balance-'));
    gone = `http://127.0.0.1:${await freePort()}`;
    const file = {
      targets: {
        farm: { baseUrls: [first.current.url, second.current.url, gone], apiKey: 'sesame' },
        pair: { baseUrls: [first.current.url, second.current.url], apiKey: 'sesame' },
        dead: { baseUrls: [gone, `http://localhost:${await freePort()}`], maxRetries: 0 },
        both: { baseUrl: gone, baseUrls: [gone] },
      },
    };
    writeFileSync(join(folder, 'llamactl.config.json'), JSON.stringify(file), { mode: 0o600 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: readonly string[]) => cli(args, { cwd: folder });

  it('chat is answered by one that is there, and says who is not', async () => {
    const { code, out, err } = await run('chat', 'Hello', '--max-tokens', '8');
    assert.equal(code, 0, err);
    assert.notEqual(out.trim(), '');
    assert.ok(err.includes(`! ${gone} is left out: nothing listens on`), err);
  });

  it('models lists each model once', async () => {
    const { json, err } = await run('models', '--target', 'pair', '--json');
    assert.deepEqual(
      json.models.map(({ id }: { id: string }) => id),
      ['tiny'],
      err,
    );
    assert.equal(err, '');
  });

  it('health has a line for each, and fails where one is not there', async () => {
    const { code, out } = await run('health');
    assert.equal(code, 10);
    for (const url of [first.current.url, second.current.url])
      assert.match(out, new RegExp(`ready .* ${url}\\n`));
    assert.match(out, /✗ nothing listens on/);
    const { json } = await run('health', '--json');
    assert.deepEqual(
      json.targets.map(({ url }: { url: string }) => url),
      [first.current.url, second.current.url, gone],
    );
    assert.equal((await run('health', '--target', 'pair')).code, 0);
  });

  it('metrics has a row for each, named by its host', async () => {
    const { code, json } = await run('metrics', '--target', 'pair', '--json');
    assert.equal(code, 0);
    const hosts = [first, second].map(({ current }) => `pair ${new URL(current.url).host}`);
    assert.deepEqual(
      json.servers.map(({ target }: { target: string }) => target),
      hosts,
    );
  });

  it('diagnose looks at each', async () => {
    const { code, json } = await run('diagnose', '--json');
    assert.equal(code, 1);
    const found = json.targets.map(({ url, rootCause }: { url: string; rootCause: string | null }) => [
      url,
      rootCause,
    ]);
    assert.deepEqual(found[2], [gone, 'connection.refused']);
    assert.equal(found.length, 3);
    const { out } = await run('diagnose');
    assert.ok(out.includes(`farm ${new URL(gone).host}`), out);
  });

  it('config show and validate --live know each address', async () => {
    const { out, json } = await run('config', 'show', '--target', 'farm', '--json');
    assert.deepEqual(json.targets.farm.baseUrls, [first.current.url, second.current.url, gone]);
    assert.ok(!out.includes('sesame'));
    assert.match(
      (await run('config', 'show', '--target', 'farm')).out,
      /baseUrls\[2\] +http.* llamactl\.config\.json:1/,
    );
    const file = join(folder, 'live.json');
    writeFileSync(
      file,
      JSON.stringify({ targets: { farm: { baseUrls: [first.current.url, gone], apiKey: 'sesame' } } }),
      { mode: 0o600 },
    );
    const live = await run('config', 'validate', '--live', file, '--json');
    assert.equal(live.code, 2);
    const errors = live.json.files[0].problems.filter(
      ({ severity }: { severity: string }) => severity === 'error',
    );
    assert.deepEqual(
      errors.map(({ code, path }: { code: string; path: string }) => [code, path]),
      [['connection.refused', 'targets.farm.baseUrls[1]']],
    );
  });

  it('what shows one server wants it named, and keeps its key', async () => {
    for (const command of ['props', 'slots']) {
      const { code, err } = await run(command, '--target', 'pair');
      assert.equal(code, 2);
      assert.ok(err.includes(`--target pair --url ${second.current.url}`), err);
      const named = await run(command, '--target', 'pair', '--url', second.current.url);
      assert.equal(named.code, 0, named.err);
    }
    const elsewhere = await run('props', '--target', 'dead', '--url', second.current.url);
    assert.equal(elsewhere.code, 11, elsewhere.text);
  });

  it('all down is one error with the cause of each; two kinds of address are one too', async () => {
    const { code, json } = await run('chat', 'Hello', '--target', 'dead', '--json');
    assert.equal(code, 10);
    assert.equal(json.error.message, 'none of the 2 servers can be asked');
    assert.equal(json.error.evidence.length, 2);
    const both = await run('chat', 'Hello', '--target', 'both');
    assert.equal(both.code, 2);
    assert.match(both.err, /llamactl\.config\.json:1: baseUrl and baseUrls exclude each other/);
  });
});
