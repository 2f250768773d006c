import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { both } from '../support/common-failures.js';
import { freePort } from '../support/real-server.js';

describe('llamactl health --require', () => {
  const plain = useServer('plain');
  const router = useServer('router');
  const require = (...expressions: readonly string[]) =>
    expressions.flatMap((expression) => ['--require', expression]);

  it('passes where all of it holds', async () => {
    const [json, human] = await both([
      'health',
      '--url',
      plain.current.url,
      ...require('ctx>=2048', 'slots=2', 'idle>=1', 'deferred=0', 'tools', 'model=tiny', 'metrics', 'awake'),
    ]);
    assert.equal(json.code, 0, json.text);
    assert.equal(human.code, 0);
    assert.deepEqual(
      json.json.requirements.map(({ expression, held, value }: Record<string, unknown>) => [
        expression,
        held,
        value,
      ]),
      [
        ['ctx>=2048', true, 2048],
        ['slots=2', true, 2],
        ['idle>=1', true, 2],
        ['deferred=0', true, 0],
        ['tools', true, true],
        ['model=tiny', true, 'tiny'],
        ['metrics', true, true],
        ['awake', true, true],
      ],
    );
    assert.match(human.out, /^✓ ready · .*\n {2}✓ ctx>=2048 {3}a request may hold 2,048 tokens\n/);
  });

  it('fails with 1 where some of it is missed, and says by how much', async () => {
    const [json, human] = await both([
      'health',
      '--url',
      plain.current.url,
      ...require('slots>=8', 'vision'),
    ]);
    assert.deepEqual([json.code, human.code], [1, 1]);
    assert.equal(json.json.ready, true);
    assert.match(human.out, /^✗ ready, requirements missed: 2 of 2 · /);
    assert.match(human.out, /^ {2}✗ slots>=8 {2}2 slots, 6 fewer than 8$/m);
  });

  it('holds what a router does not tell for a miss, and asks it of the model that is named', async () => {
    const run = await cli(['health', '--url', router.current.url, ...require('slots>=1', 'ctx>=1')]);
    assert.equal(run.code, 1, run.text);
    assert.match(run.out, /✗ slots>=1 {2}not known: a router tells it of one model: name it with --model/);
    const named = await cli(['health', '--url', router.current.url, ...require('model=none', 'slots>=1')]);
    assert.equal(named.code, 1, named.text);
    assert.match(named.out, /✗ slots>=1 {4}not known: the server has no model "none"/);
  });

  it('asks nothing of a server that is not ready, and ends with its reason', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const run = await cli(['health', '--url', url, ...require('slots>=1'), '--json']);
    assert.equal(run.code, 10, run.text);
    assert.equal(run.json.requirements, undefined);
  });

  it('does not ask a sleeping model for its slots', async () => {
    const asleep = await cannedServer({
      'GET /health': { body: { status: 'ok' } },
      'GET /props': { body: { total_slots: 3, is_sleeping: true, build_info: 'b9000-abc' } },
      'GET /slots': { status: 500, body: {} },
      'GET /metrics': { status: 500, body: {} },
    });
    try {
      const run = await cli([
        'health',
        ...['--url', asleep.url],
        ...require('idle>=3', 'deferred=0', 'build>=9000', 'awake'),
      ]);
      assert.equal(run.code, 1, run.text);
      assert.match(run.out, /^✗ asleep, requirements missed: 1 of 4 · /);
      assert.match(run.out, /✓ idle>=3 {6}3 slots idle\n {2}✓ deferred=0 .*\n {2}✓ build>=9000 {2}b9000\n/);
      const asked = asleep.requests.map(({ line }) => line);
      assert.deepEqual(
        asked.filter((line) => line !== 'GET /health' && line !== 'GET /props'),
        [],
      );
    } finally {
      await asleep.stop();
    }
  });

  it('waits until it holds, and tells what is waited for', async () => {
    let looks = 0;
    const filling = await cannedServer({
      'GET /health': { body: { status: 'ok' } },
      'GET /props': (_, response) => {
        const body = { total_slots: ++looks < 6 ? 1 : 2, build_info: 'b9000' };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
    });
    try {
      const run = await cli(['health', '--url', filling.url, ...require('slots>=2'), '--wait', '20s']);
      assert.equal(run.code, 0, run.text);
      assert.match(run.err, /^… ready, slots>=2 missed: 1 slot, 1 fewer than 2 · http/m);
      assert.match(run.out, /^✓ ready · .* · waited /);
    } finally {
      await filling.stop();
    }
  });

  it('gives up waiting at its deadline, with 1', async () => {
    const run = await cli(['health', '--url', plain.current.url, ...require('slots>=8'), '--wait', '300ms']);
    assert.equal(run.code, 1, run.text);
  });

  it('points at what it cannot read (2)', async () => {
    const [json, human] = await both(['health', '--url', plain.current.url, '--require', 'ctx>=8192x']);
    assert.equal(json.code, 2, json.text);
    assert.match(human.err, /ctx>=8192x\n {11}\^/);
  });

  describe('reports', () => {
    let folder = '';
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-health-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('writes JUnit and GitHub annotations beside the table', async () => {
      const dead = `http://127.0.0.1:${await freePort()}`;
      const list = join(folder, 'servers.txt');
      writeFileSync(list, `${plain.current.url}\n${dead} # gone\n`);
      const run = await cli([
        'health',
        ...['--url', `@${list}`, '--require', 'slots>=3', '--require', 'tools'],
        ...[
          '--output',
          `junit=${join(folder, 'new', 'health.xml')}`,
          '--output',
          `github=${join(folder, 'a.txt')}`,
        ],
      ]);
      assert.equal(run.code, 10, run.text);
      const junit = readFileSync(join(folder, 'new', 'health.xml'), 'utf8');
      assert.match(junit, /<testsuites name="llamactl health" tests="4" failures="2" errors="0">/);
      assert.match(
        junit,
        /name="slots&gt;=3">\n {6}<failure type="requirement" message="2 slots, 1 fewer than 3"\/>/,
      );
      assert.match(junit, /<failure type="connection\.refused"/);
      assert.deepEqual(readFileSync(join(folder, 'a.txt'), 'utf8').trim().split('\n').length, 2);
      assert.match(run.out, /✗ slots>=3 {2}2 slots/);
      assert.doesNotMatch(run.out, /tools/);
    });

    it('prints nothing for GitHub where all is well', async () => {
      const run = await cli([
        'health',
        '--url',
        plain.current.url,
        '--require',
        'tools',
        '--format',
        'github',
      ]);
      assert.deepEqual([run.code, run.out], [0, '']);
    });
  });

  it('is of one server in commands that speak to one', async () => {
    const run = await cli(['props', '--url', '@-'], { input: `${plain.current.url}\nhttp://127.0.0.1:1\n` });
    assert.equal(run.code, 2, run.text);
    assert.match(run.err, /this command speaks to one server/);
  });
});
