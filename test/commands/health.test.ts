import assert from 'node:assert/strict';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { KEY, useServer } from '../support/command-servers.js';
import { both, fails } from '../support/common-failures.js';
import { freePort, startServer, type TestServer } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const READY = {
  url: 'string',
  status: 'string',
  ready: 'boolean',
  responseTimeMs: 'number',
  server: { kind: 'string', build: 'string' },
};
const LOADING = {
  status: 503,
  body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
};

describe('llamactl health', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');

  it('says that a server is ready, in a document and in a line', async () => {
    const { url } = plain.current;
    const [json, human] = await both(['health', '--url', url]);
    assert.equal(json.code, 0);
    assert.deepEqual(shape(json.json), READY);
    assert.deepEqual(
      [json.json.status, json.json.ready, json.json.server.kind],
      ['ready', true, 'llama.cpp'],
    );
    assert.match(human.out, new RegExp(`^✓ ready · [\\d.]+ m?s · ${url}\n$`));
    assert.equal(human.err, '');
  });

  it('tells each state with its exit code, and what to do', async () => {
    const loading = await cannedServer({ '*': LOADING }, LLAMA_HEADERS);
    const stranger = await cannedServer({ '*': { body: '<html>' } }, { server: 'nginx' });
    try {
      const states = [
        {
          url: `http://127.0.0.1:${await freePort()}`,
          exit: 10,
          status: 'unreachable',
          code: 'connection.refused',
        },
        { url: stranger.url, exit: 10, status: 'wrong-server', code: 'connection.wrong-server' },
        { url: keyed.current.url, exit: 11, status: 'unauthorized', code: 'auth.missing-key' },
        { url: loading.url, exit: 14, status: 'loading', code: 'server.loading' },
      ];
      for (const { url, exit, status, code } of states) {
        const [json, human] = await both(['health', '--url', url]);
        assert.equal(json.code, exit, json.text);
        assert.equal(human.code, exit);
        assert.deepEqual([json.json.status, json.json.ready, json.json.error.code], [status, false, code]);
        assert.equal(json.json.responseTimeMs === null, status === 'unreachable', json.out);
        const [first = '', ...advice] = human.out.split('\n');
        assert.match(first, status === 'loading' ? /^… loading · [\d.]+ m?s · http/ : /^✗ /);
        assert.match(first, new RegExp(new URL(url).host));
        assert.equal(
          advice.some((line) => /^ {4}\S/.test(line)),
          status !== 'loading',
          human.out,
        );
      }
    } finally {
      await Promise.all([loading.stop(), stranger.stop()]);
    }
  });

  it('says that a server accepts and never answers (16)', async () => {
    plain.current.pause();
    try {
      const run = await cli(['health', '--url', plain.current.url, '--timeout', '300ms', '--json']);
      assert.equal(run.code, 16, run.text);
      assert.equal(run.json.error.type, 'TIMEOUT_ERROR');
      assert.equal(run.json.responseTimeMs, null);
    } finally {
      plain.current.resume();
    }
  });

  it('looks at several servers at once: a line each, the exit code of the first that is not ready', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const [json, human] = await both([
      'health',
      ...[plain.current.url, gone].flatMap((url) => ['--url', url]),
    ]);
    assert.equal(json.code, 10);
    assert.deepEqual(
      json.json.targets.map(({ status }: { status: string }) => status),
      ['ready', 'unreachable'],
    );
    assert.match(
      human.out,
      /^✓ ready · .+\n✗ nothing listens on .+\n\n {2}Find out more:\n {4}llamactl diagnose --url http\S+\n$/,
    );
  });

  it('takes the key', async () => {
    const run = await cli(['health', '--url', keyed.current.url, '--api-key', KEY]);
    assert.equal(run.code, 0, run.text);
  });

  it('waits for a server that is not there yet, and tells in a log what it waits for', async () => {
    const port = await freePort();
    let server: Promise<TestServer> | undefined;
    const run = await cli(['health', '--url', `http://127.0.0.1:${port}`, '--wait', '20s'], {
      onSpawn: (child) => {
        // It comes once it has been seen to be missing.
        child.stderr?.once('data', () => {
          server = startServer({ port, args: ['-c', '512'] });
        });
      },
    });
    await (await server)?.stop();
    assert.equal(run.code, 0, run.text);
    assert.match(run.err, /^… nothing listens on 127\.0\.0\.1:\d+ · \d+ m?s$/m);
    assert.match(run.out, /^✓ ready · [\d.]+ m?s · http\S+ · waited [\d.]+ m?s\n$/);
  });

  it('waits while a model loads, then says ready', async () => {
    let looks = 0;
    const ready = { body: { status: 'ok' } };
    const server = await cannedServer(
      {
        'GET /health': (_, response) => {
          const { status, body } = looks++ < 2 ? LOADING : { status: 200, ...ready };
          response
            .writeHead(status, { 'content-type': 'application/json', ...LLAMA_HEADERS })
            .end(JSON.stringify(body));
        },
        'GET /props': { body: { build_info: 'b1-test', total_slots: 1 } },
      },
      LLAMA_HEADERS,
    );
    try {
      const run = await cli(['health', '--url', server.url, '--wait', '20s']);
      assert.equal(run.code, 0, run.text);
      assert.match(run.err, /^… loading · http\S+ · \d+ m?s\n$/);
    } finally {
      await server.stop();
    }
  });

  it('ends at the deadline of --wait with what it saw last', async () => {
    const loading = await cannedServer({ '*': LOADING }, LLAMA_HEADERS);
    try {
      const run = await cli(['health', '--url', loading.url, '--wait', '400ms', '--json']);
      assert.equal(run.code, 14, run.text);
      assert.equal(run.json.status, 'loading');
    } finally {
      await loading.stop();
    }
  });

  it('ends at once for what no waiting mends', async () => {
    const run = await cli(['health', '--url', keyed.current.url, '--wait', '10m'], { timeout: 20_000 });
    assert.equal(run.code, 11, run.text);
  });

  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`ends a wait on ${signal} (${exit})`, async () => {
      const run = await cli(
        ['health', '--url', `http://127.0.0.1:${await freePort()}`, '--wait', '5m', '--json'],
        {
          onSpawn: (child) => child.stderr?.once('data', () => child.kill(signal)),
        },
      );
      assert.equal(run.code, exit, run.text);
      assert.deepEqual([run.json.error.type, run.json.error.code], ['INTERRUPTED', 'interrupted']);
    });
  }

  it('says what is wrong with a flag (2)', async () => {
    const runs = await Promise.all(
      [['--wait', '5'], ['--wait'], ['--retries', '99'], ['--url', 'not a url'], ['extra']].map((args) =>
        cli(['health', ...args, '--json']),
      ),
    );
    for (const run of runs) fails(run, 2, 'usage.invalid');
    assert.deepEqual(
      runs.map(({ json }) => json.error.message),
      [
        '--wait: "5" is not a duration: write 5s for seconds or 5ms for milliseconds',
        '--wait needs a value',
        '--retries: "99" is not a whole number up to 10',
        '--url: "not a url" cannot be a server\'s URL: it contains spaces or control characters',
        'unexpected argument: extra',
      ],
    );
  });
});
