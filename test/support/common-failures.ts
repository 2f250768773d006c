import assert from 'node:assert/strict';
import { type CannedServer, cannedServer, LLAMA_HEADERS } from './canned-server.js';
import { type CliResult, cli } from './cli.js';
import { useServer } from './command-servers.js';
import { freePort } from './real-server.js';
import { ERROR_SHAPE, shape } from './shape.js';

const LOADING = {
  status: 503,
  headers: LLAMA_HEADERS,
  body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
};
const STRANGER = { headers: { 'content-type': 'text/html', server: 'nginx' }, body: '<html>hello</html>' };

/**
 * The failures that every command which asks a server ends with, each with its exit code, its code in the document, and
 * advice on the screen.
 * @param args the command and what it needs beside a server
 */
export function itTellsCommonFailures(args: readonly string[]): void {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  const once = ['--retries', '0'];

  describe('where it cannot do its work', () => {
    it('says that nothing listens, and how to start a server (10)', async () => {
      const url = `http://127.0.0.1:${await freePort()}`;
      const [json, human] = await both([...args, '--url', url, ...once]);
      fails(json, 10, 'connection.refused');
      assert.match(
        human.err,
        new RegExp(`^✗ nothing listens on ${new URL(url).host}\n\n {2}connection\\.refused\n`),
      );
      assert.match(human.err, /^ {4}llama-server -m MODEL --port \d+$/m);
    });

    it('says that a key is needed, or that it is the wrong one (11)', async () => {
      const at = [...args, '--url', keyed.current.url];
      const [missing, human] = await both(at);
      fails(missing, 11, 'auth.missing-key');
      assert.match(human.err, /^ {4}export LLAMACTL_API_KEY=KEY$/m);
      fails(await cli([...at, '--json', '--api-key', 'sk-not-this-one']), 11, 'auth.wrong-key');
    });

    it('says that the model is loading, and how to wait for it (14)', () =>
      against(LOADING, async (url) => {
        const [json, human] = await both([...args, '--url', url, ...once]);
        fails(json, 14, 'server.loading');
        assert.match(human.err, new RegExp(`^ {4}llamactl health --url ${url} --wait 10m$`, 'm'));
      }));

    it('says who it is that answers instead of a llama-server (10)', () =>
      against(STRANGER, async (url) => {
        const [json, human] = await both([...args, '--url', url]);
        fails(json, 10, 'connection.wrong-server');
        assert.match(human.err, /^✗ a proxy or web server answers on \S+ \(nginx\), not a llama-server$/m);
      }));

    it('gives a server up that accepts and never answers (16)', async () => {
      plain.current.pause();
      try {
        const at = [...args, '--url', plain.current.url, '--timeout', '300ms', ...once];
        const [json, human] = await both(at);
        fails(json, 16);
        assert.equal(json.json.error.type, 'TIMEOUT_ERROR');
        assert.match(human.err, /^✗ /);
      } finally {
        plain.current.resume();
      }
    });

    it('says what is wrong with a flag (2)', async () => {
      const [json, human] = await both([...args, '--ulr', 'http://localhost:1']);
      fails(json, 2, 'usage.invalid');
      assert.match(human.err, /^✗ there is no flag --ulr\n\n {2}Did you mean --url\?\n/);
      assert.match(human.err, new RegExp(`^ {4}llamactl ${args[0]} --help$`, 'm'));
    });
  });
}

/** Runs a command under `--json` and as people do. */
export function both(args: readonly string[]): Promise<[CliResult, CliResult]> {
  return Promise.all([cli([...args, '--json']), cli(args)]);
}

/** Holds a run under `--json` against the document of a failure. */
export function fails(run: CliResult, exit: number, code?: string): void {
  assert.equal(run.code, exit, run.text);
  assert.deepEqual(shape(run.json), {
    error: {
      ...ERROR_SHAPE.error,
      // Wrong usage proves itself.
      ...(run.json.error.evidence.length === 0 ? { evidence: [] } : {}),
      ...(run.json.error.suggestions.length === 0 ? { suggestions: [] } : {}),
    },
  });
  if (code !== undefined) assert.equal(run.json.error.code, code, run.text);
  assert.doesNotMatch(run.text, /\n\s+at .*:\d+:\d+/, 'a stack trace');
}

async function against(
  route: Parameters<typeof cannedServer>[0][string],
  test: (url: string) => Promise<void>,
): Promise<void> {
  const server: CannedServer = await cannedServer({ '*': route });
  try {
    await test(server.url);
  } finally {
    await server.stop();
  }
}
