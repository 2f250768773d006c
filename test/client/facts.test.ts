import assert from 'node:assert/strict';
import {
  chmodSync,
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
import { FactsCache, type ServerIdentity } from '../../src/client/facts-cache.js';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { configuredModel } from '../../src/client/model-info.js';
import type { ClientOptions, RecoveryStep } from '../../src/client/types.js';
import {
  type Canned,
  type CannedServer,
  cannedServer,
  LLAMA_HEADERS,
  type Route,
} from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { bodyText, recorded } from '../support/fixtures.js';
import { shareServer, startServer } from '../support/real-server.js';

const answer = (label: string, name = 'default'): Canned => ({
  body: JSON.parse(bodyText(recorded('v0.6.0', name, label).response?.body)),
});
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /health': answer('health'),
  'GET /props': answer('props'),
  'GET /v1/models': answer('models'),
};

describe("a server's facts", () => {
  let folder: string;
  let server: CannedServer | undefined;
  const clients: LlamaCppClient[] = [];
  let steps: RecoveryStep[];

  const serve = async (routes = ROUTES) => {
    server = await cannedServer(routes, LLAMA_HEADERS);
    return server;
  };
  const clientOf = (options: ClientOptions = {}) => {
    const client = new LlamaCppClient({ baseUrl: server?.url ?? '', maxRetries: 0, ...options });
    client.on('recovery', (step) => steps.push(step));
    clients.push(client);
    return client;
  };
  const asked = () => server?.requests.map(({ line }) => line) ?? [];
  /** How often the list was asked for. */
  const lists = () => asked().filter((line) => line === 'GET /v1/models').length;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-facts-'));
    steps = [];
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.destroy()));
    await server?.stop();
    server = undefined;
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });

  describe('learnt by initialize', () => {
    const real = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny'] });

    it('are the model that the server has and the context of a slot', async () => {
      const client = clientOf({ baseUrl: real.current.url });
      assert.deepEqual(client.contextSize, { tokens: 4096, source: 'fallback' }, 'before it was asked');
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'tiny');
      assert.equal(client.getContextSize(), 512);
      assert.deepEqual(client.contextSize, { tokens: 512, source: 'slot' });
      assert.deepEqual(await client.getAvailableModels(), ['tiny']);
      assert.deepEqual(steps, []);
    });

    it('leave a model that was named', async () => {
      const client = clientOf({ baseUrl: real.current.url, model: 'mine' });
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'mine');
    });

    it('are not learnt of a server that is not there, or needs a key', async () => {
      const locked = await startServer({ args: ['-c', '512', '--api-key', 'sk-right'] });
      await assert.rejects(clientOf({ baseUrl: locked.url }).initialize(), { code: 'auth.missing-key' });
      await assert.rejects(clientOf({ baseUrl: locked.url, apiKey: 'sk-wrong' }).initialize(), {
        code: 'auth.wrong-key',
      });
      await clientOf({ baseUrl: locked.url, apiKey: 'sk-right' }).initialize();
      await locked.stop();
      await assert.rejects(clientOf({ baseUrl: locked.url }).initialize(), { code: 'connection.refused' });
    });
  });

  describe('that a server does not tell', () => {
    it('are the configured models, and that is said', async () => {
      await serve({ 'GET /health': answer('health'), 'GET /props': answer('props') });
      const client = clientOf({ models: ['mine-Q4_K_M', 'other'] });
      const { models, source } = await client.listModels();
      assert.equal(source, 'configuration');
      assert.deepEqual(
        models.map(({ id, status, quantization }) => [id, status, quantization]),
        [
          ['mine-Q4_K_M', 'unknown', 'Q4_K_M'],
          ['other', 'unknown', null],
        ],
      );
      assert.equal(steps[0]?.action, 'fallback-model-list');
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'mine-Q4_K_M');
    });

    it('are an error where none is configured, or the key is wrong', async () => {
      await serve({ 'GET /props': answer('props') });
      await assert.rejects(clientOf().listModels(), { code: 'connection.wrong-path' });
      await server?.stop();
      await serve({
        '*': { status: 401, body: { error: { message: 'Invalid API Key', type: 'authentication_error' } } },
      });
      await assert.rejects(clientOf({ models: ['mine'] }).listModels(), { code: 'auth.missing-key' });
    });

    it('are a context of 4,096 tokens, and that is said', async () => {
      const { body } = answer('models') as { body: { data: { meta: object }[] } };
      const model = { ...body.data[0], meta: {} };
      await serve({
        ...ROUTES,
        'GET /props': { status: 404 },
        'GET /v1/models': { body: { data: [model] } },
      });
      const client = clientOf();
      await client.initialize();
      assert.deepEqual(client.contextSize, { tokens: 4096, source: 'fallback' });
      const told = steps.filter(({ action }) => action === 'fallback-context-size');
      assert.match(told[0]?.message ?? '', /does not tell its context size\. Assuming 4,096 tokens/);
    });

    it("are the list's own, where there are no properties", async () => {
      await serve({ ...ROUTES, 'GET /props': { status: 404 } });
      const client = clientOf();
      await client.initialize();
      assert.deepEqual(client.contextSize, { tokens: 512, source: 'model' });
    });
  });

  describe('of a router', () => {
    it('are those of the model that is asked for, which asking does not load', async () => {
      await serve({
        'GET /health': answer('health', 'router'),
        'GET /v1/models': answer('models-loaded', 'router'),
        'GET /props': (request, response) => {
          const label = request.url?.includes('model=') ? 'props-model' : 'props';
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(answer(label, 'router').body));
        },
      });
      const client = clientOf({ cacheDirectory: folder });
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'alpha', 'the one that is loaded');
      assert.deepEqual(client.contextSize, { tokens: 512, source: 'slot' });
      assert.ok(asked().includes('GET /props?model=alpha&autoload=false'), asked().join());
      await client.listModels();
      assert.equal(lists(), 2, 'whose list changes with every load: it is never remembered');
      assert.deepEqual(readdirSync(folder), []);
    });
  });

  describe('remembered', () => {
    it('in memory: one client asks once', async () => {
      await serve();
      const client = clientOf();
      const first = await client.listModels();
      assert.deepEqual(await client.listModels(), first);
      assert.equal(lists(), 1);
      assert.deepEqual(readdirSync(folder), [], 'and nothing on disk without a folder');
    });

    it('on disk: the next program asks one question less', async () => {
      await serve();
      const first = await clientOf({ cacheDirectory: folder }).listModels();
      assert.deepEqual(await clientOf({ cacheDirectory: folder }).listModels(), first);
      assert.equal(lists(), 1);
    });

    it('for their owner alone, without a key', async () => {
      await serve();
      const below = join(folder, 'new', 'folder');
      await clientOf({ cacheDirectory: below, apiKey: 'sk-very-secret' }).listModels();
      const [file = ''] = readdirSync(below);
      assert.equal(statSync(join(below, file)).mode & 0o077, 0);
      assert.ok(!readFileSync(join(below, file), 'utf8').includes('secret'));
      assert.equal(readdirSync(below).length, 1, 'no temporary file is left');
    });

    for (const [name, change] of [
      ['build', { build_info: 'b9999-abcdef0' }],
      ['model', { model_path: '/srv/other.gguf' }],
      ['alias', { model_alias: 'other' }],
      ['context', { default_generation_settings: { n_ctx: 2048 } }],
    ] as const) {
      it(`no longer when the server has another ${name}`, async () => {
        const { body } = answer('props') as { body: object };
        let more: object = {};
        await serve({
          ...ROUTES,
          'GET /props': (_request, response) => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.end(JSON.stringify({ ...body, ...more }));
          },
        });
        const client = clientOf({ cacheDirectory: folder });
        await client.listModels();
        more = change;
        await client.listModels();
        assert.equal(lists(), 2, 'in memory');
        more = {};
        await clientOf({ cacheDirectory: folder }).listModels();
        assert.equal(lists(), 3, 'on disk');
      });
    }

    for (const [name, spoil] of [
      ['is no JSON', (file: string) => writeFileSync(file, '{"version":2,"models":[')],
      ['is empty', (file: string) => writeFileSync(file, '')],
      ['is of another version', (file: string) => edit(file, { version: 1 })],
      ['holds something else', (file: string) => edit(file, { models: [1, 2] })],
      ['is of ten minutes ago', (file: string) => edit(file, { savedAt: Date.now() - 601_000 })],
      ['is of the future', (file: string) => edit(file, { savedAt: Date.now() + 3_600_000 })],
      ['is of another server', (file: string) => edit(file, { baseUrl: 'http://gpu1:8080' })],
      [
        'cannot be read',
        (file: string) => {
          rmSync(file);
          mkdirSync(file);
        },
      ],
    ] as const) {
      it(`not from a file that ${name}: it is asked again, without a word`, async () => {
        await serve();
        const first = await clientOf({ cacheDirectory: folder }).listModels();
        const [file = ''] = readdirSync(folder);
        spoil(join(folder, file));
        assert.deepEqual(await clientOf({ cacheDirectory: folder }).listModels(), first);
        assert.equal(lists(), 2);
        assert.deepEqual(steps, []);
      });
    }

    it('not where the folder cannot be written: it is asked each time', async () => {
      await serve();
      const file = join(folder, 'file');
      writeFileSync(file, '');
      for (let i = 0; i < 2; i++) await clientOf({ cacheDirectory: join(file, 'below') }).listModels();
      assert.equal(lists(), 2);
    });

    it('not with --no-cache', async () => {
      const { url } = await serve();
      const run = async (...more: string[]) => {
        const { json, text } = await cli(['models', '--url', url, '--json', ...more], {
          env: { XDG_CACHE_HOME: folder },
        });
        assert.equal(json?.models?.[0]?.id, 'tiny', text);
        return lists();
      };
      assert.equal(await run(), 1);
      assert.equal(await run(), 1);
      assert.equal(await run('--no-cache'), 2);
    });
  });

  describe('FactsCache', () => {
    const identity: ServerIdentity = {
      buildInfo: 'b1-a',
      modelPath: 'm.gguf',
      modelAlias: 'm',
      contextPerSlot: 512,
    };

    it('keeps servers apart whose addresses give one file name, the last one on disk', async () => {
      const [one, two] = ['http://gpu1:8080/a', 'http://gpu1:8080-a'];
      const cache = new FactsCache(folder);
      await cache.set(one, identity, [configuredModel('one')]);
      await cache.set(two, identity, [configuredModel('two')]);
      assert.equal(readdirSync(folder).length, 1);
      assert.equal((await cache.get(one, identity))?.[0]?.id, 'one');
      assert.equal((await cache.get(two, identity))?.[0]?.id, 'two');
      const next = new FactsCache(folder);
      assert.equal(await next.get(one, identity), null);
      assert.equal((await next.get(two, identity))?.[0]?.id, 'two');
    });

    it('gives nothing that it was not given', async () => {
      assert.equal(await new FactsCache().get('http://gpu1:8080', identity), null);
      assert.equal(await new FactsCache(folder).get('http://gpu1:8080', identity), null);
    });
  });
});

function edit(file: string, change: object): void {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}
