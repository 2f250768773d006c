import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { keeper } from '../support/keeper.js';
import { type ProviderFixture, providerFixture } from '../support/provider-fixture.js';
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

  it('lists the others where one is not set up, and says what it lacks', async () => {
    const targets = { local: { baseUrl: server.current.url }, gpu: { apiKey: '$NOT_SET_ANYWHERE' } };
    write('llamactl.config.json', JSON.stringify({ default: 'gpu', targets }));
    const { code, json } = await cli(['provider', 'list', '--json'], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(
      json.providers.map((each: Record<string, unknown>) => [each['name'], each['status']]),
      [['local', 'ready']],
    );
    assert.deepEqual([json.unusable[0].name, json.unusable[0].error.code], ['gpu', 'config.invalid']);
    const { out } = await cli(['provider', 'list'], { cwd });
    assert.match(out, /^local +llama-cpp +ready/m);
    assert.match(out, /^✗ gpu, not asked: .*the variable\s+NOT_SET_ANYWHERE is not set$/m);
    assert.equal((await cli(['provider', 'list', '--target', 'gpu'], { cwd })).code, 2);
  });

  it('says what to type next as each is named: a target, of several its address too, a bare address with its kind', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const { url } = await ollama();
    const targets = {
      'LM Studio': { provider: 'openai-compatible', baseUrl: gone },
      farm: { baseUrls: [server.current.url, gone] },
      laptop: { provider: 'ollama', baseUrl: url },
    };
    write('llamactl.config.json', JSON.stringify({ targets }));
    const health = await cli(['health', '--target', 'all'], { cwd });
    assert.match(
      health.out,
      new RegExp(`diagnose --target 'LM Studio'\n +llamactl diagnose --target farm --url ${gone}\n$`),
    );
    const bare = await cli(['slots', '--kind', 'ollama', '--url', url]);
    assert.match(bare.err, new RegExp(`llamactl chat --url ${url} --kind ollama`));
    const routed = await cli(['chat', 'Hi', '--kind', 'openrouter', '--url', gone]);
    assert.match(routed.err, new RegExp(`llamactl models --url ${gone} --kind openrouter`));
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
    for (const args of [['slots'], ['props'], ['metrics'], ['tokenize', 'Hello'], ['detokenize', '1']]) {
      const { code, json } = await cli([...args, '--json'], { cwd });
      assert.deepEqual([code, json.error.code], [15, 'feature.disabled']);
      assert.equal(json.error.message, `laptop is Ollama: ${args[0]} asks what only llama-server has`);
      assert.equal(json.error.suggestions.includes('llamactl chat --target laptop'), true);
    }
    assert.deepEqual(front.requests, []);
  });

  it('metrics watch refuses another program, and of several leaves it out', async () => {
    const { url } = await ollama();
    const targets = { laptop: { provider: 'ollama', baseUrl: url }, local: { baseUrl: server.current.url } };
    write('llamactl.config.json', JSON.stringify({ targets }));
    for (const args of [
      ['metrics', 'watch', '--once'],
      ['metrics', '--format', 'prometheus'],
    ]) {
      const alone = await cli([...args, '--target', 'laptop'], { cwd });
      assert.equal(alone.code, 15);
      assert.match(alone.err, /^✗ laptop is Ollama: metrics.* asks what only llama-server has/);
      const all = await cli([...args, '--target', 'all'], { cwd });
      assert.match(all.err, /^! laptop is Ollama: .*: left out$/m);
      assert.match(all.out, /local/);
      assert.doesNotMatch(all.out, /laptop/);
    }
  });

  it('what only llama-server has is refused by name where the answer tells the program', async () => {
    const studio = await keep(providerFixture('lm-studio'));
    const asked = ['--url', studio.url, '--kind', 'openai-compatible', '--json'];
    for (const command of ['props', 'metrics']) {
      const { code, json } = await cli([command, ...asked]);
      assert.equal(code, 15);
      assert.equal(
        json.error.message,
        `${studio.url} is LM Studio: ${command} asks what only llama-server has`,
      );
    }
    // Without a word of it, what answers 200 to everything is still no llama-server.
    const { code, json } = await cli(['props', '--url', studio.url, '--json']);
    assert.deepEqual([code, json.error.code], [10, 'connection.wrong-server']);
  });

  it('--kind says what answers at a bare address, and where each kind usually is', async () => {
    const { url } = await keep(providerFixture('ollama'));
    const health = await cli(['health', '--url', url, '--kind', 'ollama', '--json']);
    assert.deepEqual([health.code, health.json.server.kind], [0, 'ollama']);
    const shown = await cli(['config', 'show', '--kind', 'openrouter', '--json']);
    assert.equal(shown.json.targets['https://openrouter.ai/api'].provider, 'openrouter');
    assert.equal((await cli(['health', '--kind', 'openai-compatible'])).code, 2);
    assert.equal((await cli(['health', '--kind', 'olama'])).code, 2);
    const both = await cli(['health', '--target', 'laptop', '--kind', 'ollama']);
    assert.equal(both.code, 2);
    assert.match(both.err, /--kind tells what answers at a --url/);
  });

  it('models shows what LM Studio, vLLM and llama-swap tell of state and context', async () => {
    const told = async (name: ProviderFixture) => {
      const { url } = await keep(providerFixture(name));
      const { json } = await cli(['models', '--url', url, '--kind', 'openai-compatible', '--json']);
      return json.models.map((each: Record<string, unknown>) => [
        each['id'],
        each['contextPerSlot'],
        each['contextTrained'],
        each['status'],
      ]);
    };
    assert.deepEqual(await told('lm-studio'), [
      ['meta-llama-3.1-8b-instruct', 4096, 131_072, 'ready'],
      ['qwen2-vl-7b-instruct', null, 32_768, 'unloaded'],
    ]);
    assert.deepEqual(await told('vllm'), [['Qwen/Qwen3-4B', 8192, null, 'ready']]);
    assert.deepEqual(await told('llama-swap'), [
      ['gemma', null, null, 'unloaded'],
      ['qwen', null, null, 'ready'],
    ]);
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
