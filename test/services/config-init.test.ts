import assert from 'node:assert/strict';
import { readConfig } from '../../src/config/read.js';
import type { Discovered } from '../../src/services/config-discover.js';
import { initFile, initText, interview, targetsFrom } from '../../src/services/config-init.js';
import { type Home, makeHome } from '../config/home.js';

const LOCAL: Discovered = {
  provider: 'llama-cpp',
  baseUrl: 'http://localhost:8080',
  remark: 'llama.cpp b11434, 4 slots of 8,192 tokens',
  models: ['qwen3'],
  contextWindow: 8192,
  needsKey: false,
};
const OLLAMA: Discovered = {
  ...LOCAL,
  provider: 'ollama',
  baseUrl: 'http://localhost:11434',
  remark: 'Ollama',
  models: [],
  contextWindow: null,
};

/** Answers in order; an empty one takes the proposal. */
function answering(...answers: string[]) {
  const asked: string[] = [];
  const ask = async (question: string, proposal: string) => {
    asked.push(`${question} [${proposal}]`);
    return answers.shift() || proposal;
  };
  return { ask, asked };
}
const nothingThere = async () => [];

describe('config init', () => {
  it('proposes what was found, and takes it where nothing is typed', async () => {
    const { ask, asked } = answering('', '', '');
    const targets = await interview(ask, {}, [LOCAL, OLLAMA], nothingThere);
    assert.deepEqual(asked, [
      'Address of the server [http://localhost:8080]',
      'A name for it [local]',
      'Its API key: $VARIABLE, a file, or none [none]',
    ]);
    assert.deepEqual(targets, [{ ...LOCAL, name: 'local', key: { kind: 'none' } }]);
  });

  it('asks again where an answer will not do, and says why', async () => {
    const { ask, asked } = answering('ftp://gpu1', 'http://gpu1:8080', 'gpu1', 'sk-a-real-key', '$GPU1_KEY');
    const [target] = await interview(ask, {}, [], nothingThere);
    assert.deepEqual(
      [target?.baseUrl, target?.name, target?.key],
      ['http://gpu1:8080', 'gpu1', { kind: 'variable', name: 'GPU1_KEY' }],
    );
    assert.match(asked[1] ?? '', /^"ftp" is not a scheme of a llama-server: use http or https\. Address/);
    assert.match(asked[4] ?? '', /the key itself stays out of the file/);
  });

  it('gives up on answers that never will do', async () => {
    await assert.rejects(
      interview(async () => ':', {}, [], nothingThere),
      /no answer that will do/,
    );
  });

  it('takes all that is found where nobody is asked, each under a name of its own', () => {
    const targets = targetsFrom({}, [LOCAL, { ...LOCAL, baseUrl: 'http://localhost:9931' }, OLLAMA]);
    assert.deepEqual(
      targets.map(({ name }) => name),
      ['local', 'local-2', 'ollama'],
    );
    assert.deepEqual(targetsFrom({ url: 'https://gpu.example.com/v1' }, [])[0], {
      name: 'remote',
      provider: 'llama-cpp',
      baseUrl: 'https://gpu.example.com',
      remark: null,
      models: [],
      contextWindow: null,
      needsKey: false,
      key: { kind: 'none' },
    });
    assert.throws(() => targetsFrom({ url: 'ftp://x' }, []), /"ftp" is not a scheme/);
  });

  for (const format of ['yaml', 'json'] as const) {
    it(`writes ${format} that is valid and says of each key what it is`, async () => {
      const keys = [
        { kind: 'none' },
        { kind: 'variable', name: 'KEY' },
        { kind: 'file', path: '~/k' },
        { kind: 'command', command: 'pass show llama' },
      ] as const;
      const targets = keys.map((key, index) => ({ ...LOCAL, name: `t${index}`, key }));
      const text = await initText(targets, format);
      const { problems, config } = await readConfig(text, `c.${format}`);
      assert.deepEqual(problems, []);
      assert.equal(config?.default, 't0');
      assert.equal(config?.targets['t1']?.apiKey, '$KEY');
      assert.equal(config?.targets['t2']?.apiKeyFile, '~/k');
      assert.equal(config?.targets['t3']?.apiKeyCommand, 'pass show llama');
      assert.match(text, /Where the server needs an API key, one of:/);
    });

    it(`offers ${format} of several a fallback, which is right once it is taken in`, async () => {
      const [one, two] = ['one', 'two'].map((name) => ({ ...LOCAL, name, key: { kind: 'none' } as const }));
      assert.ok(one !== undefined && two !== undefined);
      const taken = (await initText([one, two], format)).replace(/(?:#|\/\/) ("?fallback"?: )/, '$1');
      const { problems, config } = await readConfig(taken, `c.${format}`);
      assert.deepEqual(problems, []);
      assert.deepEqual(config?.fallback, ['one', 'two']);
      assert.doesNotMatch(await initText([one], format), /fallback/);
    });

    it(`what stands commented out in ${format} is right once it is taken in`, async () => {
      const text = await initText([{ ...LOCAL, name: 'it', key: { kind: 'none' } }], format);
      const taken =
        format === 'yaml'
          ? text.replace(/# (apiKeyFile|sampling): /g, '$1: ')
          : text
              .replace(/("maxRetries": 3)\n/, '$1,\n')
              .replace(/\/\/ ("apiKeyFile".*|"sampling".*)/g, '$1')
              .replace(/},\n(\s+})/, '}\n$1');
      const { problems, config } = await readConfig(taken, `c.${format}`);
      assert.deepEqual(problems, []);
      assert.deepEqual(config?.targets['it']?.sampling, { temperature: 0.8, topP: 0.95 });
      assert.equal(config?.targets['it']?.apiKeyFile, '~/.config/llamactl/llama.key');
    });
  }

  describe('the file', () => {
    let home: Home;
    beforeEach(() => {
      home = makeHome();
    });
    afterEach(() => home.remove());
    const place = (more: object = {}) =>
      initFile({ cwd: home.cwd, env: home.env, user: false, force: false, ...more });

    it('is named after its format, and its format after its name', () => {
      assert.deepEqual([place().label, place().format], ['llamactl.config.yaml', 'yaml']);
      assert.equal(place({ format: 'json' }).label, 'llamactl.config.json');
      assert.equal(place({ output: 'x.json' }).format, 'json');
      assert.match(place({ user: true }).path, /\.config\/llamactl\/config\.yaml$/);
    });

    it('is said to be read after another where it is', () => {
      home.write('llamactl.config.json', '{}');
      assert.equal(place().shadowedBy, 'llamactl.config.json');
      assert.equal(place({ user: true }).shadowedBy, 'llamactl.config.json');
      assert.throws(() => place({ format: 'json' }), /is there already/);
      assert.equal(place({ format: 'json', force: true }).shadowedBy, null);
    });

    it('comes before nanocoder’s', () => {
      home.write('agents.config.json', '{}');
      assert.equal(place().shadowedBy, null);
    });
  });
});
