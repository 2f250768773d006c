import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.js';
import { loadCommand } from '../../src/cli/plugin.js';
import { cannedServer, chunk, eventStream, LLAMA_HEADERS } from '../support/canned-server.js';
import { makeCertificates } from '../support/certificates.js';
import { type CliOptions, type CliResult, cli } from '../support/cli.js';
import { KEY, useServer } from '../support/command-servers.js';
import { fails } from '../support/common-failures.js';
import { type Fault, FaultProxy } from '../support/fault-proxy.js';
import { forwardProxy } from '../support/forward-proxy.js';
import { keeper } from '../support/keeper.js';
import { listening } from '../support/raw-server.js';
import { freePort } from '../support/real-server.js';

const CHAT = 'POST /v1/chat/completions';
const refusal = (code: number, type: string, message: string): Fault => ({
  kind: 'answer',
  status: code,
  headers: { 'content-type': 'application/json', server: 'llama.cpp' },
  body: JSON.stringify({ error: { code, type, message } }),
});

describe('chat falls back over the targets of the configuration', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  const keep = keeper();
  let root: string;
  let folder: string;
  let proxy: FaultProxy;

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'llamactl-fallback-'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(async () => {
    folder = mkdtempSync(join(root, 'f-'));
    proxy = await keep(FaultProxy.start(plain.current.url));
  });

  const write = (config: object, into = folder) =>
    writeFileSync(join(into, 'llamactl.config.json'), JSON.stringify(config), { mode: 0o600 });
  const folderWith = (config: object) => {
    const own = mkdtempSync(join(root, 'f-'));
    write(config, own);
    return own;
  };
  /** The first behind the proxy, the second a server with a key of its own. */
  const usual = () =>
    write({
      fallback: ['first', 'second'],
      targets: {
        first: { baseUrl: proxy.url },
        second: { baseUrl: keyed.current.url, apiKey: KEY },
      },
    });
  const chat = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
    cli(['chat', ...args, '--max-tokens', '6', '--temperature', '0'], { cwd: folder, ...options });
  const answeredBySecond = (run: CliResult, why: string) => {
    assert.equal(run.code, 0, run.text);
    assert.match(run.out, /^The server is ready/);
    const told = run.err.split('\n').filter((line) => line.includes('answered by'));
    assert.deepEqual(told, [`… answered by second (${keyed.current.url}): ${why}`]);
  };
  /** A server that notes what it is asked. */
  const witness = () =>
    keep(
      cannedServer(
        {
          'GET /v1/models': { body: { data: [{ id: 'its-own' }, { id: 'another' }] } },
          [CHAT]: eventStream([chunk({ content: 'Seen.' }), chunk({}, 'stop'), '[DONE]']),
        },
        LLAMA_HEADERS,
      ),
    );

  it('tells in a sentence who answers and why, and in the document with every step', async () => {
    usual();
    await proxy.refuse();
    const [human, { json, err }] = await Promise.all([chat(['Hello']), chat(['Hello', '--json'])]);
    answeredBySecond(human, 'first refused the connection');
    assert.match(err, /answered by second/);
    assert.deepEqual([json.target, json.provider, json.url], ['second', 'llama-cpp', keyed.current.url]);
    assert.deepEqual(
      json.recovery.map(({ code, action }: Record<string, string>) => [code, action]),
      [
        ['connection.refused', 'retry'],
        ['connection.refused', 'use-other-provider'],
      ],
    );
    assert.equal(json.recovery[1].message, 'first refused the connection. Asking second.');
  });

  const faults: Readonly<Record<string, readonly [Fault, string]>> = {
    'accepts and is silent': [{ kind: 'silence' }, 'first accepts connections and does not answer'],
    'stops before its first token': [
      { kind: 'half-open', afterBytes: 120 },
      'first accepts connections and does not answer',
    ],
    'cuts before its first token': [
      { kind: 'cut', afterBytes: 120, how: 'rst' },
      'first closed the connection',
    ],
    'loads past the deadline': [
      refusal(503, 'unavailable_error', 'Loading model'),
      'first still loads its model',
    ],
    'has no slot': [refusal(503, 'unavailable_error', 'no slot available'), 'first is overloaded'],
    'asks to slow down': [refusal(429, 'rate_limit', 'slow down'), 'first is overloaded'],
    'is behind a proxy without a server': [
      { kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'first cannot be reached through the proxy',
    ],
  };
  describe('from a target that', () => {
    let runs: Readonly<Record<string, CliResult>>;

    // All at once: what takes time is waiting.
    before(async () => {
      const started = Object.entries(faults).map(async ([what, [fault]]) => {
        const failing = await FaultProxy.start(plain.current.url);
        failing.always = fault;
        const cwd = folderWith({
          fallback: ['first', 'second'],
          targets: {
            first: { baseUrl: failing.url, timeout: 1000 },
            second: { baseUrl: keyed.current.url, apiKey: KEY },
          },
        });
        const run = await chat(['Hello'], { cwd });
        await failing.stop();
        return [what, run] as const;
      });
      runs = Object.fromEntries(await Promise.all(started));
    });

    for (const [what, [, why]] of Object.entries(faults)) {
      it(what, () => {
        const run = runs[what];
        assert.ok(run !== undefined);
        answeredBySecond(run, why);
      });
    }
  });

  it('never where the key, the model or the request is at fault, and never from what was seen', async () => {
    const second = await witness();
    const cases: readonly (readonly [Fault, number, string, string?])[] = [
      [refusal(401, 'authentication_error', 'Invalid API Key'), 11, 'auth.missing-key'],
      [refusal(403, 'permission_error', 'forbidden'), 11, 'auth.missing-key'],
      [refusal(400, 'invalid_request_error', 'bad temperature'), 15, 'request.invalid-parameter'],
      [refusal(404, 'not_found_error', 'File Not Found'), 10, 'connection.wrong-path'],
      [{ kind: 'pass' }, 13, 'context.overflow', 'word '.repeat(4000)],
      [{ kind: 'cut', afterBytes: 1500, how: 'rst' }, 17, 'stream.truncated'],
    ];
    const runs = cases.map(async ([fault, code, error, prompt = 'Hello']) => {
      const failing = await keep(FaultProxy.start(plain.current.url));
      failing.always = fault;
      const cwd = folderWith({
        fallback: ['first', 'second'],
        targets: { first: { baseUrl: failing.url }, second: { baseUrl: second.url } },
      });
      const run = await cli(['chat', prompt, '--json'], { cwd });
      assert.deepEqual([run.code, run.json?.error.code], [code, error], run.text);
      return run;
    });
    const cut = (await Promise.all(runs)).at(-1);
    assert.match(cut?.json.partial.content, /^ ?The/);
    assert.deepEqual(second.requests, []);
  });

  it('not with --no-fallback, and not from a bare address', async () => {
    usual();
    await proxy.refuse();
    for (const args of [['--no-fallback'], ['--url', proxy.url]]) {
      const run = await chat(['Hello', '--retries', '0', '--json', ...args]);
      fails(run, 10, 'connection.refused');
      assert.doesNotMatch(run.text, /second|--allow-remote/);
    }
  });

  it('throws away what a model thought where nobody was shown it', async () => {
    const thinker = await keep(
      cannedServer({ '*': eventStream([chunk({ reasoning_content: 'Hm.' }), 20, 'cut']) }, LLAMA_HEADERS),
    );
    write({
      fallback: ['second'],
      targets: { first: { baseUrl: thinker.url }, second: { baseUrl: keyed.current.url, apiKey: KEY } },
    });
    answeredBySecond(await chat(['Hello']), 'first broke off before its first token');
  });

  it('shows no other target the key, the model, the address or the sampling of the first', async () => {
    const second = await witness();
    write({
      fallback: ['second'],
      targets: {
        first: { baseUrl: 'http://127.0.0.1:1', apiKey: 'sk-file-secret', sampling: { topK: 33 } },
        second: { baseUrl: second.url, provider: 'openai-compatible', sampling: { topK: 44 } },
      },
    });
    const gone = `http://127.0.0.1:${await freePort()}`;
    const run = await cli(
      ['chat', 'Hello', '--target', 'first', '--url', gone, '--model', 'mine', '--retries', '0', '--json'],
      {
        cwd: folder,
        env: {
          LLAMACTL_API_KEY: 'sk-env-secret',
          LLAMACTL_MODEL: 'env-model',
          LLAMACTL_BASIC_AUTH: 'bob:login-secret',
        },
      },
    );
    assert.equal(run.json?.content, 'Seen.', run.text);
    assert.equal(run.json.url, second.url);
    const sent = JSON.stringify(second.requests);
    assert.doesNotMatch(sent, /secret|mine|env-model|authorization/);
    assert.ok(!sent.includes(new URL(gone).host));
    const body = JSON.parse(second.requests.find(({ line }) => line === CHAT)?.body ?? '{}');
    assert.deepEqual([body.model, body.top_k], ['its-own', 44]);
    assert.doesNotMatch(run.text, /sk-(?:file|env)-secret/);
  });

  it('takes no certificate of another unseen: --insecure is meant for the requested one', async () => {
    const { selfSigned } = makeCertificates();
    const asked: string[] = [];
    const https = createHttpsServer(selfSigned, (request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    const { port } = await keep(listening(https));
    write({
      fallback: ['second'],
      targets: {
        first: { baseUrl: proxy.url, maxRetries: 0 },
        second: { baseUrl: `https://127.0.0.1:${port}` },
      },
    });
    await proxy.refuse();
    const run = await chat(['Hello', '--insecure', '--json']);
    fails(run, 10, 'connection.tls-untrusted');
    assert.match(run.json.error.evidence.join('\n'), /^first, asked before: nothing listens on/m);
    assert.deepEqual(asked, []);
  });

  it('asks another for the model that its configuration names first, and opens none before its turn', async () => {
    const second = await witness();
    const asked = join(folder, 'asked');
    const config = {
      fallback: ['second'],
      targets: {
        first: { baseUrl: proxy.url },
        second: {
          baseUrl: second.url,
          models: ['named', 'other'],
          apiKeyCommand: `touch ${asked}; echo sk-from-command`,
        },
      },
    };
    write(config);
    const before = await chat(['Hello']);
    assert.deepEqual([before.code, existsSync(asked)], [0, false], before.text);
    await proxy.refuse();
    const after = await chat(['Hello', '--verbose']);
    assert.deepEqual([after.code, existsSync(asked)], [0, true], after.text);
    const request = second.requests.find(({ line }) => line === CHAT);
    assert.equal(request?.headers['authorization'], 'Bearer sk-from-command');
    assert.equal(JSON.parse(request?.body ?? '{}').model, 'named');
    assert.doesNotMatch(after.text, /sk-from-command/);
  });

  it('passes over one that is not set up: without its variable, or a model to ask for', async () => {
    write({
      fallback: ['unset', 'many', 'second'],
      targets: {
        first: { baseUrl: proxy.url, maxRetries: 0 },
        unset: { baseUrl: 'http://127.0.0.1:1', apiKey: '$NO_SUCH_KEY' },
        many: { provider: 'openrouter', apiKey: 'sk-or' },
        second: { baseUrl: keyed.current.url, apiKey: KEY },
      },
    });
    await proxy.refuse();
    const run = await chat(['Hello', '--json']);
    assert.deepEqual([run.code, run.json?.target], [0, 'second'], run.text);
    const messages = run.json.recovery.map(({ message }: { message: string }) => message).join('\n');
    assert.match(messages, /unset cannot be used \(.*the variable NO_SUCH_KEY is not set\)\. Asking many\./);
    assert.match(messages, /many cannot be used \(.*name one\)\. Asking second\./);
  });

  it('fails as the first one did where none can answer', async () => {
    write({
      fallback: ['second'],
      targets: {
        first: { baseUrl: proxy.url, maxRetries: 0 },
        second: { baseUrl: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 },
      },
    });
    proxy.always = refusal(429, 'rate_limit', 'slow down');
    const run = await chat(['Hello', '--json']);
    fails(run, 14, 'server.busy');
    assert.match(run.json.error.evidence.join('\n'), /^second, tried instead: nothing listens on/m);
  });

  describe('and a prompt for a local server', () => {
    /** A host of the internet, which a forward proxy leads to the real server. */
    const CLOUD = 'http://api.example.com';

    async function withCloud(
      config: object,
    ): Promise<(...args: string[]) => Promise<CliResult & { asked: string }>> {
      const company = await keep(forwardProxy(keyed.current.url));
      write({
        targets: {
          local: { baseUrl: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 },
          cloud: { provider: 'openai-compatible', baseUrl: CLOUD, apiKey: KEY },
        },
        ...config,
      });
      return async (...args) => {
        const run = await chat(['Hello', ...args], { env: { HTTP_PROXY: company.url } });
        return { ...run, asked: company.asked.map(({ line }) => line).join('\n') };
      };
    }

    it('stays where a remote one is merely listed, and the failure says who was not asked and how to', async () => {
      const ask = await withCloud({});
      const refused = await ask('--json');
      fails(refused, 10, 'connection.refused');
      assert.equal(refused.asked, '');
      const { suggestions } = refused.json.error;
      assert.match(
        suggestions.join('\n'),
        /Not asked: cloud \(not in this network\)\. To let them answer, name them in `fallback`/,
      );
      assert.ok(suggestions.includes('llamactl chat --allow-remote'));
      assert.match((await ask()).err, /^ {4}llamactl chat --allow-remote$/m);
      const allowed = await ask('--allow-remote');
      assert.equal(allowed.code, 0, allowed.text);
      assert.match(
        allowed.err,
        /^… answered by cloud \(http:\/\/api\.example\.com\): local refused the connection$/m,
      );
      assert.match(allowed.asked, /api\.example\.com/);
    });

    it('leaves where `fallback` names the remote one, or the file says allowRemote', async () => {
      for (const config of [{ fallback: ['cloud'] }, { allowRemote: true }]) {
        const run = await (await withCloud(config))('--json');
        assert.deepEqual([run.code, run.json?.target, run.json?.url], [0, 'cloud', CLOUD], run.text);
      }
      const kept = await (await withCloud({ allowRemote: true }))('--no-fallback', '--json');
      fails(kept, 10, 'connection.refused');
      assert.equal(kept.asked, '');
    });
  });

  it('ends at once by Ctrl-C while the next one is asked (130)', async () => {
    let kill = () => {};
    const stuck = await keep(cannedServer({ '*': () => kill() }, LLAMA_HEADERS));
    write({
      fallback: ['second'],
      targets: { first: { baseUrl: proxy.url, maxRetries: 0 }, second: { baseUrl: stuck.url } },
    });
    await proxy.refuse();
    const run = await chat(['Hello'], {
      onSpawn: (child) => {
        kill = () => void child.kill('SIGINT');
      },
    });
    assert.deepEqual([run.code, run.out], [130, ''], run.text);
    assert.doesNotMatch(run.err, /answered by|✗/);
  });
});

describe('--provider', () => {
  const plain = useServer('plain');
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-provider-flag-'));
    const targets = { a: { baseUrl: 'http://127.0.0.1:1' }, b: { baseUrl: plain.current.url } };
    writeFileSync(join(folder, 'llamactl.config.json'), JSON.stringify({ targets }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) => cli(args, { cwd: folder });

  it('is --target in every command that has it', async () => {
    const without = await Promise.all(
      Object.keys(COMMANDS).map(async (id) => {
        const target = (await loadCommand(id)).flags?.['target'];
        return target === undefined || target.aliases?.includes('provider') ? [] : [id];
      }),
    );
    assert.deepEqual(without.flat(), []);
    const [one, several] = await Promise.all([
      run('models', '--provider=b', '--target', 'b', '--json'),
      run('health', '--provider', 'b', '--provider', 'b', '--json'),
    ]);
    assert.equal(one.json.models[0].id, 'tiny', one.text);
    assert.equal(several.json.targets.length, 2);
  });

  it('is refused beside a --target that names another (2)', async () => {
    const runs = ['health', 'chat'].map((command) => run(command, '--target', 'a', '--provider=b', '--json'));
    for (const refused of await Promise.all(runs)) fails(refused, 2, 'usage.invalid');
  });

  it('stands in the help as the other name', async () => {
    assert.match((await run('health', '--help')).out, /^ +--target, --provider NAME/m);
  });
});
