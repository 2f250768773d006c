import assert from 'node:assert/strict';
import { Agent } from 'undici';
import type { Message, Tool } from '../../src/client/types.js';
import { shareServer } from '../support/real-server.js';
import { ANSWER, assertOnBuild, failureOf, hear, hello, useClients } from './support.js';

const CHAT = '/v1/chat/completions';
const long: Message[] = [{ role: 'user', content: 'The server is ready . '.repeat(400) }];

describe('requests that a real llama-server refuses', () => {
  const server = shareServer({ args: ['-c', '1024', '-np', '2', '--alias', 'tiny'] });
  const connect = useClients();
  const refused = (body: unknown, path = CHAT) =>
    failureOf(connect(server.current.url).client.request({ method: 'POST', path, body }));

  describe('a prompt that is longer than a slot', () => {
    it('is a 400 that names both numbers: the tokens sent, and those of one slot, not of the server', async () => {
      const error = await failureOf(connect(server.current.url).client.chat(long));
      assert.deepEqual([error.type, error.code, error.exit], ['CONTEXT_OVERFLOW', 'context.overflow', 13]);
      const { status, nCtx, nPromptTokens } = error.details;
      assert.deepEqual([status, nCtx], [400, 512]);
      assert.ok(Number(nPromptTokens) > 2000, String(nPromptTokens));
      assert.match(error.message, /2,\d\d\d tokens.*512/);
    });

    it('is the same error, with the same numbers, before a stream starts', async () => {
      const whole = await failureOf(connect(server.current.url).client.chat(long));
      const { error, events } = await hear(connect(server.current.url).client, long);
      assert.deepEqual(events, []);
      assert.equal(error?.code, 'context.overflow');
      assert.equal(error?.details['nPromptTokens'], whole.details['nPromptTokens']);
      assert.equal(error?.details['nCtx'], 512);
    });

    it('counts as the server does: the number is that of template and tokenizer', async () => {
      const { client } = connect(server.current.url);
      const error = await failureOf(client.chat(long));
      const prompt = await client.applyTemplate(long);
      const { length } = await client.tokenize({ content: prompt, addSpecial: true });
      assert.equal(error.details['nPromptTokens'], length);
    });

    it('is answered after the oldest messages are left out, and the user is told', async () => {
      const history: Message[] = [
        { role: 'system', content: 'Be brief' },
        ...Array.from({ length: 30 }, (_, i): Message[] => [
          { role: 'user', content: `Question ${i}: the server is ready . It loads one small model` },
          { role: 'assistant', content: 'The server is ready . It loads one small model' },
        ]).flat(),
        ...hello,
      ];
      const { client, steps } = connect(server.current.url, { fallback: true });
      const { content, usage } = await client.chat(history, [], { temperature: 0, maxTokens: 20 });
      assert.match(content, ANSWER);
      assert.equal(steps[0]?.action, 'truncate-context');
      assert.match(steps[0]?.message ?? '', /Left out the oldest \d+ messages/);
      assert.ok(usage.promptTokens <= 512 - 20, `${usage.promptTokens} tokens sent in the end`);
    });
  });

  it('a body that is no JSON: invalid JSON, not a crash of the server', async () => {
    // Cut on the way, as a proxy with a limit does; our client sends whole bodies only.
    const dispatcher = new Agent().compose(
      (dispatch) => (options, handler) =>
        dispatch({ ...options, body: String(options.body).slice(0, -1) }, handler),
    );
    const { client } = connect(server.current.url, { dispatcher });
    const error = await failureOf(client.chat(hello));
    assert.deepEqual([error.type, error.code, error.exit], ['INVALID_REQUEST', 'request.invalid-json', 15]);
    assert.match(error.evidence[0] ?? '', /json\.exception\.parse_error\.101/);
    assertOnBuild(error.details['status'], { 'v0.6.0': 400, 'v0.1.0': 500 });
  });

  it('a message without a role: a 500 that is the request’s fault', async () => {
    const error = await refused({ messages: [{ content: 'x' }] });
    assert.deepEqual([error.code, error.details['status']], ['request.invalid-parameter', 500]);
    assert.match(error.message, /Missing 'role'/);
  });

  it('no messages at all: a 400 that says what is missing', async () => {
    const error = await refused({});
    assert.deepEqual([error.code, error.details['status']], ['request.invalid-parameter', 400]);
    assert.match(error.message, /'messages' is required/);
  });

  it('a parameter of the wrong type: a 400 that names it', async () => {
    const error = await refused({ messages: hello, temperature: 'hot' });
    assert.deepEqual([error.code, error.details['status']], ['request.invalid-parameter', 400]);
    assert.match(error.message, /temperature/);
  });

  it('a grammar that does not parse: a 400 about the grammar', async () => {
    const error = await refused({ messages: hello, grammar: 'root ::= (((' });
    assert.deepEqual([error.code, error.details['status']], ['request.invalid-grammar', 400]);
  });

  it('a JSON schema that makes no grammar: said to be the schema', async () => {
    const { client } = connect(server.current.url);
    const error = await failureOf(client.chat(hello, [], { jsonSchema: { type: 'nonsense' } }));
    assert.equal(error.code, 'request.invalid-grammar');
    assert.match(error.message, /^the JSON schema cannot be used: unrecognized .*nonsense/i);
  });

  it('an image to a text model: a 500 that names the mmproj file it would need', async () => {
    const url =
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M8AAAMBAQA=';
    const image: Message[] = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const error = await failureOf(connect(server.current.url).client.chat(image));
    assert.deepEqual([error.type, error.code], ['UNSUPPORTED_FEATURE', 'feature.unsupported-input']);
    assert.equal(error.details['status'], 500);
    assert.match(error.evidence.join(), /mmproj/);
  });

  it('a token id that the model does not have: a 500 that is the request’s fault', async () => {
    const error = await failureOf(connect(server.current.url).client.detokenize([999_999]));
    assert.deepEqual([error.code, error.details['status']], ['request.invalid-parameter', 500]);
  });

  it('a tool whose parameters are no schema: said to be the schema, and not the chat template', async () => {
    const tool = { type: 'function', function: { name: 'f', parameters: 'none' } } as unknown as Tool;
    const { client } = connect(server.current.url);
    const error = await failureOf(client.chat(hello, [tool], { toolChoice: 'required' }));
    assert.deepEqual([error.code, error.exit], ['request.invalid-grammar', 15]);
    assert.match(error.message, /^the JSON schema cannot be used: /);
  });

  it('the unknown name of a model is ignored: 200, and the reply names the alias that answered', async () => {
    const { client } = connect(server.current.url);
    const whole = await client.chat(hello, [], { model: 'gpt-4', temperature: 0 });
    assert.deepEqual([whole.model, ANSWER.test(whole.content)], ['tiny', true]);
    const { events } = await hear(client, hello, { model: 'gpt-4' });
    const last = events.at(-1);
    assert.equal(last?.type === 'finish' ? last.result.model : null, 'tiny');
  });

  describe('paths that it does not have', () => {
    for (const [what, method, path] of [
      ['an unknown route', 'GET', '/v2/nope'],
      ['a wrong method', 'GET', CHAT],
      ['a doubled /v1', 'GET', '/v1/v1/models'],
      ['a router’s load', 'POST', '/models/load'],
      ['a router’s unload', 'POST', '/models/unload'],
      ['a router’s events', 'GET', '/models/sse'],
      ['a router’s download', 'POST', '/models'],
      ['a router’s removal', 'DELETE', '/models?model=tiny'],
    ] as const) {
      it(`${what} (${method} ${path}): 404, and the URL that was asked`, async () => {
        const { client } = connect(server.current.url);
        const error = await failureOf(
          client.request({ method, path, ...(method === 'POST' ? { body: { model: 'tiny' } } : {}) }),
        );
        assert.deepEqual([error.code, error.details['status']], ['connection.wrong-path', 404]);
        assert.ok(error.message.includes(`${server.current.url}${path}`), error.message);
        assert.match(error.evidence[0] ?? '', /File Not Found/);
      });
    }

    it('a base URL with /v1 is no doubled one: the client takes it off', async () => {
      const { client } = connect(`${server.current.url}/v1/`);
      assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    });
  });
});
