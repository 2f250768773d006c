import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { fails } from '../support/common-failures.js';
import { keeper } from '../support/keeper.js';
import { freePort } from '../support/real-server.js';
import { replay } from '../support/replay.js';
import { shape } from '../support/shape.js';

describe('llamactl provider test', () => {
  const server = useServer('plain');
  const keyed = useServer('keyed');
  const keep = keeper();
  const run = (...args: string[]) => cli(['provider', 'test', '--url', server.current.url, ...args]);
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-matrix-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  it('shows what a server does, in 80 columns and without colour', async () => {
    const { code, out, err } = await run();
    assert.deepEqual([code, err], [0, '']);
    for (const line of out.split('\n')) assert.ok(line.length <= 80 || /\S{60,}/.test(line), line);
    assert.match(out, /^✓ chat {15}an answer of 8 tokens from "\S+"$/m);
    assert.match(out, /^✓ streaming {10}\d+ pieces over \d+ ms$/m);
    assert.match(out, /^⚠ tools {14}only with tool_choice "required":$/m);
    assert.match(out, /^✗ multimodal {9}\/props tells of no input but text$/m);
    assert.match(out, /^✗ embeddings .*Start it with\n {21}`--embeddings` \(501\)$/m);
    assert.match(out, /^✓ \d yes, ⚠ \d partly, ✗ \d no · /m);
  });

  it('is one document under --json', async () => {
    const { code, json, err } = await run('--json');
    assert.deepEqual([code, err], [0, '']);
    assert.deepEqual(shape(json), {
      name: 'null',
      provider: 'string',
      url: 'string',
      build: 'string',
      model: 'string',
      matrix: [{ feature: 'string', result: 'string', evidence: 'string' }],
      durationMs: 'number',
    });
    assert.equal(json.provider, 'llama-cpp');
    assert.deepEqual(
      new Set(json.matrix.map(({ result }: { result: string }) => result)),
      new Set(['yes', 'partly', 'no']),
    );
  });

  it('passes and fails a gate by what it requires', async () => {
    const gate = await run('--require', 'chat', '--require', 'tools=partly', '--format', 'json');
    assert.deepEqual([gate.code, gate.err], [0, '']);
    const missed = await run('--require', 'tools', '--require', 'chat');
    assert.equal(missed.code, 1);
    assert.match(missed.err, /^! \S+: tools is required, and is partly\n$/);
    assert.match(missed.out, /^✓ chat/m);
    const typo = await run('--require', 'tool');
    assert.equal(typo.code, 2);
    assert.match(typo.err, /^✗ --require: there is no feature "tool": did you mean "tools"\?$/m);
  });

  it('takes names, and gives each its own matrix; one that cannot be used does not hide the others', async () => {
    const targets = {
      local: { baseUrl: server.current.url },
      gone: { baseUrl: `http://127.0.0.1:${await freePort()}` },
      laptop: {
        provider: 'ollama',
        baseUrl: (
          await keep(cannedServer(replay('ollama-v0.17.4', ['ollama'], { 'GET /api/ps': 'ps-none' })))
        ).url,
      },
    };
    writeFileSync(join(cwd, 'llamactl.config.json'), JSON.stringify({ targets }));
    const { code, json } = await cli(['provider', 'test', 'local', 'gone', 'laptop', '--json'], { cwd });
    assert.equal(code, 10);
    assert.deepEqual(
      json.targets.map((each: Record<string, unknown>) => [each['name'], (each['matrix'] as []).length]),
      [
        ['local', 11],
        ['gone', 0],
        ['laptop', 11],
      ],
    );
    assert.equal(json.targets[1].error.code, 'connection.refused');
    assert.equal(json.targets[2].matrix[0].evidence, 'not loaded: --wake loads it');

    const table = await cli(['provider', 'test', 'laptop', 'gone', '--format', 'markdown'], { cwd });
    assert.match(
      table.out,
      /^\| Feature \| laptop \| gone \|\n\| --- \| --- \| --- \|\n\| Chat Completions \| – \| – \|$/m,
    );
    assert.match(table.out, /^- ✗ nothing listens on \S+ \(`connection\.refused`\)$/m);
    const unknown = await cli(['provider', 'test', 'lokal'], { cwd });
    assert.equal(unknown.code, 2);
  });

  it('fails as every other command where a server cannot be asked anything', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const human = await cli(['provider', 'test', '--url', url]);
    assert.deepEqual([human.code, human.out], [10, '']);
    assert.match(human.err, /^✗ nothing listens on .*\n\n {2}connection\.refused\n/);
    fails(await cli(['provider', 'test', '--url', keyed.current.url, '--json']), 11, 'auth.missing-key');
  });
});
