import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { cli } from '../support/cli.js';
import { fakeDocker } from '../support/fake-docker.js';
import { freePort, shareServer, startServer, type TestServer } from '../support/real-server.js';

describe('diagnose', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny', '--metrics'] });
  const diagnose = (...args: string[]) => cli(['diagnose', '--url', server.current.url, ...args]);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-modes-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('--list-checks asks no server', async () => {
    const { code, json } = await cli(['diagnose', '--list-checks', '--json']);
    assert.equal(code, 0);
    assert.ok(json.checks.some(({ id }: { id: string }) => id === 'generation.answers'));
  });

  it('--only runs a check with what it needs, --skip leaves one out, a typo is exit 2', async () => {
    const only = await diagnose('--only', 'key.accepted', '--json');
    assert.equal(only.json.checks.at(-1).id, 'key.accepted');
    assert.equal(only.json.facts.generation.state, 'not-asked');
    const skip = await diagnose('--skip', 'generation.*', '--json');
    assert.equal(skip.json.facts.generation.state, 'not-asked');
    assert.equal((await diagnose('--only', 'nowhere.*')).code, 2);
  });

  it('--strict and --fail-on decide the exit code of a warning', async () => {
    const warned = ['--model', 'other'];
    assert.equal((await diagnose(...warned)).code, 0);
    assert.equal((await diagnose(...warned, '--strict')).code, 3);
    assert.equal((await diagnose(...warned, '--fail-on', 'warning')).code, 1);
    assert.equal((await diagnose(...warned, '--fail-on', 'model.not-found')).code, 1);
    assert.equal((await diagnose(...warned, '--fail-on', 'server.busy')).code, 0);
    assert.equal((await diagnose('--fail-on', 'nothing-known')).code, 2);
  });

  it('--fail-on never lets a pipeline go on', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, json } = await cli(['diagnose', '--url', url, '--fail-on', 'never', '--json']);
    assert.deepEqual([code, json.verdict], [0, 'problem']);
  });

  it('writes several formats at once', async () => {
    const file = (name: string) => join(folder, 'reports', name);
    const { code, out } = await diagnose(
      '--output',
      `junit=${file('a.xml')}`,
      '--output',
      `sarif=${file('b.sarif')}`,
    );
    assert.equal(code, 0);
    assert.match(out, /^✓/);
    assert.match(readFileSync(file('a.xml'), 'utf8'), /^<\?xml/);
    assert.equal(JSON.parse(readFileSync(file('b.sarif'), 'utf8')).version, '2.1.0');
    assert.equal((await diagnose('--output', 'pdf=x')).code, 2);
    // Node 20's own recursive mkdir never ends below /proc.
    const nowhere = await diagnose('--output', 'junit=/proc/nowhere/reports/a.xml');
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.err, /cannot be written/);
  });

  it('--bundle is judged the same with --from, without the server', async () => {
    const port = await freePort();
    const here = await startServer({ port, args: ['-c', '512', '--api-key', 'sk-bundle-1'] });
    const file = join(folder, 'key.tar.gz');
    const live = await cli(['diagnose', '--url', here.url, '--bundle', file, '--json']);
    await here.stop();
    assert.ok(existsSync(file));
    const offline = await cli(['diagnose', '--from', file, '--json']);
    assert.deepEqual([live.code, offline.code], [1, 1]);
    assert.deepEqual(
      [offline.json.verdict, offline.json.rootCause, offline.json.findings],
      ['problem', 'auth.missing-key', live.json.findings],
    );
  });

  it('--bundle takes the log of the container that has ended', async () => {
    const port = await freePort();
    const log =
      "0.00.066.121 E llama_model_load: error loading model: unknown model architecture: 'tundra'\n";
    const env = fakeDocker(join(folder, 'docker'), [
      {
        name: 'llama',
        publishes: { 8080: port },
        state: 'exited',
        exitCode: 1,
        log: `${log}sk-bundle-3456789012\n`,
      },
    ]);
    const file = join(folder, 'container.tar.gz');
    await cli(['diagnose', '--url', `http://127.0.0.1:${port}`, '--bundle', file], { env });
    const text = gunzipSync(readFileSync(file)).toString('utf8');
    assert.match(text, /unknown model architecture: 'tundra'/);
    assert.doesNotMatch(text, /sk-bundle-3456789012/);
  });

  it('--logs reads stdin, and says of a healthy log that it is', async () => {
    const bad = await cli(['diagnose', '--logs', '-', '--json'], {
      input: "0.00.066.121 E llama_model_load: error loading model: unknown model architecture: 'tundra'\n",
    });
    assert.deepEqual(
      [bad.code, bad.json.rootCause, bad.json.facts.log.lines],
      [1, 'model.unsupported-architecture', 1],
    );
    const good = await cli(['diagnose', '--logs', '-'], { input: 'main: model loaded\n' });
    assert.equal(good.code, 0);
    assert.match(good.out, /^✓ stdin · nothing in its 1 line is/);
    const empty = await cli(['diagnose', '--logs', '-'], { input: '' });
    assert.deepEqual([empty.code, empty.out], [2, ''], 'a log that went to stderr is no healthy one');
    assert.match(empty.err, /docker logs llama 2>&1 \| llamactl diagnose --logs -/);
    writeFileSync(join(folder, 'x.log'), 'main: model loaded\n');
    assert.equal((await cli(['diagnose', '--logs', join(folder, 'nowhere.log')])).code, 2);
  });

  it('--watch tells what changed, and ends with Ctrl-C', async () => {
    const port = await freePort();
    let started: Promise<TestServer> | undefined;
    const seen = await cli(['diagnose', '--url', `http://127.0.0.1:${port}`, '--watch', '100ms', '--json'], {
      timeout: 120_000,
      onSpawn: (child) => {
        let text = '';
        child.stdout?.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8');
          // The server comes once its absence was told; how long each look takes is the machine's business.
          started ??= text.includes('\n') ? startServer({ port, args: ['-c', '512'] }) : undefined;
          if (/"verdict":"healthy"/.test(text)) child.kill('SIGINT');
        });
      },
    });
    await (await started)?.stop();
    assert.equal(seen.code, 130);
    const lines = seen.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(lines[0].rootCause, 'connection.refused');
    assert.ok(lines.some(({ verdict }) => verdict === 'healthy'));
    assert.ok(lines.every(({ time }) => !Number.isNaN(Date.parse(time))));
  }).timeout(150_000);

  it('of a fleet is a row a server, and as bad as the worst', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const { code, out } = await diagnose('--url', gone);
    assert.equal(code, 1);
    assert.match(out, /connection\.refused/);
    assert.match(out, /2 servers, 1 unwell/);
  });

  it('wakes no sleeper', async () => {
    const sleeper = await startServer({ args: ['-c', '512', '--sleep-idle-seconds', '1'] });
    for (let look = 0; look < 100; look++) {
      const props = (await (await fetch(`${sleeper.url}/props`)).json()) as { is_sleeping?: boolean };
      if (props.is_sleeping) break;
      await sleep(100);
    }
    const { code, json } = await cli(['diagnose', '--url', sleeper.url, '--json']);
    assert.deepEqual([code, json.verdict, json.facts.health.value.status], [0, 'healthy', 'asleep']);
    const props = (await (await fetch(`${sleeper.url}/props`)).json()) as { is_sleeping?: boolean };
    assert.equal(props.is_sleeping, true, 'it sleeps on');
    const woken = await cli(['diagnose', '--url', sleeper.url, '--wake', '--json']);
    assert.equal(woken.json.facts.generation.state, 'known');
    await sleeper.stop();
  });
});
