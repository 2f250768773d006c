import assert from 'node:assert/strict';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type Home, makeHome } from './home.js';

describe('where a configuration is from', () => {
  let home: Home;
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(() => home.remove());

  const target = (url: string) => JSON.stringify({ targets: { it: { baseUrl: url } } });
  const provider = (url: string) => JSON.stringify({ providers: [{ name: 'it', baseUrl: url, models: [] }] });
  const urlNow = async (...given: Parameters<Home['resolve']>) => (await home.resolve(...given))[0]?.baseUrl;

  it('each place stands aside for the one above it', async () => {
    assert.equal(await urlNow(), 'http://localhost:8080');
    home.write('~/.config/nanocoder/agents.config.json', provider('http://nanocoder-user:1/v1'));
    assert.equal(await urlNow(), 'http://nanocoder-user:1');
    home.write('~/.config/llamactl/config.yaml', 'targets: { it: { baseUrl: "http://user:1" } }');
    assert.equal(await urlNow(), 'http://user:1');
    home.write('agents.config.json', provider('http://nanocoder:1/v1'));
    assert.equal(await urlNow(), 'http://nanocoder:1');
    home.write('llamactl.config.yml', 'targets: { it: { baseUrl: "http://yml:1" } }');
    assert.equal(await urlNow(), 'http://yml:1');
    home.write('llamactl.config.json', target('http://json:1'));
    assert.equal(await urlNow(), 'http://json:1');
    const named = home.write('elsewhere.json', target('http://named:1'));
    assert.equal(await urlNow({}, { LLAMACTL_CONFIG: named }), 'http://named:1');
    const flagged = home.write('flag.json', target('http://flag:1'));
    assert.equal(await urlNow({ config: flagged }, { LLAMACTL_CONFIG: named }), 'http://flag:1');
    assert.equal(await urlNow({}, { LLAMACTL_URL: 'http://env:1' }), 'http://env:1');
    assert.equal(await urlNow({ url: ['http://url:1'] }, { LLAMACTL_URL: 'http://env:1' }), 'http://url:1');
  });

  it('NANOCODER_CONFIG_DIR stands in for both of nanocoder’s places', async () => {
    home.write('agents.config.json', provider('http://here:1/v1'));
    home.write('chosen/agents.config.json', provider('http://chosen:1/v1'));
    assert.equal(await urlNow({}, { NANOCODER_CONFIG_DIR: 'chosen' }), 'http://chosen:1');
    assert.equal(await urlNow({}, { NANOCODER_CONFIG_DIR: 'nowhere' }), 'http://localhost:8080');
  });

  it('NANOCODER_PROVIDERS replaces providers of its names, in every wrapping, with the variable as the origin', async () => {
    home.write(
      'agents.config.json',
      JSON.stringify({
        nanocoder: {
          providers: [
            { name: 'a', baseUrl: 'http://a:1/v1', models: [] },
            { name: 'b', baseUrl: 'http://b:1/v1', models: [] },
          ],
        },
      }),
    );
    const list = [{ name: 'b', baseUrl: 'http://env:1/v1', models: ['m'] }];
    for (const value of [list, { providers: list }, { nanocoder: { providers: list } }]) {
      const [a, b] = await home.resolve({ target: ['all'] }, { NANOCODER_PROVIDERS: JSON.stringify(value) });
      assert.deepEqual([a?.baseUrl, b?.baseUrl], ['http://a:1', 'http://env:1']);
      assert.equal(b?.origins['baseUrl'], 'env NANOCODER_PROVIDERS');
      assert.equal(b?.origins['provider'], 'env NANOCODER_PROVIDERS');
      assert.equal(a?.origins['baseUrl'], 'agents.config.json:1');
    }
    const file = home.write('p.json', JSON.stringify(list));
    const [, b] = await home.resolve({ target: ['all'] }, { NANOCODER_PROVIDERS_FILE: file });
    assert.equal(b?.origins['baseUrl'], 'env NANOCODER_PROVIDERS_FILE');
  });

  it('NANOCODER_PROVIDERS counts without a file, and not above a file of ours', async () => {
    const NANOCODER_PROVIDERS = provider('http://env:1/v1');
    assert.equal(await urlNow({}, { NANOCODER_PROVIDERS }), 'http://env:1');
    home.write('llamactl.config.json', target('http://ours:1'));
    assert.equal(await urlNow({}, { NANOCODER_PROVIDERS }), 'http://ours:1');
  });

  it('variables of nanocoder’s files are looked up in .env too, those of ours are not', async () => {
    home.write('.env', "# keys\nexport A_KEY='from dotenv'\nB_KEY=dotenv # why\n");
    const text = (key: string) =>
      JSON.stringify({ providers: [{ name: 'it', baseUrl: 'http://x:8080/v1', models: [], apiKey: key }] });
    home.write('agents.config.json', text('$A_KEY'));
    assert.equal((await home.resolve())[0]?.apiKey, 'from dotenv');
    home.write('agents.config.json', text('$B_KEY'));
    assert.equal((await home.resolve())[0]?.apiKey, 'dotenv');
    assert.equal((await home.resolve({}, { B_KEY: 'shell' }))[0]?.apiKey, 'shell');
    home.write('llamactl.config.json', JSON.stringify({ targets: { it: { apiKey: '$B_KEY' } } }));
    await assert.rejects(home.resolve(), /the variable B_KEY is not set/);
  });

  it('a file with errors stops a command, with the first one as the message and the others beside it', async () => {
    home.write('llamactl.config.yaml', 'targets:\n  it:\n    baseurl: http://x:1\n    timeout: 3\n');
    await assert.rejects(home.load(), (error: unknown) => {
      assert.ok(error instanceof LlamactlError);
      assert.equal(error.exit, 2);
      assert.equal(
        error.message,
        'llamactl.config.yaml:3:5: targets.it.baseurl: unknown key, did you mean "baseUrl"?',
      );
      assert.deepEqual(error.evidence, ['llamactl.config.yaml:4:14: targets.it.timeout: 3 is under 1,000']);
      assert.ok(error.suggestions.includes('llamactl config validate llamactl.config.yaml'));
      return true;
    });
  });

  it('keys that nobody knows do not keep nanocoder’s file from being used', async () => {
    home.write(
      'agents.config.json',
      '{"nanocoder": {"llamaCpp": {"baseUrl": "http://old:1", "basUrl": 1}, "mine": {}}}',
    );
    assert.equal(await urlNow(), 'http://old:1');
  });

  it('a file that was named and is not there is an error that says so', async () => {
    await assert.rejects(home.load({ config: 'nope.json' }), /nope\.json cannot be read: ENOENT/);
  });

  it('every value has its place: flag, environment, line of the file, default', async () => {
    home.write(
      'llamactl.config.yaml',
      'targets:\n  it:\n    baseUrl: http://x:1\n    timeout: 60000\n    sampling:\n      temperature: 0\n    performance: { nCtx: 8192 }\n',
    );
    const [resolved] = await home.resolve({ retries: 1 }, { LLAMACTL_MODEL: 'm', LLAMACTL_API_KEY: 'k' });
    assert.deepEqual(resolved?.origins, {
      provider: 'default',
      baseUrl: 'llamactl.config.yaml:3',
      apiKey: 'env LLAMACTL_API_KEY',
      model: 'env LLAMACTL_MODEL',
      contextWindow: 'llamactl.config.yaml:7',
      timeout: 'llamactl.config.yaml:4',
      maxRetries: 'flag',
      'sampling.temperature': 'llamactl.config.yaml:6',
      'performance.nCtx': 'llamactl.config.yaml:7',
    });
    assert.equal(resolved?.contextWindow, 8192);
  });

  it('places in nanocoder’s file are those of nanocoder’s keys', async () => {
    home.write(
      'agents.config.json',
      '{"nanocoder": {"providers": [\n{"name": "a", "models": ["m"],\n"baseUrl": "http://localhost:8080/v1",\n"requestTimeout": -1,\n"contextWindows": {\n"m": 4096}}]}}',
    );
    const [resolved] = await home.resolve();
    assert.equal(resolved?.origins['baseUrl'], 'agents.config.json:3');
    assert.equal(resolved?.origins['timeout'], 'agents.config.json:4');
    assert.equal(resolved?.origins['contextWindow'], 'agents.config.json:6');
    assert.equal(resolved?.contextWindow, 4096);
  });

  it('a target without an address is where its kind usually is; one that may be anywhere needs it', async () => {
    home.write(
      'llamactl.config.json',
      '{"allowRemote": true, "targets": {"a": {}, "b": {"provider": "ollama"}, "c": {"provider": "openrouter"},\n"d": {"provider": "openai-compatible"}}}',
    );
    const found = await home.resolve({ target: ['a', 'b', 'c'] });
    assert.deepEqual(
      found.map(({ baseUrl }) => baseUrl),
      ['http://localhost:8080', 'http://localhost:11434', 'https://openrouter.ai/api'],
    );
    await assert.rejects(home.resolve({ target: ['d'] }), {
      message: 'llamactl.config.json:2: targets.d needs a baseUrl: openai-compatible may be anywhere',
    });
    assert.equal((await home.load()).allowRemote, true);
  });

  it('names that objects have by themselves are no targets', async () => {
    home.write('llamactl.config.json', target('http://x:1'));
    for (const name of ['constructor', 'toString', '__proto__'])
      await assert.rejects(home.resolve({ target: [name] }), /there is no target/);
  });

  it('the key of a target does not go where --url points', async () => {
    home.write(
      'llamactl.config.json',
      JSON.stringify({ targets: { it: { baseUrl: 'http://x:1', apiKey: 'secret' } } }),
    );
    const [same] = await home.resolve({ target: ['it'], url: ['http://x:1/v1'] });
    const [other] = await home.resolve({ target: ['it'], url: ['http://evil:1'] });
    assert.equal(same?.apiKey, 'secret');
    assert.equal(other?.apiKey, undefined);
  });
});
