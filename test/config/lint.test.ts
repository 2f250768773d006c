import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { framesOf } from '../../src/config/frame.js';
import { lintConfig, lintText } from '../../src/config/lint.js';
import { type Home, makeHome } from './home.js';

const SECRET = 'sk-9f8e7d6c5b4a';

describe('lint, of a file on the disk', () => {
  let home: Home;
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(() => home.remove());

  async function found(): Promise<string[]> {
    const report = await lintConfig({ cwd: home.cwd, env: home.env });
    return (report?.problems ?? []).map(({ code, path, message }) => `${code} ${path}: ${message}`);
  }

  it('is null where there is none', async () => {
    assert.equal(await lintConfig({ cwd: home.cwd, env: home.env }), null);
  });

  it('says which target a problem is of, in every form', async () => {
    const targets = async () =>
      (await lintConfig({ cwd: home.cwd, env: home.env }))?.problems.map(({ target, path }) => [
        target,
        path,
      ]);
    home.write(
      'agents.config.json',
      '{"providers": [{"name": "gpu", "baseUrl": "http://0.0.0.0:8080/v1", "models": []}], "mine": 1}',
    );
    assert.deepEqual(await targets(), [
      ['gpu', 'providers[0].baseUrl'],
      [null, 'mine'],
    ]);
    home.write(
      'llamactl.config.yaml',
      'targets:\n  gpu: {}\n  gpu-2: { apiKeyFile: none }\n  a b: { baseUrl: "http://0.0.0.0:1" }\nfallback: [gpu, gpu]\n',
    );
    assert.deepEqual(await targets(), [
      ['gpu-2', 'targets.gpu-2.apiKeyFile'],
      ['a b', 'targets["a b"].baseUrl'],
      [null, 'fallback[1]'],
    ]);
  });

  it('tells of a secret that others can read, and not of a variable', async () => {
    const text = (key: string) => `targets:\n  it: { baseUrl: "http://localhost:8080", apiKey: "${key}" }\n`;
    home.write('llamactl.config.yaml', text(SECRET), 0o644);
    assert.deepEqual(await found(), [
      'config.exposed-secret targets.it.apiKey: a secret, and others can read the file (644)',
    ]);
    home.write('llamactl.config.yaml', text(SECRET), 0o600);
    assert.deepEqual(await found(), []);
    home.write('llamactl.config.yaml', text('$HOME'), 0o644);
    assert.deepEqual(await found(), []);
  });

  it('tells of a secret that git tracks', async () => {
    home.write('llamactl.config.yaml', `targets:\n  it: { apiKey: ${SECRET} }\n`);
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: home.cwd, env: { ...home.env, GIT_CONFIG_NOSYSTEM: '1' } });
    git('init', '-q');
    assert.deepEqual(await found(), []);
    git('add', 'llamactl.config.yaml');
    assert.deepEqual(await found(), [
      'config.tracked-secret targets.it.apiKey: a secret, and git tracks the file',
    ]);
  });

  it('looks at key files: there, not empty, for their owner alone', async () => {
    home.write('llamactl.config.yaml', 'targets:\n  it: { apiKeyFile: llama.key }\n');
    assert.deepEqual(await found(), ['config.key-file targets.it.apiKeyFile: this file is not there']);
    home.write('llama.key', '');
    assert.deepEqual(await found(), ['config.key-file targets.it.apiKeyFile: this file is empty']);
    home.write('llama.key', SECRET, 0o640);
    assert.deepEqual(await found(), [
      'config.key-file targets.it.apiKeyFile: others can read this file (640)',
    ]);
    home.write('llama.key', SECRET, 0o400);
    assert.deepEqual(await found(), []);
  });

  it('finds the secrets of nanocoder’s own business too', async () => {
    home.write(
      'agents.config.json',
      JSON.stringify({ nanocoder: { providers: [], lspServers: [{ env: { GITHUB_TOKEN: SECRET } }] } }),
      0o644,
    );
    assert.deepEqual(await found(), [
      'config.exposed-secret nanocoder.lspServers[0].env.GITHUB_TOKEN: a secret, and others can read the file (644)',
    ]);
  });

  it('shows no secret in a frame: not one that was read, nor one in a line that could not be', async () => {
    for (const text of [
      `{"targets": {"it": {"apiKey": "${SECRET}", "timout": 1}}}`,
      `{"targets": {"it": {"apiKey": "${SECRET}" "timeout": }}}`,
      `targets:\n  it:\n    apiKey: ${SECRET}\n    timout: 1\n`,
      `targets:\n  it:\n    apiKey: >-\n      ${SECRET}\n    timout: 1\n`,
      `targets:\n  it:\n    apiKey: ${SECRET}\n   timeout: 1\n`,
      `targets: { it: { baseUrl: "http://me:${SECRET}@x:1" } }\n`,
      `{"apiKey": "${SECRET}", ${' '.repeat(200)} "b": 1}`,
    ]) {
      const { read, problems } = await lintText(
        { text, label: text.startsWith('{') ? 'a.json' : 'a.yaml', path: null },
        { cwd: home.cwd, env: {} },
      );
      assert.ok(problems.length > 0);
      const shown = JSON.stringify([problems, problems.map(framesOf(read))]);
      assert.ok(!shown.includes(SECRET), shown);
    }
  });

  it('marks the place in a frame, behind masks and tabs and in the middle of a minified file', async () => {
    for (const text of [
      `{"targets": {"it": {"apiKey": "${SECRET}", "timout": 1000}}}`,
      `{\n\t"targets": {\n\t\t"it": { "timout": 1000 }\n\t}\n}`,
      `{"targets": {"it": {"baseUrl": "http://${'x'.repeat(300)}:1", "timout": 1000, "models": ["${'y'.repeat(300)}"]}}}`,
    ]) {
      const { read, problems } = await lintText(
        { text, label: 'a.json', path: null },
        { cwd: home.cwd, env: {} },
      );
      const [problem] = problems.filter(({ severity }) => severity === 'error');
      const frame = problem && framesOf(read)(problem);
      assert.ok(frame);
      assert.equal(frame.line.text.slice(frame.indent, frame.indent + frame.width), '"timout"');
      assert.ok(frame.line.text.length <= 80);
    }
  });
});
