import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { keepUp, type UpEvent, type UpOptions, type UpServer, up } from '../../src/server/up.js';
import { planUp } from '../../src/server/up-plan.js';
import { serverBinary, startServer, tinyModel } from '../support/real-server.js';

describe('up', () => {
  let folder: string;
  let options: UpOptions;
  const events: UpEvent[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-up-'));
    events.length = 0;
    options = {
      tiny: false,
      host: '127.0.0.1',
      port: 0,
      bin: serverBinary(),
      extra: [],
      cacheDirectory: folder,
      env: { PATH: process.env['PATH'] },
      signal: new AbortController().signal,
      onEvent: (event) => events.push(event),
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function failure(changed: Partial<UpOptions>): Promise<LlamactlError> {
    let started: UpServer | null = null;
    try {
      started = await up({ ...options, ...changed });
    } catch (error) {
      assert.ok(error instanceof LlamactlError, `expected an error of ours, got ${error}`);
      return error;
    }
    await started.server.stop();
    assert.fail('it started');
  }

  it('runs the built-in model, with metrics and the threads of the quota, and stops when told', async () => {
    const controller = new AbortController();
    const started = await up({ ...options, tiny: true, signal: controller.signal });
    const { plan } = started;
    assert.match(await (await fetch(`${plan.url}/metrics`)).text(), /llamacpp:/);
    assert.ok(plan.args.includes('--threads'));
    assert.equal(events.filter(({ type }) => type === 'starting').length, 1);
    const kept = keepUp(started, controller.signal, () => undefined);
    controller.abort(new Error('Ctrl-C'));
    await kept;
    await assert.rejects(fetch(`${plan.url}/health`));
  });

  it('lets the user’s own options win', async () => {
    const plan = await planUp({
      ...options,
      tiny: true,
      extra: ['--threads', '1', '--port', '8123', '--host', '0.0.0.0', '--alias', 'mine', '-c', '512'],
    });
    const after = (flag: string) => plan.args.filter((_, at) => plan.args[at - 1] === flag);
    assert.deepEqual(['--threads', '--port', '--host', '--alias', '-c'].map(after), [
      ['1'],
      ['8123'],
      ['0.0.0.0'],
      ['mine'],
      ['512'],
    ]);
    assert.equal(plan.url, 'http://127.0.0.1:8123');
    assert.equal(plan.threads, null);
  });

  it('takes a key out of the arguments, where everybody could read it', async () => {
    const plan = await planUp({ ...options, tiny: true, extra: ['--api-key', 'sk-up-71', '-c', '512'] });
    assert.equal(plan.apiKey, 'sk-up-71');
    assert.doesNotMatch(plan.args.join(' '), /api-key|sk-up-71/);
    assert.doesNotMatch(plan.onPort(8081), /sk-up-71/);
  });

  it('knows the ways to name a model', async () => {
    const args = async (model: string) => (await planUp({ ...options, model })).args.join(' ');
    const tiny = await tinyModel();
    assert.match(await args(tiny), new RegExp(`^-m ${tiny} `));
    assert.match(
      await args('hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M'),
      /^-hf ggml-org\/gemma-3-1b-it-GGUF:Q4_K_M /,
    );
    assert.match(await args('ggml-org/gemma-3-1b-it-GGUF'), /^-hf ggml-org\/gemma-3-1b-it-GGUF /);
    // A URL alone would start a router without a model, which is healthy.
    assert.match(
      await args('http://localhost:1/some/model.gguf?x=1'),
      new RegExp(`^-mu \\S+ -m ${join(folder, 'models', 'model.gguf')} `),
    );
  });

  it('loads a model by its URL', async () => {
    const file = await tinyModel();
    const { length } = await readFile(file);
    const web = createServer((asked, response) => {
      response.writeHead(200, { 'content-length': length, etag: '"1"' });
      if (asked.method === 'HEAD') response.end();
      else createReadStream(file).pipe(response);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as AddressInfo;
    try {
      const started = await up({ ...options, model: `http://127.0.0.1:${port}/tiny.gguf` });
      const answer = await fetch(`${started.plan.url}/v1/models`);
      assert.match(await answer.text(), /"n_ctx_train":\s*8192/);
      await started.server.stop();
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });

  it('without a model lists the ways to give one: exit 2', async () => {
    const error = await failure({});
    assert.equal(error.exit, 2);
    assert.match(error.suggestions.join('\n'), /llamactl up \.\/model\.gguf[\s\S]*llamactl up --tiny/);
  });

  it('says that the model file is missing, and starts nothing', async () => {
    const error = await failure({ model: join(folder, 'absent.gguf') });
    assert.equal(error.code, 'model.file-missing');
    assert.match(error.message, /absent\.gguf/);
    assert.deepEqual(events, []);
  });

  it('says who has the port, and starts nothing', async () => {
    const other = await startServer({ args: ['-c', '512'] });
    try {
      const error = await failure({ tiny: true, port: other.port });
      assert.equal(error.code, 'server.port-in-use');
      assert.match(error.message, new RegExp(`process ${other.pid}`));
      assert.ok(error.suggestions.includes(`llamactl up --tiny --port ${other.port + 1}`));
      assert.deepEqual(events, []);
    } finally {
      await other.stop();
    }
  });

  it('names the option that llama-server does not take', async () => {
    const error = await failure({ tiny: true, extra: ['--no-such-option'] });
    assert.equal(error.code, 'server.bad-argument');
    assert.match(error.message, /--no-such-option/);
    assert.match(error.evidence.join('\n'), /invalid argument: --no-such-option/);
  });

  it('says that the model file is cut off', async () => {
    const model = join(folder, 'cut.gguf');
    await writeFile(model, (await readFile(await tinyModel())).subarray(0, 1_000_000));
    const error = await failure({ model });
    assert.equal(error.code, 'model.corrupt');
    assert.match(error.evidence.join('\n'), /corrupted or incomplete/);
    assert.match(error.suggestions.join('\n'), new RegExp(model));
  });

  it('says that the file is no model', async () => {
    const model = join(folder, 'page.gguf');
    await writeFile(model, '<!doctype html><title>Not found</title>');
    assert.equal((await failure({ model })).code, 'model.corrupt');
  });

  for (const [what, text, code] of [
    ['the processor lacks an instruction', 'kill -ILL $$', 'server.illegal-instruction'],
    [
      'a library is missing',
      'echo "llama-server: error while loading shared libraries: libcudart.so.12: cannot open shared object file: No such file or directory" >&2; exit 127',
      'server.missing-library',
    ],
    ['it dies without a word', 'exit 3', 'server.crashed'],
  ] as const) {
    it(`says that ${what}`, async () => {
      const bin = join(folder, 'llama-server');
      await writeFile(bin, `#!/bin/sh\n${text}\n`);
      await chmod(bin, 0o755);
      assert.equal((await failure({ tiny: true, bin })).code, code);
    });
  }

  it('starts once more where the log lost its last lines, which tell why', async () => {
    const bin = join(folder, 'llama-server');
    const told = join(folder, 'told');
    await writeFile(
      bin,
      `#!/bin/sh\nif [ -e "${told}" ]; then echo "gguf_init_from_file_impl: invalid magic characters: 'x', expected 'GGUF'"; fi\ntouch "${told}"\nexit 1\n`,
    );
    await chmod(bin, 0o755);
    assert.equal((await failure({ tiny: true, bin })).code, 'model.corrupt');
  });

  it('explains an end that nobody asked for', async () => {
    const started = await up({ ...options, tiny: true });
    const kept = keepUp(started, options.signal, () => undefined);
    process.kill(started.pid, 'SIGSEGV');
    await assert.rejects(kept, (error) => error instanceof LlamactlError && error.code === 'server.crashed');
  });

  it('downloads nothing unasked', async () => {
    const bare = { bin: undefined, env: { PATH: '' }, tiny: true };
    assert.equal((await failure(bare)).code, 'server.not-installed');
    const asked: string[] = [];
    const error = await failure({
      ...bare,
      mayInstall: async (what) => {
        asked.push(what);
        return false;
      },
    });
    assert.equal(error.exit, 2);
    assert.match(asked.join(), /^download .*llama-server/);
    assert.deepEqual(events, []);
  });
});
