import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CannedServer, cannedServer, eventStream } from '../support/canned-server.js';
import { type CliOptions, type CliResult, cli } from '../support/cli.js';
import { freePort, serverBinary, shareServer } from '../support/real-server.js';

/** Planted wherever a secret can be given or come from. Its tail tells it from every other text. */
const SECRET = 'sk-planted-9a4f7e2c81';
const BASE64 = Buffer.from(SECRET).toString('base64');

/** Every command that asks a server, with what it needs. */
const COMMANDS = [
  ['health'],
  ['models'],
  ['props', '--raw'],
  ['slots'],
  ['chat', 'Hello', '--temperature', '0', '--max-tokens', '5', '--stats'],
  ['tokenize', 'Hello'],
  ['detokenize', '1'],
  ['metrics', '--raw'],
  ['diagnose'],
] as const;

describe('a secret', () => {
  const keyed = shareServer({ args: ['-c', '1024', '-np', '1', '--metrics', '--api-key', SECRET] });
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'llamactl-secrets-'));
  });
  afterEach(() => {
    // What a test has planted itself is not ours.
    rmSync(join(home, 'planted'), { recursive: true, force: true });
    for (const file of filesIn(home)) {
      const text = readFileSync(file, 'latin1');
      assert.ok(!text.includes(SECRET) && !text.includes(BASE64), `${file} holds the secret`);
    }
    rmSync(home, { recursive: true, force: true });
  });

  /** Runs the program in a home that stays, and finds the secret in nothing that it says. */
  async function keeps(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const run = await cli(args, {
      ...options,
      env: {
        HOME: home,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_CACHE_HOME: join(home, 'cache'),
        ...options.env,
      },
    });
    for (const form of [SECRET, BASE64, encodeURIComponent(SECRET)])
      assert.ok(!run.text.includes(form), `${args.join(' ')} tells the secret:\n${run.text}`);
    return run;
  }

  describe('that the user gives', () => {
    it('as a flag, in one word or two, to a server that takes it', async () => {
      const flags = [['--api-key', SECRET], [`--api-key=${SECRET}`], ['--json', '--api-key', SECRET]];
      for (const [index, command] of COMMANDS.entries()) {
        const args = [
          ...command,
          ...(flags[index % flags.length] ?? []),
          '--url',
          keyed.current.url,
          '--verbose',
        ];
        const run = await keeps(args);
        assert.equal(run.code, 0, run.text);
      }
    });

    it('by the environment or a configuration, to a server that takes it', async () => {
      const planted = join(home, 'planted');
      execFileSync('mkdir', [planted]);
      const config = join(planted, 'llamactl.config.json');
      writeFileSync(
        config,
        JSON.stringify({ targets: { a: { baseUrl: keyed.current.url, apiKey: SECRET } } }),
      );
      await Promise.all([
        keeps(['models', '--url', keyed.current.url, '--verbose'], { env: { LLAMACTL_API_KEY: SECRET } }),
        keeps(['diagnose', '--config', config, '--verbose', '--json']),
        keeps(['chat', 'Hello', '--config', config, '--verbose', '--max-tokens', '3']),
      ]).then((runs) => {
        for (const run of runs) assert.equal(run.code, 0, run.text);
      });
    });

    it('to a server that is not there, or another', async () => {
      const stranger = await cannedServer({ '*': { body: '<html>', headers: { server: 'nginx' } } });
      try {
        for (const url of [`http://127.0.0.1:${await freePort()}`, stranger.url]) {
          await Promise.all(
            COMMANDS.slice(1, 5).map((command) =>
              keeps([...command, '--url', url, '--api-key', SECRET, '--verbose', '--retries', '0']),
            ),
          );
        }
      } finally {
        await stranger.stop();
      }
    });

    it('in a command line that cannot be read', async () => {
      const lines = [
        ['health', '--wat', '--api-key', SECRET],
        ['health', '--wat', `--api-key=${SECRET}`],
        ['health', `--apikey=${SECRET}`],
        ['health', '--apikey', SECRET],
        ['health', '--api_key', SECRET, '--json'],
        ['health', '--api-key', SECRET, '--api-key', SECRET],
        ['helth', '--api-key', SECRET],
        [`--api-key=${SECRET}`, 'health'],
        ['--api-key', SECRET, 'health', '--json'],
        ['chat', '--temperature', '9', `--api-key=${SECRET}`, 'x'],
        ['up', '--port', 'x', '--api-key', SECRET],
        ['health', '--api-key', `${SECRET}\n`],
      ];
      for (const run of await Promise.all(lines.map((line) => keeps(line))))
        assert.equal(run.code, 2, run.text);
    });

    it('in the address of a server: flag, environment, configuration, with a scheme and without', async () => {
      const planted = join(home, 'planted');
      execFileSync('mkdir', [planted]);
      const config = join(planted, 'llamactl.config.json');
      const url = `http://user:${SECRET}@127.0.0.1:1`;
      writeFileSync(config, JSON.stringify({ targets: { a: { baseUrl: url } } }));
      const runs = await Promise.all([
        keeps(['health', '--url', url, '--verbose']),
        keeps(['health', `--url=user:${SECRET}@127.0.0.1:1`, '--json']),
        keeps(['models', '--url', `http://${SECRET}@127.0.0.1:1/v1`]),
        keeps(['models', '--url', `http://us er:${SECRET}@127.0.0.1:1/v1`]),
        keeps(['models', '--url', `ftp://user:${SECRET}@127.0.0.1:1`]),
        keeps(['health'], { env: { LLAMACTL_URL: url } }),
        keeps(['health', '--config', config]),
      ]);
      for (const run of runs) assert.equal(run.code, 2, run.text);
    });
  });

  describe('that a server sends back', () => {
    let server: CannedServer;
    const echo = {
      headers: {
        server: 'llama.cpp',
        'x-echo': `Bearer ${SECRET}`,
        'x-api-key': SECRET,
        'set-cookie': `key=${SECRET}`,
      },
    };
    afterEach(() => server.stop());

    const asks = (commands: readonly (readonly string[])[]) =>
      Promise.all(
        commands.flatMap((command, index) => [
          keeps([...command, '--url', server.url, '--api-key', SECRET, '--retries', '0', '--verbose']),
          keeps([...command, '--url', server.url, '--retries', '0', '--json'], {
            env:
              index % 2 === 0 ? { LLAMACTL_API_KEY: SECRET } : { LLAMACTL_API_KEY: SECRET, FORCE_COLOR: '1' },
          }),
        ]),
      );

    it('in headers and an error message', async () => {
      const error = {
        code: 401,
        message: `Incorrect API key provided: ${SECRET}`,
        type: 'authentication_error',
      };
      server = await cannedServer({ '*': { status: 401, body: { error }, ...echo } });
      for (const run of await asks([['models'], ['chat', 'x'], ['diagnose'], ['health']]))
        assert.notEqual(run.code, 0);
    });

    it('in a body that is read', async () => {
      const body = {
        build_info: SECRET,
        model_path: `/models/${SECRET}.gguf`,
        model_alias: SECRET,
        data: [{ id: SECRET, aliases: [SECRET] }],
        choices: [
          { message: { role: 'assistant', content: `your key is ${SECRET}` }, finish_reason: 'stop' },
        ],
        content: SECRET,
      };
      server = await cannedServer({ '*': { body, ...echo } });
      await asks([
        ['models'],
        ['props'],
        ['props', '--raw'],
        ['chat', 'x', '--no-stream'],
        ['detokenize', '1'],
      ]);
    });

    it('in a stream, and in an error of it', async () => {
      const event = JSON.stringify({
        error: { code: 500, message: `failed for ${SECRET}`, type: 'server_error' },
      });
      server = await cannedServer({ 'POST /v1/chat/completions': eventStream([event]) });
      for (const run of await asks([['chat', 'x', '--no-fallback']])) assert.notEqual(run.code, 0);
    });

    it('as the target of a redirect, to which no key is sent', async () => {
      const other = await cannedServer({});
      server = await cannedServer({
        '*': { status: 302, headers: { location: `${other.url}/?key=${SECRET}` } },
      });
      try {
        await asks([['models'], ['chat', 'x'], ['health']]);
        const target = await keeps(['models', '--url', server.url, '--api-key', SECRET, '--verbose']);
        assert.notEqual(target.code, 0);
        for (const { headers } of other.requests) assert.equal(headers['authorization'], undefined);
      } finally {
        await other.stop();
      }
    });
  });

  it('in a log that is explained, though nobody has told that it is one', async () => {
    const log = [
      `llama-server --api-key ${SECRET} --port 8080`,
      `error: invalid argument: --api-key=${SECRET}`,
      `curl -H "Authorization: Bearer ${SECRET}" http://u:${SECRET}@h:8080/props → 401 Invalid API Key`,
      `LLAMA_API_KEY=${SECRET} couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080`,
    ].join('\n');
    const runs = await Promise.all([
      keeps(['explain', '-'], { input: log }),
      keeps(['explain', '--json'], { input: log }),
      keeps(['explain', log]),
    ]);
    for (const run of runs) assert.equal(run.code, 0, run.text);
  });

  it('of a server that we start: not in its command line, its log, or why it did not start', async () => {
    const env = { LLAMA_SERVER_BIN: serverBinary() };
    const failed = await Promise.all([
      keeps(['up', '--tiny', '--port', '0', '--api-key', SECRET, '--', '--no-such-option'], { env }),
      keeps(['up', '--tiny', '--port', '0', '--json', '--', '--api-key', SECRET, '--no-such-option'], {
        env,
      }),
    ]);
    for (const run of failed) assert.equal(run.code, 10, run.text);
    const titles: string[] = [];
    const run = await keeps(['up', '--tiny', '--port', '0', '--json', '--', '--api-key', SECRET], {
      env,
      onSpawn: (child) =>
        child.stdout?.once('data', (text: Buffer) => {
          titles.push(titleOf(child.pid), titleOf(JSON.parse(text.toString()).pid));
          child.kill('SIGINT');
        }),
    });
    assert.equal(run.code, 0, run.text);
    assert.equal(titles.length, 2);
    for (const title of titles) assert.ok(title !== '' && !title.includes(SECRET), title);
  });

  it('in the list of processes', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const lines = [
      ['--url', url, '--api-key', SECRET],
      ['--url', url, `--api-key=${SECRET}`],
    ];
    for (const line of lines) {
      let title = '';
      await keeps(['health', '--wait', '5m', ...line], {
        onSpawn: (child) =>
          child.stderr?.once('data', () => {
            title = titleOf(child.pid);
            child.kill('SIGTERM');
          }),
      });
      assert.match(title, /llamactl/);
      assert.ok(!title.includes(SECRET), title);
    }
  });
});

/** What everybody on the machine can read of a process. */
function titleOf(pid: number | undefined): string {
  const comm = `/proc/${pid}/comm`;
  return [
    execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
    existsSync(comm) ? readFileSync(comm, 'utf8') : '',
    existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '',
  ].join('');
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith('.gguf'));
}
