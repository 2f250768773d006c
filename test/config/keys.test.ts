import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type Home, makeHome } from './home.js';

const KEY = 'sk-very-secret-1';

describe('API keys', () => {
  let home: Home;
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(() => home.remove());

  function configure(fields: Readonly<Record<string, unknown>>): void {
    home.write(
      'llamactl.config.json',
      JSON.stringify({ targets: { it: { baseUrl: 'http://x:1', ...fields } } }),
    );
  }

  async function failure(): Promise<LlamactlError> {
    const error = await home.resolve().then(
      () => assert.fail('a key was found'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LlamactlError, String(error));
    assert.equal(error.exit, 2);
    assert.ok(
      !JSON.stringify(error).includes(KEY) && !error.message.includes(KEY),
      'the key is in the message',
    );
    return error;
  }

  it('a key file is named from the configuration’s folder, or from home, and its first line counts', async () => {
    home.write('keys/llama.key', `  ${KEY}\r\nsecond line\n`);
    configure({ apiKeyFile: 'keys/llama.key' });
    assert.equal((await home.resolve())[0]?.apiKey, KEY);
    home.write('~/llama.key', KEY);
    configure({ apiKeyFile: '~/llama.key' });
    const [resolved] = await home.resolve();
    assert.equal(resolved?.apiKey, KEY);
    assert.deepEqual(resolved?.warnings, []);
    assert.equal(resolved?.origins['apiKey'], 'llamactl.config.json:1');
  });

  it('a key file that others can read is warned of, with the command that mends it', async () => {
    const path = home.write('llama.key', KEY, 0o644);
    configure({ apiKeyFile: 'llama.key' });
    const [resolved] = await home.resolve();
    assert.equal(resolved?.apiKey, KEY);
    assert.deepEqual(resolved?.warnings, [
      `${path} holds an API key, and others can read it (644): chmod 600 ${path}`,
    ]);
  });

  it('a key file that is missing or empty is an error at its line', async () => {
    configure({ apiKeyFile: 'none.key' });
    assert.match((await failure()).message, /^llamactl\.config\.json:1: the key file cannot be read: ENOENT/);
    home.write('none.key', '\n\n');
    assert.match((await failure()).message, /is empty$/);
  });

  it('a command in a list runs as it is, without a shell', async () => {
    configure({ apiKeyCommand: ['printf', '%s', `${KEY} $HOME`] });
    assert.equal((await home.resolve())[0]?.apiKey, `${KEY} $HOME`);
  });

  it('a command as a text is run by the shell, in the configuration’s folder', async () => {
    home.write('part', KEY);
    configure({ apiKeyCommand: 'cat part | tr -d x; exit 0' });
    assert.equal((await home.resolve())[0]?.apiKey, KEY);
  });

  it('a command that fails, prints nothing or cannot be run is an error that does not show what it printed', async () => {
    configure({ apiKeyCommand: `echo ${KEY}; exit 3` });
    assert.equal((await failure()).message, 'llamactl.config.json:1: apiKeyCommand failed: exit 3');
    configure({ apiKeyCommand: ['true'] });
    assert.match((await failure()).message, /what apiKeyCommand prints is empty/);
    configure({ apiKeyCommand: ['/no/such/program'] });
    assert.match((await failure()).message, /apiKeyCommand cannot be run: .*ENOENT/);
    configure({ apiKeyCommand: 'head -c 100000 /dev/zero | tr "\\\\0" a' });
    assert.match((await failure()).message, /prints more than a key/);
  });

  it('what no header can carry is no key', async () => {
    configure({ apiKeyCommand: ['printf', `a\\tb`] });
    assert.match((await failure()).message, /characters that no header can carry/);
  });

  it('flag, environment, apiKey, apiKeyFile, apiKeyCommand: the first that is there wins', async () => {
    home.write('f', 'file');
    const all = { apiKey: 'written', apiKeyFile: 'f', apiKeyCommand: ['echo', 'command'] };
    configure(all);
    assert.equal((await home.resolve({ apiKey: 'flag' }, { LLAMACTL_API_KEY: 'env' }))[0]?.apiKey, 'flag');
    assert.equal((await home.resolve({}, { LLAMACTL_API_KEY: 'env' }))[0]?.apiKey, 'env');
    assert.equal((await home.resolve())[0]?.apiKey, 'written');
    const { apiKey: _, ...withoutKey } = all;
    configure(withoutKey);
    assert.equal((await home.resolve())[0]?.apiKey, 'file');
    configure({ apiKeyCommand: all.apiKeyCommand });
    assert.equal((await home.resolve())[0]?.apiKey, 'command');
  });

  it('of several targets each keeps its own key, and the environment’s goes to those that may share it', async () => {
    home.write(
      'llamactl.config.json',
      JSON.stringify({
        targets: {
          own: { apiKey: 'own' },
          none: {},
          cloud: { provider: 'openrouter' },
          laptop: { provider: 'ollama' },
          proxied: { basicAuth: { username: 'me', password: 'pass' } },
          gateway: { provider: 'openai-compatible', baseUrl: 'http://g:1' },
          behind: {
            provider: 'openai-compatible',
            baseUrl: 'http://g:2',
            basicAuth: { username: 'me', password: 'pass' },
          },
        },
      }),
    );
    const env = { LLAMACTL_API_KEY: 'env', LLAMACTL_BASIC_AUTH: 'a:b' };
    const login = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    const all = await home.resolve({ target: ['all'] }, env);
    assert.deepEqual(
      all.map(({ name, apiKey, headers }) => [name, apiKey, headers['authorization']]),
      [
        ['own', 'own', undefined],
        ['none', 'env', undefined],
        ['cloud', undefined, undefined],
        ['laptop', undefined, undefined],
        ['proxied', 'env', login],
        ['gateway', 'env', undefined],
        ['behind', undefined, login],
      ],
    );
    const [alone] = await home.resolve({ target: ['own'] }, env);
    assert.deepEqual([alone?.apiKey, alone?.origins['basicAuth']], ['env', 'env LLAMACTL_BASIC_AUTH']);
  });

  it('a command does not run for a server that is not the target’s, nor for another target', async () => {
    home.write(
      'llamactl.config.json',
      JSON.stringify({
        targets: {
          a: { baseUrl: 'http://a:1' },
          b: { baseUrl: 'http://b:1', apiKeyCommand: 'touch ran; echo k' },
        },
      }),
    );
    await home.resolve({ target: ['a'] });
    await home.resolve({ target: ['b'], url: ['http://other:1'] });
    configure({ apiKeyFile: 'ran' });
    assert.match((await failure()).message, /ENOENT/);
  });

  it('a file that everybody can write to, found by chance, runs nothing; named, it does', async () => {
    configure({ apiKeyCommand: ['echo', KEY] });
    const path = `${home.cwd}/llamactl.config.json`;
    chmodSync(path, 0o666);
    assert.match(
      (await failure()).message,
      /apiKeyCommand of llamactl\.config\.json is not obeyed: everybody can write to it/,
    );
    assert.equal((await home.resolve({}, { LLAMACTL_CONFIG: path }))[0]?.apiKey, KEY);
  });

  it('Ctrl-C ends a command that asks', async () => {
    configure({ apiKeyCommand: ['sleep', '60'] });
    const controller = new AbortController();
    const { resolveTargets } = await import('../../src/config/resolve.js');
    const asked = resolveTargets(await home.load(), { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(
      asked,
      (error: unknown) => error instanceof LlamactlError && error.type === 'INTERRUPTED',
    );
  });
});
