import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cannedServer } from '../support/canned-server.js';
import { type CliOptions, cli } from '../support/cli.js';
import { shareServer } from '../support/real-server.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/config', import.meta.url));
const SECRET = 'sk-command-secret-1';

describe('config', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-commands-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  const run = (line: string, options: CliOptions = {}) =>
    cli(['config', ...line.split(' ')], { cwd, ...options });
  const write = (name: string, text: string, mode = 0o600) => writeFileSync(join(cwd, name), text, { mode });
  const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

  describe('validate', () => {
    it('shows the first error with its line, and exits 2', async () => {
      write(
        'agents.config.json',
        '{\n  "nanocoder": {\n    "llamaCpp": {\n      "basUrl": "http://localhost:8080"\n    }\n  }\n}\n',
      );
      const { code, out, err } = await run('validate agents.config.json');
      assert.equal(code, 2);
      assert.equal(err, '');
      assert.equal(
        out,
        [
          '✗ agents.config.json · 1 error, 1 warning',
          '',
          '  4:7  error  nanocoder.llamaCpp.basUrl: unknown key, did you mean "baseUrl"?',
          '    3 |     "llamaCpp": {',
          '  > 4 |       "basUrl": "http://localhost:8080"',
          '      |       ^^^^^^^^',
          "  3:5  warn   nanocoder.llamaCpp: the old form: today's nanocoder reads",
          '              llama-cpp from providers[] only',
          '              llamactl config migrate agents.config.json --to nanocoder',
          '',
        ].join('\n'),
      );
    });

    it('prints the document of design.md under --json, and nothing else', async () => {
      write('a.yaml', 'targets:\n  it: { timout: 1000 }\n');
      write('b.json', '{ "targets": { "it": {} } }');
      const { code, json, err } = await run('validate a.yaml b.json missing.json --json');
      assert.equal(code, 2);
      assert.equal(err, '');
      assert.deepEqual(json, {
        valid: false,
        files: [
          {
            file: 'a.yaml',
            format: 'yaml',
            form: 'llamactl',
            problems: [
              {
                severity: 'error',
                code: 'config.unknown-key',
                path: 'targets.it.timout',
                line: 2,
                column: 9,
                endLine: 2,
                endColumn: 15,
                message: 'unknown key, did you mean "timeout"?',
                suggestion: 'write "timeout"',
              },
            ],
          },
          { file: 'b.json', format: 'json', form: 'llamactl', problems: [] },
          {
            file: 'missing.json',
            format: 'json',
            form: 'llamactl',
            problems: [
              {
                severity: 'error',
                code: 'config.unreadable',
                path: '',
                line: 1,
                column: 1,
                endLine: 1,
                endColumn: 1,
                message: 'there is no such file',
              },
            ],
          },
        ],
      });
    });

    it('warnings are good, and 3 with --strict', async () => {
      write('a.yaml', 'targets:\n  it: { baseUrl: "http://0.0.0.0:8080" }\n');
      assert.equal((await run('validate a.yaml')).code, 0);
      assert.equal((await run('validate a.yaml --strict')).code, 3);
      write('b.yaml', 'targets: { it: {} }\n');
      assert.equal((await run('validate b.yaml --strict')).code, 0);
    });

    it('checks the file that would win, and names those that do not', async () => {
      write('agents.config.json', '{"nanocoder": {}}');
      write('llamactl.config.yaml', 'targets: { it: {}, other: {} }\n');
      const { code, out } = await run('validate');
      assert.equal(code, 0);
      assert.equal(
        out,
        '✓ llamactl.config.yaml · 2 targets\n  Not read, since the first file wins: agents.config.json\n',
      );
      assert.equal((await run('validate', { cwd: FIXTURES })).code, 2);
      assert.match((await run('validate', { cwd: FIXTURES })).err, /there is no configuration file/);
    });

    it('takes patterns and stdin', async () => {
      mkdirSync(join(cwd, 'deploy', 'gpu1'), { recursive: true });
      mkdirSync(join(cwd, 'node_modules'));
      for (const name of [
        'deploy/gpu1/llamactl.config.yaml',
        'deploy/llamactl.config.json',
        'node_modules/x.json',
      ])
        write(name, '{ "targets": { "it": {} } }');
      const files = async (pattern: string) =>
        ((await run(`validate ${pattern} --json`)).json.files as { file: string }[]).map(({ file }) => file);
      assert.deepEqual(await files('**/*.{json,yaml}'), [
        'deploy/gpu1/llamactl.config.yaml',
        'deploy/llamactl.config.json',
      ]);
      assert.deepEqual(await files('deploy/*.json'), ['deploy/llamactl.config.json']);
      assert.match((await run('validate nothing*')).err, /no file matches nothing\*/);
      const piped = await run('validate -', { input: '{"targets": {"it": {"timeout": 1}}}' });
      assert.equal(piped.code, 2);
      assert.match(piped.out, /targets\.it\.timeout: 1 is under 1,000/);
    });

    it('speaks GitHub’s language', async () => {
      write('a,b.yaml', 'targets:\n  it: { timeout: 5 }\n');
      const { out, code } = await run('validate a,b.yaml --format github');
      assert.equal(code, 2);
      assert.equal(
        out,
        '::error file=a%2Cb.yaml,line=2,endLine=2,col=18,endColumn=19,title=config.out-of-range::targets.it.timeout: 5 is under 1,000 (a number from 1,000 to 300,000 is allowed)\n',
      );
      write('good.yaml', 'targets: { it: {} }\n');
      assert.equal((await run('validate good.yaml --format github')).out, '');
    });

    it('speaks SARIF', async () => {
      write('a.yaml', 'targets:\n  it: { timeout: 5 }\n');
      const { json } = await run('validate a.yaml --format sarif');
      assert.equal(json.version, '2.1.0');
      const [{ tool, results, columnKind }] = json.runs;
      assert.equal(columnKind, 'utf16CodeUnits');
      assert.deepEqual(tool.driver.rules, [
        { id: 'config.out-of-range', shortDescription: { text: 'a number or text outside its bounds' } },
      ]);
      assert.deepEqual(results[0].locations[0].physicalLocation, {
        artifactLocation: { uri: 'a.yaml', index: 0 },
        region: { startLine: 2, startColumn: 18, endLine: 2, endColumn: 19 },
      });
      assert.equal(results[0].level, 'error');
    });

    it('shows no secret, in any format', async () => {
      write('a.json', `{"targets": {"it": {"apiKey": "${SECRET}", "timout": 5}}}`, 0o644);
      for (const format of ['table', 'json', 'github', 'sarif']) {
        const { text } = await run(`validate a.json --format ${format}`);
        assert.ok(text.length > 50 && !text.includes(SECRET), text);
      }
    });

    it('finds each of the good ones good', async () => {
      const files = readdirSync(join(FIXTURES, 'good')).join(' ');
      const { json, code } = await run(`validate ${files} --json`, { cwd: join(FIXTURES, 'good') });
      assert.equal(json.valid, true);
      assert.equal(code, 0);
    });
  });

  describe('show', () => {
    it('prints every value with its origin, the key masked', async () => {
      write(
        'llamactl.config.yaml',
        `default: it\ntargets:\n  it:\n    baseUrl: http://gpu1:8080\n    apiKey: ${SECRET}\n    sampling: { temperature: 0.5 }\n`,
      );
      const { out, code } = await run('show', { env: { LLAMACTL_TIMEOUT: '5s' } });
      assert.equal(code, 0);
      assert.equal(
        out,
        [
          'llamactl.config.yaml',
          '',
          'it  default (llamactl.config.yaml:1)',
          '  provider              llama-cpp         default',
          '  baseUrl               http://gpu1:8080  llamactl.config.yaml:4',
          '  apiKey                ***               llamactl.config.yaml:5',
          '  timeout               5,000 ms          env LLAMACTL_TIMEOUT',
          '  maxRetries            3                 default',
          '  sampling.temperature  0.5               llamactl.config.yaml:6',
          '',
        ].join('\n'),
      );
      const { json, text } = await run('show --json --api-key sk-of-the-flag');
      assert.equal(json.default, 'it');
      assert.equal(json.targets.it.apiKey, '***');
      assert.equal(json.origins['targets.it.apiKey'], 'flag');
      assert.equal(json.origins['targets.it.baseUrl'], 'llamactl.config.yaml:4');
      assert.ok(!text.includes(SECRET) && !text.includes('sk-of-the-flag'));
    });

    it('runs no command for a key', async () => {
      write('llamactl.config.yaml', 'targets:\n  it: { apiKeyCommand: touch ran }\n');
      const { json } = await run('show --json');
      assert.equal(json.targets.it.apiKey, '***');
      assert.equal(json.targets.it.apiKeyCommand, 'touch ran');
      assert.ok(!existsSync(join(cwd, 'ran')));
    });

    it('shows the others where one target cannot be used, and exits 2', async () => {
      write('llamactl.config.yaml', 'targets:\n  it: {}\n  other: { apiKey: $NOPE }\n');
      const { json, code } = await run('show --json');
      assert.equal(code, 2);
      assert.deepEqual(Object.keys(json.targets), ['it']);
      assert.match(json.problems[0].message, /the variable NOPE is not set/);
    });

    it('shows what the environment makes of it', async () => {
      write('llamactl.config.yaml', 'targets:\n  it: {}\n  other: { baseUrl: "http://other:1" }\n');
      const named = await run('show --json', { env: { LLAMACTL_TARGET: 'other' } });
      assert.equal(named.json.default, 'other');
      assert.equal(named.json.origins.default, 'env LLAMACTL_TARGET');
      const bare = await run('show --json', { env: { LLAMACTL_URL: 'http://bare:1' } });
      assert.equal(bare.json.default, 'http://bare:1');
      assert.deepEqual(Object.keys(bare.json.targets), ['http://bare:1', 'it', 'other']);
      const none = await run('show', { cwd: FIXTURES });
      assert.match(none.out, /^No configuration file: these are the defaults\./);
      const providers = '[{"name": "env", "baseUrl": "http://gpu1:8080/v1", "models": ["m"]}]';
      const given = await run('show', { cwd: FIXTURES, env: { NANOCODER_PROVIDERS: providers } });
      assert.match(
        given.out,
        /^No configuration file: the targets are those of nanocoder's environment\.\n\nenv /,
      );
    });
  });

  describe('schema', () => {
    it('prints draft 2020-12, with bounds, defaults and the user’s own keys', async () => {
      const { json, out } = await run('schema');
      assert.equal(json.$schema, 'https://json-schema.org/draft/2020-12/schema');
      const { properties, patternProperties, additionalProperties } =
        json.properties.targets.additionalProperties;
      assert.equal(additionalProperties, false);
      assert.deepEqual(Object.keys(patternProperties), ['^x-', '^//$']);
      assert.deepEqual(
        [properties.timeout.minimum, properties.timeout.maximum, properties.timeout.default],
        [1000, 300_000, 30_000],
      );
      assert.equal(properties.sampling.properties.topK.maximum, 100);
      assert.equal(properties.apiKey.writeOnly, true);
      assert.equal((await run('schema --json')).out, out);
    });
  });

  describe('migrate', () => {
    const old = `{
  "nanocoder": {
    "llamaCpp": { "baseUrl": "http://localhost:8080", "apiKey": "${SECRET}", "timeout": 60000 }
  }
}
`;

    it('asks, and where there is nobody to ask says how to agree', async () => {
      write('agents.config.json', old);
      const { code, out, err } = await run('migrate --to nanocoder');
      assert.equal(code, 2);
      assert.match(out, /^\+ {9}"requestTimeout": 60000$/m);
      assert.match(err, /llamactl config migrate agents\.config\.json --to nanocoder --yes/);
      assert.equal(read('agents.config.json'), old);
      assert.ok(!(out + err).includes(SECRET));
    });

    it('--yes writes, keeps the old file, and is content the second time', async () => {
      write('agents.config.json', old, 0o600);
      const first = await run('migrate --to nanocoder --yes --json');
      assert.deepEqual(
        [first.code, first.json.changed, first.json.written, first.json.from, first.json.output],
        [0, true, true, 'nanocoder-old', 'agents.config.json'],
      );
      assert.ok(!first.text.includes(SECRET));
      assert.equal(read('agents.config.json.bak'), old);
      assert.equal(statSync(join(cwd, 'agents.config.json')).mode & 0o777, 0o600);
      const { nanocoder } = JSON.parse(read('agents.config.json'));
      assert.deepEqual(nanocoder.providers, [
        {
          name: 'llama-cpp',
          baseUrl: 'http://localhost:8080/v1',
          apiKey: SECRET,
          models: [],
          requestTimeout: 60_000,
        },
      ]);
      const again = await run('migrate --to nanocoder --yes');
      assert.equal(again.out, "agents.config.json is in nanocoder's form: there is nothing to do.\n");
      assert.deepEqual(readdirSync(cwd).sort(), ['agents.config.json', 'agents.config.json.bak']);
    });

    it('into ours leaves nanocoder’s file alone, and a second backup never overwrites the first', async () => {
      write('agents.config.json', old);
      assert.equal((await run('migrate --yes')).code, 0);
      assert.equal(read('agents.config.json'), old);
      assert.match(
        read('llamactl.config.yaml'),
        /^targets:\n {2}llama-cpp:\n {4}baseUrl: http:\/\/localhost:8080$/m,
      );
      assert.equal(statSync(join(cwd, 'llamactl.config.yaml')).mode & 0o777, 0o600);
      assert.match((await run('migrate agents.config.json --yes')).out, /there is nothing to do/);
      for (const more of ['one', 'two']) {
        writeFileSync(join(cwd, 'llamactl.config.yaml'), `# ${more}\ntargets: {}\n`);
        await run('migrate agents.config.json --yes');
      }
      assert.match(read('llamactl.config.yaml.bak'), /# one/);
      assert.match(read('llamactl.config.yaml.bak2'), /# two/);
    });

    it('--dry-run writes nothing, --output and --format choose', async () => {
      write('agents.config.json', old);
      assert.equal((await run('migrate --dry-run')).code, 0);
      assert.deepEqual(readdirSync(cwd), ['agents.config.json']);
      await run('migrate --format json --output mine.json --yes');
      assert.equal(JSON.parse(read('mine.json')).targets['llama-cpp'].timeout, 60_000);
    });

    it('a file with errors is mended first; keys that nobody knows are kept', async () => {
      write('agents.config.json', '{"nanocoder": {"llamaCpp": {"timeout": 5}}}');
      const { code, err } = await run('migrate --yes');
      assert.equal(code, 2);
      assert.match(err, /agents\.config\.json has errors: they go first/);
      write('agents.config.json', '{"nanocoder": {"llamaCpp": {"mine": "kept"}}}');
      assert.equal((await run('migrate --yes')).code, 0);
      assert.match(read('llamactl.config.yaml'), /x-nanocoder:\n {6}mine: kept/);
    });
  });

  describe('init', () => {
    const server = shareServer({ args: ['--api-key', SECRET, '-a', 'tiny'] });

    it('writes a commented file from flags, and does not overwrite it', async () => {
      const { code, out } = await run(
        'init --url http://gpu1.invalid:8080 --name gpu1 --key-env GPU1_KEY --model qwen3',
      );
      assert.equal(code, 0);
      assert.match(out, /^✓ wrote llamactl\.config\.yaml\n {2}gpu1: http:\/\/gpu1\.invalid:8080\n/);
      assert.match(out, /^ {4}export GPU1_KEY=…$/m);
      const text = read('llamactl.config.yaml');
      assert.match(text, /^ {4}# From the environment\.\n {4}apiKey: \$GPU1_KEY$/m);
      assert.match(text, /^ {4}models: \[qwen3\]$/m);
      const again = await run('init --url http://other:8080');
      assert.equal(again.code, 2);
      assert.match(again.err, /llamactl\.config\.yaml is there already/);
      assert.equal(read('llamactl.config.yaml'), text);
      await run('init --url http://other.invalid:8080 --force');
      assert.equal(read('llamactl.config.yaml.bak'), text);
    });

    it('quotes a name with blanks in what to type next', async () => {
      const url = 'http://gpu1.invalid:8080';
      const { out } = await cli(['config', 'init', '--url', url, '--name', 'my server'], { cwd });
      assert.match(out, /^ {4}llamactl health --target 'my server'$/m);
    });

    it('asks the server that is named what it is; what it writes is valid, in both formats', async () => {
      for (const format of ['yaml', 'json']) {
        const { json, text } = await run(`init --url ${server.current.url} --format ${format} --json`);
        assert.deepEqual(json.targets, ['local']);
        assert.match(json.content, /needs an API key/);
        assert.ok(!text.includes(SECRET));
        const { code, out } = await run(`validate ${json.file} --live --strict`, {
          env: { LLAMA_API_KEY: SECRET },
        });
        assert.equal(out, `✓ ${json.file} · 1 target\n`);
        assert.equal(code, 0);
      }
    });

    it('where there is nobody to ask, wants flags or --yes', async () => {
      const { code, err } = await run('init');
      assert.equal(code, 2);
      assert.match(err, /there is nobody to ask/);
      assert.deepEqual(readdirSync(cwd), []);
      assert.equal((await run('init --yes')).code, 0);
      assert.ok(existsSync(join(cwd, 'llamactl.config.yaml')));
    });

    it('knows Ollama by what it says', async () => {
      const ollama = await cannedServer({ '*': { body: 'Ollama is running' } });
      try {
        const { json } = await run(`init --url ${ollama.url} --json`);
        assert.deepEqual(json.targets, ['ollama']);
        assert.match(json.content, /provider: ollama/);
      } finally {
        await ollama.stop();
      }
    });

    it('writes into the user’s folder, for their eyes alone', async () => {
      const XDG_CONFIG_HOME = join(cwd, 'config');
      await run('init --user --url http://gpu1.invalid:8080 --key-file ~/k', { env: { XDG_CONFIG_HOME } });
      const path = join(XDG_CONFIG_HOME, 'llamactl', 'config.yaml');
      assert.match(readFileSync(path, 'utf8'), /apiKeyFile: ~\/k/);
      assert.equal(statSync(path).mode & 0o777, 0o600);
    });
  });
});
