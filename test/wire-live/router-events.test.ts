import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type RouterEvent, routerEventSchema } from '../../src/wire/models.js';
import { startServer, type TestServer, tinyModel } from '../support/real-server.js';
import { failureOf, hello, until, useClients, useFolder } from './support.js';

describe('events of a real router', () => {
  const connect = useClients();
  const folder = useFolder();

  const events: RouterEvent[] = [];
  let router: TestServer;

  before(async () => {
    copyFileSync(await tinyModel(), join(folder.path, 'alpha.gguf'));
    writeFileSync(join(folder.path, 'broken.gguf'), 'GGUF, or so it says');
    router = await startServer({ model: null, args: ['--models-dir', folder.path, '-c', '512'] });
    await listen(`${router.url}/models/sse`, (event) => events.push(event));
  });

  after(() => router.stop());

  const act = (action: 'load' | 'unload', model: string) =>
    connect(router.url).client.request({ method: 'POST', path: `/models/${action}`, body: { model } });
  const of = (model: string) => events.filter((event) => event.model === model);
  const statusesOf = (model: string) => of(model).map(({ event, data }) => `${event} ${data.status}`);

  it('a load: model_status at its start, status_change with progress, and the model once it is loaded', async () => {
    await act('load', 'alpha');
    await until('the load', () => statusesOf('alpha').includes('status_change loaded'));
    const [first, ...changes] = of('alpha');
    assert.deepEqual([first?.event, first?.data.status], ['model_status', 'loading']);
    assert.ok(changes.every(({ event }) => event === 'status_change'));
    const progress = changes.flatMap(({ data }) => (data.progress ? [data.progress] : []));
    assert.deepEqual([progress[0]?.stages, progress.at(-1)?.value], [['text_model'], 1]);
    assert.equal(changes.at(-1)?.data.info?.meta?.n_ctx, 512);
  });

  it('an unload: its exit code 0', async () => {
    await act('unload', 'alpha');
    await until('the unload', () => statusesOf('alpha').includes('status_change unloaded'));
    assert.equal(of('alpha').at(-1)?.data.exit_code, 0);
  });

  it('a load that fails: the exit code 1', async () => {
    await failureOf(connect(router.url).client.chat(hello, [], { model: 'broken' }));
    await until('the failure', () => statusesOf('broken').includes('status_change unloaded'));
    assert.equal(of('broken').at(-1)?.data.exit_code, 1);
  });
});

/** Hears events from when the router has answered on. */
function listen(url: string, onEvent: (event: RouterEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const listening = request(url, { agent: false }, (response) => {
      resolve();
      response.on('error', () => {});
      response.on('data', (chunk) => {
        text += chunk;
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames)
          if (frame.startsWith('data: ')) onEvent(routerEventSchema.parse(JSON.parse(frame.slice(6))));
      });
    });
    listening.on('error', reject);
    listening.end();
  });
}
