import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelNameOf, quantizationIn, readGguf, shardNames } from '../../src/deploy/gguf.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { encodeGguf, TensorType } from '../../src/server/gguf-writer.js';
import { type CannedServer, cannedServer, type Route } from '../support/canned-server.js';
import { tinyModel } from '../support/real-server.js';
import { encodeShape } from './shape-model.js';

/** Serves a file as a web server with ranges does. */
function ranged(bytes: Buffer): Route {
  return (request, response) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const end = Math.min(Number(to), bytes.length - 1);
    response
      .writeHead(206, { 'content-range': `bytes ${from}-${end}/${bytes.length}` })
      .end(bytes.subarray(Number(from), end + 1));
  };
}

describe('GGUF headers', () => {
  let folder: string;
  let server: CannedServer | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-gguf-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => server?.stop());

  it('of a local file: what it is, and how much its tensors take', async () => {
    const model = await readGguf(await tinyModel(), { env: {} });
    assert.equal(model.name, 'Tiny Bigram');
    assert.equal(model.architecture, 'llama');
    assert.equal(model.quantization, 'F16');
    assert.equal(model.vocabulary, 480);
    assert.equal(model.hyperparameters['attention.head_count_kv'], 1);
    assert.ok(model.weightsBytes < model.fileBytes && model.weightsBytes > model.fileBytes * 0.98);
  });

  it('of a remote file are read by ranges, and say the same', async () => {
    const path = join(folder, 'large.gguf');
    const shape = { layers: 2, embedding: 512, feedForward: 1024, heads: 8, headsKv: 2, vocabulary: 4096 };
    await writeFile(path, encodeShape({ architecture: 'llama', ...shape }));
    const bytes = await readFile(path);
    server = await cannedServer({ 'GET /models/large.gguf': ranged(bytes) });
    const remote = await readGguf(`${server.url}/models/large.gguf`, { env: {} });
    const local = await readGguf(path, { env: {} });
    assert.deepEqual({ ...remote, files: [] }, { ...local, files: [] });
    const asked = server.requests.map(({ headers }) => headers['range']);
    assert.ok(
      asked.every((range) => typeof range === 'string'),
      'only pieces were asked for',
    );
    assert.ok(asked.length * 2e6 < bytes.length / 2, `${asked.length} pieces of ${bytes.length} bytes`);
  });

  it('of a server that knows no ranges are cut off after the header', async () => {
    const bytes = await readFile(await tinyModel());
    server = await cannedServer({
      'GET /tiny.gguf': (_request, response) => {
        response.writeHead(200, { 'content-length': String(bytes.length) }).end(bytes);
      },
    });
    const model = await readGguf(`${server.url}/tiny.gguf`, { env: {} });
    assert.equal(model.fileBytes, bytes.length);
    assert.equal(model.architecture, 'llama');
  });

  it('of a split model add up, here and by ranges', async () => {
    const tensor = (name: string) => ({
      name,
      dimensions: [64, 64],
      type: TensorType.F16,
      data: new Uint16Array(64 * 64),
    });
    const first = encodeGguf(
      {
        'general.architecture': { type: 'string', value: 'llama' },
        'llama.block_count': { type: 'uint32', value: 1 },
        'split.count': { type: 'uint32', value: 2 },
      },
      [tensor('a')],
    );
    const second = encodeGguf({ 'split.no': { type: 'uint32', value: 1 } }, [tensor('b'), tensor('c')]);
    const names = ['m-Q4_K_M-00001-of-00002.gguf', 'm-Q4_K_M-00002-of-00002.gguf'] as const;
    await writeFile(join(folder, names[0]), first);
    await writeFile(join(folder, names[1]), second);
    const model = await readGguf(join(folder, names[1]), { env: {} });
    assert.equal(model.weightsBytes, 3 * 64 * 64 * 2);
    assert.equal(model.parameters, 3 * 64 * 64);
    assert.equal(model.fileBytes, first.length + second.length);
    assert.equal(model.quantization, 'Q4_K_M', 'from the name, as the header has none');
    assert.deepEqual(
      model.files.map(({ name }) => name),
      names,
    );
    server = await cannedServer({
      [`GET /${names[0]}`]: ranged(Buffer.from(first)),
      [`GET /${names[1]}`]: ranged(Buffer.from(second)),
    });
    const remote = await readGguf(`${server.url}/${names[1]}`, { env: {} });
    const bare = ({ files, ...rest }: typeof model) => ({
      ...rest,
      files: files.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    });
    assert.deepEqual(bare(remote), bare(model));
    assert.ok(server.requests.every(({ headers }) => typeof headers['range'] === 'string'));
  });

  const failures: readonly (readonly [what: string, name: string, content: string | null, code: string])[] = [
    ['a file that is not there', 'gone.gguf', null, 'model.file-missing'],
    ['a page of HTML that was saved as a model', 'page.gguf', '<!doctype html>', 'model.corrupt'],
    [
      'a header that is cut off',
      'cut.gguf',
      `GGUF\u0003\u0000\u0000\u0000${'\u0001'.padEnd(16, '\u0000')}`,
      'model.corrupt',
    ],
    ['a split model of which a file is missing', 'big-00001-of-00003.gguf', 'GGUF', 'model.missing-shard'],
  ];
  for (const [what, name, content, code] of failures) {
    it(`${what}: ${code}`, async () => {
      const path = join(folder, name);
      if (content !== null) await writeFile(path, content);
      await assert.rejects(readGguf(path, { env: {} }), (error) => {
        assert.ok(error instanceof LlamactlError, String(error));
        assert.equal(error.code, code);
        assert.equal(error.exit, 12);
        return true;
      });
    });
  }

  it('know the names of all shards, of models and of quantisations', () => {
    assert.deepEqual(shardNames('a-00002-of-00002.gguf'), ['a-00001-of-00002.gguf', 'a-00002-of-00002.gguf']);
    assert.deepEqual(shardNames('a.gguf'), ['a.gguf']);
    assert.equal(modelNameOf('/x/Qwen3-4B-Q4_K_M-00001-of-00002.gguf'), 'Qwen3-4B-Q4_K_M');
    const quantizations = {
      'Qwen3-4B-Q4_K_M.gguf': 'Q4_K_M',
      'gpt-oss-20b-MXFP4.gguf': 'MXFP4',
      'gemma-3-4b-it-UD-IQ2_XXS.gguf': 'IQ2_XXS',
      'smollm2-135m-instruct.q4_1.gguf': 'Q4_1',
      'qwen2.5-coder.gguf': null,
    };
    for (const [name, quantization] of Object.entries(quantizations))
      assert.equal(quantizationIn(name), quantization, name);
  });
});
