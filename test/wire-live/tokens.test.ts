import assert from 'node:assert/strict';
import { embeddingSchema, embeddingVectors } from '../../src/wire/embedding.js';
import { tokenizeSchema } from '../../src/wire/tokenize.js';
import { shareServer } from '../support/real-server.js';
import { hello, useClients } from './support.js';

describe('tokens of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '512', '--alias', 'tiny'] });
  const connect = useClients();

  it('pieces are text; bytes that are no UTF-8 by themselves come as bytes', async () => {
    const { client } = connect(server.current.url);
    const { body } = await client.request({
      method: 'POST',
      path: '/tokenize',
      body: { content: ' server 日', with_pieces: true },
    });
    const pieces = tokenizeSchema
      .parse(JSON.parse(body))
      .tokens.map((token) => (typeof token === 'number' ? token : token.piece));
    assert.deepEqual(pieces, [' server', ' ', [0xe6], [0x97], [0xa5]]);
    assert.deepEqual(
      (await client.tokenize({ content: ' server 日' })).map(({ piece }) => piece),
      [' server', ' ', '<0xE6>', '<0x97>', '<0xA5>'],
    );
  });

  it('any text comes back as it was, through tokens', async () => {
    const { client } = connect(server.current.url);
    for (const text of ['Hello server', 'ünïcödé · 日本語 · 👍🏽', 'a\nb\tc', '']) {
      const tokens = await client.tokenize({ content: text });
      assert.equal(await client.detokenize(tokens.map(({ id }) => id)), text);
    }
  });

  it('the beginning-of-sequence token is added only where asked for', async () => {
    const { client } = connect(server.current.url);
    const plain = await client.tokenize({ content: 'Hello' });
    const [first, ...rest] = await client.tokenize({ content: 'Hello', addSpecial: true });
    assert.deepEqual([first?.piece, rest], ['<s>', plain]);
  });

  it('control tokens are read as such, or spelt out where that is switched off', async () => {
    const { client } = connect(server.current.url);
    const content = '<|im_start|>';
    assert.equal((await client.tokenize({ content })).length, 1);
    assert.ok((await client.tokenize({ content, parseSpecial: false })).length > 1);
  });

  it('a conversation’s prompt is the template’s', async () => {
    const { client } = connect(server.current.url);
    assert.equal(
      await client.applyTemplate(hello),
      '<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('input_tokens, count_tokens, template plus tokenizer, and usage all count the same', async () => {
    const { client } = connect(server.current.url);
    const count = async (path: string) => {
      const { body } = await client.request({ method: 'POST', path, body: { messages: hello } });
      return JSON.parse(body).input_tokens;
    };
    const prompt = await client.applyTemplate(hello);
    const { length } = await client.tokenize({ content: prompt, addSpecial: true });
    const { usage } = await client.chat(hello, [], { maxTokens: 1 });
    assert.deepEqual(
      [await count('/v1/chat/completions/input_tokens'), await count('/v1/messages/count_tokens'), length],
      [usage.promptTokens, usage.promptTokens, usage.promptTokens],
    );
  });

  it('a completion continues text without a template; a gap is filled in', async () => {
    const { client } = connect(server.current.url);
    const completion = await client.completion({ prompt: 'Hello', maxTokens: 4, temperature: 0 });
    assert.deepEqual(
      [completion.content, completion.stopType, completion.completionTokens, completion.model],
      [' The server is ready', 'limit', 4, 'tiny'],
    );
    const filled = await client.infill({ prefix: 'The ', suffix: ' is', maxTokens: 4, temperature: 0 });
    assert.equal(filled.content, ' The server is ready');
  });

  it('a JSON schema holds the answer', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const { client } = connect(server.current.url);
    const { content } = await client.chat(hello, [], { jsonSchema: schema, temperature: 0 });
    assert.equal(typeof JSON.parse(content).a, 'string');
  });

  it('Anthropic’s and OpenAI’s newer endpoints answer too', async () => {
    const { client } = connect(server.current.url);
    for (const [path, body] of [
      ['/v1/messages', { messages: hello, max_tokens: 4 }],
      ['/v1/responses', { input: 'Hello', max_output_tokens: 4 }],
      ['/v1/completions', { prompt: 'Hello', max_tokens: 4 }],
    ] as const) {
      const answer = await client.request({ method: 'POST', path, body: { ...body, temperature: 0 } });
      assert.match(answer.body, / The server is ready/, path);
    }
  });
});

describe('embeddings of a real llama-server', () => {
  const server = shareServer({ args: ['-c', '512', '--embeddings', '--pooling', 'mean', '--alias', 'tiny'] });
  const connect = useClients();
  const ask = async (path: string, body: object) =>
    JSON.parse((await connect(server.current.url).client.request({ method: 'POST', path, body })).body);

  it('one vector for each input, in their order, the same text the same vector', async () => {
    const { client } = connect(server.current.url);
    const vectors = await client.embedding(['Hello', 'server', 'Hello']);
    assert.deepEqual(
      vectors.map(({ length }) => length),
      [480, 480, 480],
    );
    assert.deepEqual(vectors[0], vectors[2]);
    assert.notDeepEqual(vectors[0], vectors[1]);
    assert.deepEqual((await client.embedding('Hello'))[0], vectors[0]);
  });

  it('/embedding and /embeddings answer a list of lists', async () => {
    for (const path of ['/embedding', '/embeddings']) {
      const [first, ...others] = await ask(path, { content: 'Hello' });
      assert.deepEqual([first.index, first.embedding.length, others], [0, 1, []], path);
      assert.equal(first.embedding[0].length, 480, path);
    }
  });

  it('/v1/embeddings answers OpenAI’s shape, with usage', async () => {
    const answer = await ask('/v1/embeddings', { input: ['Hello', 'server'] });
    assert.deepEqual([answer.object, answer.model, answer.data.length], ['list', 'tiny', 2]);
    assert.equal(answer.data[0].embedding.length, 480);
    assert.ok(answer.usage.prompt_tokens > 0);
  });

  it('all three shapes, and base64, hold the same vector', async () => {
    const read = async (path: string, body: object) =>
      embeddingVectors(embeddingSchema.parse(await ask(path, body)))[0] ?? [];
    const [reference, ...others] = await Promise.all([
      read('/embedding', { content: 'Hello' }),
      read('/v1/embeddings', { input: 'Hello' }),
      read('/v1/embeddings', { input: 'Hello', encoding_format: 'base64' }),
    ]);
    const rounded = (vector: readonly number[] = []) => vector.map((x) => x.toFixed(5));
    for (const other of others) assert.deepEqual(rounded(other), rounded(reference));
    assert.ok(reference?.some((x) => x !== 0));
  });
});
