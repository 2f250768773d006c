import assert from 'node:assert/strict';
import type { Message } from '../../src/client/types.js';
import type { Canned } from '../support/canned-server.js';
import { shareServer } from '../support/real-server.js';
import { answered, byBody, CHAT, chatLab, failed, hello } from './chat-lab.js';

const ANSWER = /^ ?The server is ready/;

describe('a chat', () => {
  const lab = chatLab();

  describe('whose model is not served', () => {
    const list = (
      ...models: readonly { id: string; status?: string; aliases?: string[]; failed?: boolean }[]
    ): Canned => ({
      body: {
        data: models.map(({ id, status, aliases = [], failed: broken }) => ({
          id,
          aliases,
          ...(status === undefined ? {} : { status: { value: status, ...(broken ? { failed: true } : {}) } }),
        })),
      },
    });
    const only = (...served: string[]) =>
      byBody(({ model = '' }) =>
        served.includes(model) ? answered(`I am ${model}`) : failed(400, `model '${model}' not found`),
      );

    it('asks the first that is loaded, before one that would have to be', async () => {
      await lab.serve({
        [CHAT]: only('alpha', 'beta'),
        'GET /v1/models': list(
          { id: 'broken', status: 'unloaded', failed: true },
          { id: 'alpha', status: 'unloaded' },
          { id: 'beta', status: 'loaded' },
        ),
      });
      const result = await lab.client.chat(hello, [], { model: 'nope' });
      assert.equal(result.content, 'I am beta');
      assert.deepEqual(
        result.recovery.map(({ action, type }) => [action, type]),
        [['use-first-available-model', 'MODEL_NOT_FOUND']],
      );
      assert.match(
        result.recovery[0]?.message ?? '',
        /^the server has no model "nope"\. Asking "beta" instead\.$/,
      );
      assert.deepEqual(lab.steps, result.recovery, 'told as it happens, too');
      assert.equal(
        lab.server?.requests.some(({ line }) => line.includes('model=')),
        false,
        'and loads nothing to look',
      );
    });

    it('picks a model where none was named', async () => {
      await lab.serve({
        [CHAT]: byBody(({ model }) =>
          model === undefined
            ? failed(400, 'model name is missing from the request')
            : answered(`I am ${model}`),
        ),
        'GET /v1/models': list({ id: 'alpha', status: 'loaded' }),
      });
      assert.equal((await lab.client.chat(hello)).content, 'I am alpha');
    });

    it('says so where there is no other, none by another name, or no list', async () => {
      for (const models of [
        list(),
        list({ id: 'alpha', aliases: ['nope'] }),
        list({ id: 'broken', status: 'unloaded', failed: true }),
        failed(401, 'Invalid API Key', 'authentication_error'),
      ]) {
        await lab.serve({ [CHAT]: only(), 'GET /v1/models': models });
        await lab.fails(lab.client.chat(hello, [], { model: 'nope' }), 'model.not-found');
        assert.equal(lab.chats().length, 1);
        assert.deepEqual(lab.steps, []);
      }
    });

    it('does so once: a server that refuses both is believed', async () => {
      await lab.serve({ [CHAT]: only(), 'GET /v1/models': list({ id: 'alpha' }) });
      const error = await lab.fails(lab.client.chat(hello, [], { model: 'nope' }), 'model.not-found');
      assert.match(error.message, /"alpha"/);
      assert.equal(lab.chats().length, 2);
    });

    it('does not where --no-fallback was asked for', async () => {
      await lab.serve(
        { [CHAT]: only('alpha'), 'GET /v1/models': list({ id: 'alpha' }) },
        { fallback: false },
      );
      await lab.fails(lab.client.chat(hello, [], { model: 'nope' }), 'model.not-found');
      assert.equal(lab.server?.requests.length, 1);
    });

    it('does not where the model is there and does not load', async () => {
      await lab.serve({
        [CHAT]: failed(500, 'model name=broken failed to load', 'server_error'),
        'GET /v1/models': list({ id: 'alpha' }),
      });
      await lab.fails(lab.client.chat(hello, [], { model: 'broken' }), 'model.load-failed');
      assert.equal(lab.server?.requests.length, 1);
    });
  });

  describe('that is longer than the context', () => {
    const real = shareServer({ args: ['-c', '512', '-np', '1'] });
    const long = (turns: number): Message[] => [
      { role: 'system', content: 'Be brief' },
      ...Array.from({ length: turns }, (_, i): Message[] => [
        { role: 'user', content: `Question ${i}: what did the server say about its slots?` },
        { role: 'assistant', content: 'The server is ready.' },
      ]).flat(),
      { role: 'user', content: 'Hello' },
    ];

    it('leaves out the oldest messages, counted by the server, and says how many', async () => {
      const result = await lab
        .connect(real.current.url)
        .chat(long(20), [], { temperature: 0, maxTokens: 20 });
      assert.match(result.content, ANSWER);
      assert.ok(result.usage.promptTokens <= 492, `${result.usage.promptTokens} tokens`);
      const [step] = result.recovery;
      assert.equal(step?.action, 'truncate-context');
      assert.match(
        step.message,
        /^the request is [\d,]+ tokens long, and a slot holds 512\. Left out the oldest \d+ messages\.$/,
      );
    });

    it('does the same for a stream', async () => {
      lab.connect(real.current.url);
      const { events, result } = await lab.streamed(long(20), [], { temperature: 0, maxTokens: 20 });
      assert.match(result.content, ANSWER);
      assert.equal(result.recovery[0]?.action, 'truncate-context');
      assert.equal(events[0]?.type, 'recovery', 'before the first token');
    });

    it('keeps what the user asked, and says so where that alone is too long', async () => {
      const messages: Message[] = [...long(3), { role: 'user', content: 'word '.repeat(1000) }];
      const error = await lab.fails(lab.connect(real.current.url).chat(messages), 'context.overflow');
      assert.equal(error.details['nCtx'], 512);
      assert.deepEqual(lab.steps, []);
    });

    it('leaves nothing out where --no-fallback was asked for', async () => {
      await lab.fails(lab.connect(real.current.url, { fallback: false }).chat(long(20)), 'context.overflow');
    });

    it('lets the overflow stand where the server does not count (no /apply-template)', async () => {
      await lab.serve({
        [CHAT]: failed(400, 'too long', 'exceed_context_size_error', { n_prompt_tokens: 900, n_ctx: 512 }),
        '*': failed(404, 'File Not Found', 'not_found_error'),
      });
      await lab.fails(lab.client.chat(long(3)), 'context.overflow');
    });
  });
});
