import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { keeper } from '../support/keeper.js';
import { freePort, shareServer } from '../support/real-server.js';
import { replay } from '../support/replay.js';

describe('llamactl provider', () => {
  const server = shareServer({ args: ['--alias', 'tiny'] });
  const keep = keeper();
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-provider-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
  const read = (name: string) => readFileSync(join(cwd, name), 'utf8');
  const ollama = () => keep(cannedServer(replay('ollama-v0.17.4', ['ollama'], { 'GET /api/ps': 'ps-none' })));

  it('lists servers of each kind with their state, and what is wrong with those that are not there', async () => {
    const targets = {
      local: { baseUrl: server.current.url },
      laptop: { provider: 'ollama', baseUrl: (await ollama()).url },
      gateway: { provider: 'openai-compatible', baseUrl: server.current.url },
      gone: { baseUrl: `http://127.0.0.1:${await freePort()}` },
    };
    write('llamactl.config.json', JSON.stringify({ default: 'laptop', targets }));
    const { code, json } = await cli(['provider', 'list', '--json'], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(
      json.providers.map((each: Record<string, unknown>) => [
        each['name'],
        each['provider'],
        each['status'],
        each['default'],
        each['models'],
      ]),
      [
        ['local', 'llama-cpp', 'ready', false, ['tiny']],
        ['laptop', 'ollama', 'ready', true, ['tiny:latest', 'tiny-tools:latest']],
        ['gateway', 'openai-compatible', 'ready', false, ['tiny']],
        ['gone', 'llama-cpp', 'unreachable', false, []],
      ],
    );
    const { out } = await cli(['provider', 'list'], { cwd });
    assert.match(out, /^laptop \* +ollama +ready +2 /m);
    assert.match(out, /^✗ gone: nothing listens on .*\(connection\.refused\)$/m);
  });

  it('health and models take an Ollama target for what it is', async () => {
    const { url } = await ollama();
    write(
      'llamactl.config.json',
      JSON.stringify({ targets: { laptop: { provider: 'ollama', baseUrl: url } } }),
    );
    const health = await cli(['health', '--json'], { cwd });
    assert.deepEqual([health.code, health.json.status, health.json.server.kind], [0, 'ready', 'ollama']);
    const models = await cli(['models', '--json'], { cwd });
    assert.deepEqual(models.json.models[0], {
      id: 'tiny:latest',
      aliases: ['tiny'],
      parameters: 1e6,
      sizeBytes: 2_015_696,
      quantization: 'F16',
      contextPerSlot: null,
      contextTrained: null,
      status: 'unloaded',
    });
  });

  it('what only llama-server has is refused before anything is asked, with what works instead', async () => {
    const front = await ollama();
    write(
      'llamactl.config.json',
      JSON.stringify({ targets: { laptop: { provider: 'ollama', baseUrl: front.url } } }),
    );
    for (const args of [['slots'], ['props'], ['tokenize', 'Hello'], ['detokenize', '1']]) {
      const { code, json } = await cli([...args, '--json'], { cwd });
      assert.deepEqual([code, json.error.code], [15, 'feature.disabled']);
      assert.equal(json.error.message, `laptop is Ollama: ${args[0]} asks what only llama-server has`);
      assert.equal(json.error.suggestions.includes('llamactl chat --target laptop'), true);
    }
    assert.deepEqual(front.requests, []);
  });

  it('health takes another server of OpenAI’s API for what it is, and still knows a llama-server', async () => {
    const other = await keep(cannedServer({ 'GET /v1/models': { body: { data: [{ id: 'm' }] } } }));
    const targets = {
      other: { provider: 'openai-compatible', baseUrl: other.url },
      llama: { provider: 'openai-compatible', baseUrl: server.current.url },
    };
    write('llamactl.config.json', JSON.stringify({ targets }));
    const { code, json } = await cli(['health', '--target', 'all', '--json'], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(
      json.targets.map((each: { server: { kind: string } }) => each.server.kind),
      ['unknown', 'llama.cpp'],
    );
  });

  it('health waits for an Ollama that is not there yet until the deadline, then tells why', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    write('llamactl.config.json', JSON.stringify({ targets: { laptop: { provider: 'ollama', baseUrl } } }));
    const { code, json } = await cli(['health', '--wait', '300ms', '--json'], { cwd });
    assert.deepEqual([code, json.status], [10, 'unreachable']);
  });

  const FILES = {
    'llamactl.config.json': [
      '{\n  "default": "a",\n  "targets": {"a": {}, "b": {}}\n}\n',
      '{\n  "default": "b",\n  "targets": {"a": {}, "b": {}}\n}\n',
    ],
    'llamactl.config.yaml': [
      '# mine\ntargets: # both\n  a: {}\n  b: {}\n',
      '# mine\ndefault: "b"\ntargets: # both\n  a: {}\n  b: {}\n',
    ],
  } as const;
  for (const [file, [before, after]] of Object.entries(FILES)) {
    it(`use: writes the default into ${file}, keeps comments and a backup`, async () => {
      write(file, before);
      const first = await cli(['provider', 'use', 'b', '--json'], { cwd });
      assert.deepEqual(first.json, { default: 'b', file, changed: true, backup: `${file}.bak` });
      assert.equal(read(file), after);
      assert.equal(read(`${file}.bak`), before);
      const again = await cli(['provider', 'use', 'b'], { cwd });
      assert.equal(again.out, `✓ b is already the default of ${file}\n`);
    });
  }

  it('use: puts a default into JSON that has none, on one line or several', async () => {
    for (const [before, after] of [
      ['{"targets":{"a":{},"b":{}}}', '{"default": "b", "targets":{"a":{},"b":{}}}'],
      [
        '{\n\t"targets": {"a": {}, "b": {}}\n}\n',
        '{\n\t"default": "b",\n\t"targets": {"a": {}, "b": {}}\n}\n',
      ],
    ] as const) {
      write('llamactl.config.json', before);
      assert.equal((await cli(['provider', 'use', 'b'], { cwd })).code, 0);
      assert.equal(read('llamactl.config.json'), after);
    }
  });

  it('use: an unknown name, no name, no file and nanocoder’s file are told, and nothing is written', async () => {
    const none = await cli(['provider', 'use', 'b'], { cwd });
    assert.match(none.err, /no configuration file.*llamactl config init/s);
    write(
      'agents.config.json',
      '{"nanocoder":{"providers":[{"name":"b","models":["m"],"baseUrl":"http://localhost:8080/v1"}]}}',
    );
    assert.match((await cli(['provider', 'use', 'b'], { cwd })).err, /nanocoder's.*LLAMACTL_TARGET/s);
    const text = '{"targets":{"gpu1":{}}}';
    write('llamactl.config.json', text);
    const typo = await cli(['provider', 'use', 'gpu'], { cwd });
    assert.equal(typo.code, 2);
    assert.match(typo.err, /did you mean "gpu1"/);
    assert.match((await cli(['provider', 'use'], { cwd })).err, /llamactl provider use gpu1/);
    assert.equal(read('llamactl.config.json'), text);
  });
});
