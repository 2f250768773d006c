import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { ensureTinyModel, writeTinyModel } from '../../src/server/tiny-gguf.js';
import { startServer } from '../support/real-server.js';

/** The bytes that were checked against llama-server v0.1.0 to v0.6.0: chat, tools, JSON schema, infill, embeddings. */
const CHECKED_BYTES = '36f2e99bf41c53e1226bb4befbd8b5d08debfb043b9a790f85cb16ec265c28ce';

/** The reader types its keys by architecture, which a test does not know beforehand. */
async function readGguf(path: string) {
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  return { metadata: Object.fromEntries<unknown>(Object.entries(metadata)), tensorInfos, tensorDataOffset };
}

describe('the built-in model', () => {
  let folder: string;
  let path: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llamactl-tiny-'));
    path = join(folder, 'tiny.gguf');
    await writeTinyModel(path);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('has the bytes that were checked against real servers', async () => {
    const hash = createHash('sha256').update(await readFile(path));
    assert.equal(hash.digest('hex'), CHECKED_BYTES);
  });

  it('is read by a GGUF reader: metadata, and tensors that fit the file', async () => {
    const { metadata, tensorInfos, tensorDataOffset } = await readGguf(path);
    assert.equal(metadata['general.architecture'], 'llama');
    assert.equal(metadata['general.name'], 'Tiny Bigram');
    assert.equal(metadata['llama.context_length'], 8192);
    const tokens = metadata['tokenizer.ggml.tokens'];
    assert.ok(Array.isArray(tokens));
    assert.equal(tokens.length, metadata['llama.embedding_length'], 'embeddings are one-hot');
    assert.equal(tokens[Number(metadata['tokenizer.ggml.eos_token_id'])], '<|im_end|>');

    let end = 0n;
    for (const { name, shape, dtype, offset } of tensorInfos) {
      assert.equal(offset, end, `${name} starts where the one before ends`);
      const elements = shape.reduce((product, size) => product * size, 1n);
      const bytes = elements * (dtype === 0 ? 4n : 2n);
      end = offset + ((bytes + 31n) / 32n) * 32n;
    }
    assert.deepEqual(
      tensorInfos.map(({ name }) => name).filter((name) => !name.startsWith('blk.')),
      ['token_embd.weight', 'output_norm.weight', 'output.weight'],
    );
    const { size } = await stat(path);
    assert.equal(BigInt(size), BigInt(tensorDataOffset) + end);
  });

  it('claims the context length it is given', async () => {
    const other = join(folder, 'short.gguf');
    await writeTinyModel(other, { contextLength: 512 });
    const { metadata } = await readGguf(other);
    assert.equal(metadata['llama.context_length'], 512);
  });

  it('answers on a real llama-server, always the same', async () => {
    const server = await startServer({ model: path });
    const client = new LlamaCppClient({ baseUrl: server.url });
    try {
      const { content, finishReason } = await client.chat([{ role: 'user', content: 'Hello' }], [], {
        temperature: 0,
      });
      assert.match(content, /^\s*The server is ready \. It loads one small model/);
      assert.equal(finishReason, 'stop');
    } finally {
      await client.destroy();
      await server.stop();
    }
  });

  it('is made once in the cache, and leaves nothing half written', async () => {
    const [first, second] = await Promise.all([ensureTinyModel(folder), ensureTinyModel(folder)]);
    assert.equal(first, second);
    const { mtimeMs } = await stat(first);
    await ensureTinyModel(folder);
    assert.equal((await stat(first)).mtimeMs, mtimeMs);
    assert.deepEqual(await readdir(join(folder, 'models')), ['tiny-v1.gguf']);
  });

  it('says so where the cache cannot be written', async () => {
    // Node 20's own recursive mkdir never ends below /proc.
    await assert.rejects(ensureTinyModel('/proc/nowhere'), { exit: 2, message: /cannot be made/ });
  });
});
