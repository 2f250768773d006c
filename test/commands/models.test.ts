import assert from 'node:assert/strict';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { both, itTellsCommonFailures } from '../support/common-failures.js';
import { startServer } from '../support/real-server.js';
import { shape } from '../support/shape.js';

describe('llamactl models', () => {
  const plain = useServer('plain');

  it('gives the models as one document, and as a table', async () => {
    const [json, human] = await both(['models', '--url', plain.current.url]);
    assert.equal(json.code, 0, json.text);
    assert.deepEqual(shape(json.json), {
      models: [
        {
          id: 'string',
          aliases: [],
          parameters: 'number',
          sizeBytes: 'number',
          quantization: 'string',
          contextPerSlot: 'number',
          contextTrained: 'number',
          status: 'string',
        },
      ],
      source: 'string',
    });
    const [model] = json.json.models;
    assert.deepEqual(
      [model.id, model.contextPerSlot, model.contextTrained, model.status],
      ['tiny', 2048, 8192, 'ready'],
    );
    assert.equal(
      human.out,
      [
        'MODEL  PARAMETERS  QUANT      SIZE  CONTEXT (SLOT / TRAINED)  STATUS',
        'tiny        1.0 M  F16    1.91 MiB             2,048 / 8,192  ready',
        '',
      ].join('\n'),
    );
  });

  it('takes an address as people paste it: /v1, a slash, a port alone', async () => {
    const { url, port } = plain.current;
    const runs = await Promise.all(
      [`${url}/v1/`, `127.0.0.1:${port}`].map((address) => cli(['models', '--url', address, '--json'])),
    );
    for (const run of runs) assert.equal(run.json?.models[0]?.id, 'tiny', run.text);
  });

  it('tells a sleeping model from a ready one, and does not wake it', async () => {
    const server = await startServer({ args: ['-c', '512', '-np', '1', '--sleep-idle-seconds', '1'] });
    try {
      const url = ['--url', server.url];
      for (let i = 0; i < 40; i++) {
        const run = await cli(['health', ...url, '--json']);
        if (run.json.status === 'asleep') break;
      }
      const [models, slots, metrics] = await Promise.all([
        cli(['models', ...url, '--json', '--no-cache']),
        cli(['slots', ...url]),
        cli(['slots', ...url, '--json']),
      ]);
      assert.equal(models.json.models[0].status, 'asleep', models.text);
      assert.match(slots.out, /^☾ asleep: asking for the slots would wake http:\S+ \(--wake does\)$/m);
      assert.deepEqual(metrics.json, { slots: [], asleep: true });
      assert.equal((await cli(['health', ...url, '--json'])).json.status, 'asleep');
      const woken = await cli(['slots', '--wake', ...url, '--json']);
      assert.equal(woken.json.slots.length, 1, woken.text);
    } finally {
      await server.stop();
    }
  });

  it('asks again after a failure by itself, says so, and leaves nothing behind', async () => {
    let asked = 0;
    const server = await cannedServer(
      {
        'GET /props': {
          status: 404,
          body: { error: { code: 404, message: 'File Not Found', type: 'not_found_error' } },
        },
        'GET /v1/models': (_, response) => {
          asked++;
          if (asked === 1) response.destroy();
          else response.writeHead(200, LLAMA_HEADERS).end('{"data":[{"id":"m"}]}');
        },
      },
      LLAMA_HEADERS,
    );
    try {
      const run = await cli(['models', '--url', server.url, '--json']);
      assert.equal(run.json?.models[0]?.id, 'm', run.text);
      assert.match(run.err, /^… The connection failed\. Trying again in \d+ ms\.$/m);
    } finally {
      await server.stop();
    }
  });

  itTellsCommonFailures(['models']);
});
