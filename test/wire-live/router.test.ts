import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkHealth } from '../../src/services/health.js';
import { modelListSchema } from '../../src/wire/models.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { startServer, type TestServer, tinyModel } from '../support/real-server.js';
import {
  ANSWER,
  ENDLESS,
  exchange,
  failureOf,
  hear,
  hello,
  until,
  useClients,
  useFolder,
} from './support.js';

describe('a real llama-server as a router', () => {
  const connect = useClients();
  const folder = useFolder();

  before(async () => {
    for (const name of ['alpha', 'beta']) copyFileSync(await tinyModel(), join(folder.path, `${name}.gguf`));
    writeFileSync(join(folder.path, 'broken.gguf'), 'GGUF, or so it says');
  });

  const start = (...args: string[]): Promise<TestServer> =>
    startServer({ model: null, args: ['--models-dir', folder.path, '-c', '512', '--metrics', ...args] });

  /** `alpha: loaded` … */
  async function statuses(url: string): Promise<Record<string, string>> {
    const { body } = await connect(url).client.request({ method: 'GET', path: '/models' });
    const { data } = modelListSchema.parse(JSON.parse(body));
    return Object.fromEntries(data.map(({ id, status }) => [id, status?.value ?? '']));
  }

  const act = (url: string, action: 'load' | 'unload', model: string) =>
    connect(url).client.request({ method: 'POST', path: `/models/${action}`, body: { model } });

  const becomes = (url: string, model: string, status: string) =>
    until(`${model} ${status}`, async () => (await statuses(url))[model] === status);

  describe('with no model loaded', () => {
    let router: TestServer;
    before(async () => {
      router = await start();
    });
    after(() => router.stop());

    it('/health is 200, and health says ready', async () => {
      const { report } = await checkHealth(connect(router.url).client);
      assert.deepEqual([report.status, report.server.kind], ['ready', 'llama.cpp']);
    });

    it('/props says that it is a router, how many models it holds, and no context size', async () => {
      const props = await connect(router.url).client.props();
      assert.deepEqual(
        [props.role, props.max_instances, props.models_autoload, props.default_generation_settings?.n_ctx],
        ['router', 4, true, 0],
      );
    });

    it('the models are listed, unloaded', async () => {
      const models = await connect(router.url).client.models();
      assert.deepEqual(
        models.map(({ id, status, contextPerSlot }) => [id, status, contextPerSlot]),
        [
          ['alpha', 'unloaded', null],
          ['beta', 'unloaded', null],
          ['broken', 'unloaded', null],
        ],
      );
    });

    for (const path of ['/slots', '/metrics']) {
      it(`${path} without a model: 400, a router wants to know which`, async () => {
        const error = await failureOf(connect(router.url).client.request({ method: 'GET', path }));
        assert.deepEqual([error.type, error.code], ['MODEL_NOT_FOUND', 'model.not-found']);
        assert.equal(error.details['status'], 400);
        assert.match(error.message, /router, and no model was named/);
      });
    }

    it('a chat that names no model: 400, exit 12', async () => {
      const error = await failureOf(connect(router.url).client.chat(hello));
      assert.deepEqual([error.code, error.exit, error.details['status']], ['model.not-found', 12, 400]);
      assert.match(error.evidence[0] ?? '', /model name is missing/);
    });

    it('a chat that names an unknown model: 400 with the name, whole and streamed', async () => {
      const { client } = connect(router.url);
      const error = await failureOf(client.chat(hello, [], { model: 'nowhere' }));
      assert.deepEqual([error.code, error.exit, error.details['status']], ['model.not-found', 12, 400]);
      assert.match(error.message, /no model "nowhere"/);
      assert.equal((await hear(client, hello, { model: 'nowhere' })).error?.code, 'model.not-found');
    });

    it('the client’s looks with a model (autoload=false) load nothing: "not loaded"', async () => {
      const { client } = connect(router.url);
      const query = { model: 'alpha' };
      for (const look of [
        () => client.props(query),
        () => client.slots(query),
        () => client.metrics(query),
      ]) {
        const error = await failureOf(look());
        assert.equal(error.code, 'model.not-found');
        assert.match(error.evidence[0] ?? '', /autoload=false → 400 "model is not loaded"/);
      }
      assert.equal((await statuses(router.url))['alpha'], 'unloaded');
    });

    it('the client initializes without loading anything', async () => {
      const { client, steps } = connect(router.url);
      await client.initialize();
      assert.equal(client.getCurrentModel(), 'alpha');
      assert.deepEqual(client.contextSize, { tokens: 4096, source: 'fallback' });
      assert.deepEqual(
        steps.map(({ action }) => action),
        ['fallback-context-size'],
      );
      assert.equal((await statuses(router.url))['alpha'], 'unloaded');
    });

    it('a GET with ?model= and no autoload=false loads the model', async () => {
      const { client } = connect(router.url);
      await client.request({ method: 'GET', path: '/props?model=beta' });
      assert.equal((await statuses(router.url))['beta'], 'loaded');
    });
  });

  describe('that loads and unloads', () => {
    let router: TestServer;
    before(async () => {
      router = await start('--models-max', '1');
    });
    after(() => router.stop());

    it('a chat loads its model and is answered; a POST routes by the model of its body', async () => {
      const { client } = connect(router.url);
      for (const model of ['alpha', 'beta']) {
        const answer = await client.chat(hello, [], { model, temperature: 0 });
        assert.deepEqual([answer.model, ANSWER.test(answer.content)], [model, true]);
      }
    });

    it('one more than --models-max puts the other out', async () => {
      const { client } = connect(router.url);
      await client.chat(hello, [], { model: 'alpha', maxTokens: 1 });
      await client.chat(hello, [], { model: 'beta', maxTokens: 1 });
      assert.deepEqual(await statuses(router.url), {
        alpha: 'unloaded',
        beta: 'loaded',
        broken: 'unloaded',
      });
    });

    it('once a model is loaded its context, slots and metrics are told', async () => {
      const { client } = connect(router.url);
      await client.chat(hello, [], { model: 'alpha', maxTokens: 1 });
      client.setModel('alpha');
      await client.initialize();
      assert.deepEqual(client.contextSize, { tokens: 512, source: 'slot' });
      assert.equal((await client.slots({ model: 'alpha' }))[0]?.n_ctx, 512);
      assert.equal(typeof (await client.metrics({ model: 'alpha' })).metrics.promptTokens, 'number');
    });

    it('each reload begins its counters at 0', async () => {
      const { client } = connect(router.url);
      const count = async () => (await client.metrics({ model: 'alpha' })).metrics.generatedTokens;
      await client.chat(hello, [], { model: 'alpha', maxTokens: 8, temperature: 0 });
      assert.ok(((await count()) ?? 0) >= 8);
      await act(router.url, 'unload', 'alpha');
      await becomes(router.url, 'alpha', 'unloaded');
      await client.chat(hello, [], { model: 'alpha', maxTokens: 2, temperature: 0 });
      assert.equal(await count(), 2);
    });

    it('what it hands on comes as a stream: the connection is closed after it, though Keep-Alive was announced', async () => {
      const plain = await exchange(router.port, 'GET', '/models');
      const handedOn = await exchange(router.port, 'GET', '/props?model=alpha');
      for (const { head } of [plain, handedOn]) {
        assert.match(head, /keep-alive: timeout=5/);
        assert.doesNotMatch(head, /connection: close/);
      }
      await until('the end of the connection', handedOn.closed);
      assert.equal(plain.closed(), false, 'its own answers leave it open');
      plain.end();
      handedOn.end();
    });

    it('the client does not use such a connection again', async () => {
      const proxy = await FaultProxy.start(router.url);
      const { client, steps } = connect(proxy.url, { pool: { maxConnections: 1 } });
      for (let i = 1; i <= 5; i++) {
        await client.chat(hello, [], { model: 'alpha', maxTokens: 1 });
        await client.metrics({ model: 'alpha' });
        assert.equal(proxy.connections, 2 * i);
      }
      assert.deepEqual(steps, []);
      await proxy.stop();
    });

    it('loading what is loaded, unloading what is not: 400', async () => {
      await connect(router.url).client.chat(hello, [], { model: 'alpha', maxTokens: 1 });
      const loaded = await failureOf(act(router.url, 'load', 'alpha'));
      assert.deepEqual([loaded.details['status'], loaded.exit], [400, 15], loaded.message);
      const unloaded = await failureOf(act(router.url, 'unload', 'beta'));
      assert.equal(unloaded.details['status'], 400);
      assert.match(unloaded.message, /not (?:running|loaded|found)/);
    });

    it('a model that fails to load: 500, exit 12; the cause is in the list of models', async () => {
      const { client } = connect(router.url);
      const error = await failureOf(client.chat(hello, [], { model: 'broken' }));
      assert.deepEqual([error.type, error.code, error.exit], ['MODEL_NOT_FOUND', 'model.load-failed', 12]);
      assert.match(error.evidence[0] ?? '', /→ 500 "model name=broken failed to load"/);
      const { body } = await client.request({ method: 'GET', path: '/models' });
      const status = modelListSchema.parse(JSON.parse(body)).data.find(({ id }) => id === 'broken')?.status;
      assert.deepEqual([status?.value, status?.failed, status?.exit_code], ['unloaded', true, 1]);
      assert.ok(status?.args?.includes(join(folder.path, 'broken.gguf')), status?.args?.join(' '));
      const listed = (await client.models()).find(({ id }) => id === 'broken');
      assert.equal(listed?.status, 'failed');
    });

    it('loading a model that is not there: 404, as if the router had no such path', async () => {
      const error = await failureOf(act(router.url, 'load', 'nowhere'));
      assert.equal(error.details['status'], 404);
    });

    it('removing a model of the folder: refused, and its file stays', async () => {
      const { client } = connect(router.url);
      const error = await failureOf(client.request({ method: 'DELETE', path: '/models?model=beta' }));
      assert.match(error.message, /not removable/);
      assert.ok(existsSync(join(folder.path, 'beta.gguf')));
    });
  });

  it('with --no-models-autoload a chat loads nothing: the model is not loaded, exit 12', async () => {
    const router = await start('--no-models-autoload');
    const { client } = connect(router.url);
    const error = await failureOf(client.chat(hello, [], { model: 'alpha' }));
    assert.deepEqual([error.code, error.exit, error.details['status']], ['model.not-found', 12, 400]);
    assert.match(error.message, /"alpha" is not loaded/);
    assert.equal((await statuses(router.url))['alpha'], 'unloaded');
    await router.stop();
  });

  describe('whose only place is taken by a model that answers', () => {
    let router: TestServer;
    before(async () => {
      router = await start('--models-max', '1', ...ENDLESS);
    });
    after(() => router.stop());

    it('loading another: 500 "model limit reached", which is overload, exit 14, and no defect', async () => {
      const leave = new AbortController();
      let tokens = 0;
      const answer = hear(connect(router.url).client, hello, { model: 'alpha', signal: leave.signal }, () => {
        tokens++;
        return undefined;
      });
      await until('an answer under way', () => tokens > 3);
      const error = await failureOf(act(router.url, 'load', 'beta'));
      assert.deepEqual([error.type, error.code, error.exit], ['SERVER_OVERLOADED', 'model.router-limit', 14]);
      assert.match(error.evidence[0] ?? '', /→ 500 "model limit reached, try again later"/);
      leave.abort();
      await answer;
    });

    it('a chat with another waits until the answer has ended, and is answered', async () => {
      const leave = new AbortController();
      const answer = hear(connect(router.url).client, hello, { model: 'alpha', signal: leave.signal });
      await becomes(router.url, 'alpha', 'loaded');
      const { client } = connect(router.url, { maxRetries: 5 });
      const waiting = client.chat(hello, [], { model: 'beta', maxTokens: 20, temperature: 0 });
      leave.abort();
      await answer;
      const { model, content } = await waiting;
      assert.deepEqual([model, ANSWER.test(content)], ['beta', true]);
    });
  });

  it('a model that sleeps is listed as asleep, and looking does not wake it', async () => {
    const router = await start('--sleep-idle-seconds', '1');
    const { client } = connect(router.url);
    await client.chat(hello, [], { model: 'alpha', maxTokens: 1 });
    await becomes(router.url, 'alpha', 'sleeping');
    assert.equal((await client.models()).find(({ id }) => id === 'alpha')?.status, 'asleep');
    assert.equal((await client.props({ model: 'alpha' })).is_sleeping, true);
    assert.equal((await statuses(router.url))['alpha'], 'sleeping');
    assert.match((await client.chat(hello, [], { model: 'alpha', temperature: 0 })).content, ANSWER);
    await router.stop();
  });

  it('with --model-url and no model it starts empty: health is 200, and there is nothing to ask', async () => {
    const router = await startServer({ model: null, args: ['--model-url', 'http://127.0.0.1:9/none.gguf'] });
    const { client } = connect(router.url);
    assert.equal((await checkHealth(client)).report.status, 'ready');
    assert.deepEqual(await client.getAvailableModels(), []);
    await router.stop();
  });
});
