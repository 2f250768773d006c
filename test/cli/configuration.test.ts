import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { fails } from '../support/common-failures.js';

/** Nothing listens there; the path tells whose address was taken. */
const at = (who: string) => `http://127.0.0.1:1/${who}`;

describe('where the configuration is taken from', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-order-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, content: unknown) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const own = (who: string) => ({ default: 'a', targets: { a: { baseUrl: at(who) } } });
  const env = () => ({ XDG_CONFIG_HOME: join(folder, 'config') });
  const asked = async (args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) => {
    const run = await cli(['health', '--json', ...args], { cwd: folder, env: { ...env(), ...more } });
    assert.ok(run.json?.url, run.text);
    return run.json.url as string;
  };

  it('goes from flags over the environment and --config to the files, the nearest first', async () => {
    assert.equal(await asked(), 'http://localhost:8080');
    write('config/llamactl/config.json', own('user'));
    assert.equal(await asked(), at('user'));
    write('agents.config.json', {
      nanocoder: { providers: [{ name: 'llama-cpp', baseUrl: at('agents'), models: [] }] },
    });
    assert.equal(await asked(), at('agents'));
    write('llamactl.config.json', own('folder'));
    assert.equal(await asked(), at('folder'));
    const file = write('other.yaml', `targets:\n  b:\n    baseUrl: ${at('file')}\n`);
    assert.equal(await asked(['--config', file]), at('file'));
    assert.equal(await asked([], { LLAMACTL_CONFIG: file }), at('file'));
    assert.equal(await asked(['--config', file], { LLAMACTL_URL: at('env') }), at('env'));
    assert.equal(await asked(['--url', at('flag')], { LLAMACTL_URL: at('env') }), at('flag'));
  });

  it('takes targets by name, several of them, or all', async () => {
    write('llamactl.config.json', {
      default: 'a',
      targets: { a: { baseUrl: at('a') }, b: { baseUrl: at('b') }, c: { baseUrl: at('c') } },
    });
    const urls = async (args: readonly string[], more = {}) => {
      const run = await cli(['health', '--json', ...args], { cwd: folder, env: { ...env(), ...more } });
      return (run.json.targets ?? [run.json]).map(({ url }: { url: string }) => url);
    };
    assert.deepEqual(await urls(['--target', 'b']), [at('b')]);
    assert.deepEqual(await urls([], { LLAMACTL_TARGET: 'c' }), [at('c')]);
    assert.deepEqual(await urls(['--target', 'a', '--target', 'c']), [at('a'), at('c')]);
    assert.deepEqual(await urls(['--target', 'all']), [at('a'), at('b'), at('c')]);
    const unknown = await cli(['health', '--target', 'd', '--json'], { cwd: folder, env: env() });
    fails(unknown, 2, 'usage.invalid');
    assert.match(unknown.json.error.suggestions[0], /a, b, c/);
    const two = await cli(['models', '--target', 'all', '--json'], { cwd: folder, env: env() });
    fails(two, 2, 'usage.invalid');
  });

  it('sends the key, the model and the sampling of a target, and what flags say instead', async () => {
    const server = await cannedServer(
      {
        'POST /v1/chat/completions': {
          body: {
            choices: [{ message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
            model: 'm',
          },
        },
        'GET /v1/models': { body: { data: [{ id: 'm', aliases: ['other'] }] } },
      },
      LLAMA_HEADERS,
    );
    try {
      write('llamactl.config.json', {
        targets: {
          a: { baseUrl: server.url, apiKey: '$KEY_OF_A', sampling: { temperature: 0.5, topK: 7 } },
        },
      });
      const run = await cli(['chat', 'x', '--no-stream', '--top-k', '9', '--model', 'other', '--json'], {
        cwd: folder,
        env: { ...env(), KEY_OF_A: 'sk-of-a-1234' },
      });
      assert.equal(run.json?.content, 'yes', run.text);
      const [request] = server.requests;
      assert.equal(request?.headers['authorization'], 'Bearer sk-of-a-1234');
      const body = JSON.parse(request?.body ?? '{}');
      assert.deepEqual([body.temperature, body.top_k, body.model], [0.5, 9, 'other']);
      // The key of a target is not for other servers.
      const other = await cannedServer({}, LLAMA_HEADERS);
      await cli(['models', '--url', other.url], { cwd: folder, env: { ...env(), KEY_OF_A: 'sk-of-a-1234' } });
      assert.equal(other.requests[0]?.headers['authorization'], undefined);
      await other.stop();
    } finally {
      await server.stop();
    }
  });

  it('says which file, which line and what is wrong (2)', async () => {
    write('llamactl.config.json', '{\n  "targets": {\n    "a": { "basUrl": "http://localhost:1" }\n  }\n}');
    const wrong = await cli(['health', '--json'], { cwd: folder, env: env() });
    fails(wrong, 2);
    assert.match(wrong.json.error.message + wrong.json.error.evidence.join(), /llamactl\.config\.json/);
    assert.match(wrong.json.error.message + wrong.json.error.evidence.join(), /basUrl/);
    const missing = await cli(['health', '--config', 'nowhere.json', '--json'], { cwd: folder, env: env() });
    fails(missing, 2);
    assert.match(missing.json.error.message, /nowhere\.json/);
    const authority = await cli([
      'models',
      '--url',
      'https://127.0.0.1:1',
      '--ca-cert',
      'nowhere.pem',
      '--json',
    ]);
    fails(authority, 2);
    assert.match(authority.json.error.message, /nowhere\.pem/);
  });
});
