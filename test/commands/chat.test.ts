import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer, chunk, eventStream, LLAMA_HEADERS } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { useServer } from '../support/command-servers.js';
import { fails, itTellsCommonFailures } from '../support/common-failures.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { startServer, tinyModel } from '../support/real-server.js';
import { shape } from '../support/shape.js';

const COLD = ['--temperature', '0'];
const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Oslo'] } },
      required: ['city'],
    },
  },
};
const DONE = [chunk({}, 'stop'), '[DONE]'];

describe('llamactl chat', () => {
  const plain = useServer('plain');
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-chat-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const ask = (...args: string[]) => cli(['chat', ...args, '--url', plain.current.url, ...COLD]);

  it('gives the answer as one document, streamed or not', async () => {
    const [streamed, whole] = await Promise.all([
      ask('Hello', '--json'),
      ask('Hello', '--json', '--no-stream'),
    ]);
    for (const run of [streamed, whole]) {
      assert.equal(run.code, 0, run.text);
      assert.deepEqual(shape(run.json), {
        content: 'string',
        reasoning: 'string',
        toolCalls: [],
        finishReason: 'string',
        model: 'string',
        usage: { promptTokens: 'number', completionTokens: 'number', cachedTokens: 'number' },
        timings: {
          promptTokens: 'number',
          promptMs: 'number',
          promptPerSecond: 'number',
          generatedTokens: 'number',
          generatedMs: 'number',
          generatedPerSecond: 'number',
          cachedTokens: 'number',
        },
        recovery: [],
        target: 'null',
        provider: 'string',
        url: 'string',
      });
    }
    assert.match(streamed.json.content, /The server is ready/);
    assert.equal(streamed.json.content, whole.json.content);
    assert.equal(streamed.json.finishReason, 'stop');
    assert.equal(streamed.json.model, 'tiny');
  });

  it('prints the answer alone on stdout, and statistics on stderr', async () => {
    const run = await ask('Hello', '--stats');
    assert.match(run.out, /^The server is ready .*\.\S*\n$/);
    assert.match(
      run.err,
      /^\n\d+ \+ \d+ tokens(?: \(\d+ cached\))? · first token [\d.]+ m?s · [\d,.]+ tokens\/s · \d+\.\d % of 2,048\n$/,
    );
  });

  it('puts argument, stdin and system message together', async () => {
    const server = await cannedServer(
      { 'POST /v1/chat/completions': eventStream([chunk({ content: ' yes' }), ...DONE]) },
      LLAMA_HEADERS,
    );
    try {
      const run = await cli(
        ['chat', 'Review this', '--url', server.url, '--system', 'Be kind', '--seed', '7'],
        {
          input: 'a diff\n',
        },
      );
      assert.equal(run.out, 'yes\n', run.text);
      const body = JSON.parse(server.requests.at(-1)?.body ?? '{}');
      assert.deepEqual(body.messages, [
        { role: 'system', content: 'Be kind' },
        { role: 'user', content: 'Review this\n\na diff' },
      ]);
      assert.equal(body.seed, 7);
    } finally {
      await server.stop();
    }
  });

  it('holds an answer to a JSON Schema, and parses the call of a tool', async () => {
    const schema = file('schema.json', {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
    });
    const tools = file('tools.json', [WEATHER]);
    const withTools = ['Weather?', '--tools', tools, '--tool-choice', 'required'];
    const [answer, call, human] = await Promise.all([
      ask('x', '--json-schema', schema, '--json'),
      ask(...withTools, '--json'),
      ask(...withTools),
    ]);
    assert.equal(typeof JSON.parse(answer.json.content).ok, 'boolean', answer.text);
    assert.deepEqual(shape(call.json.toolCalls), [
      { id: 'string', name: 'string', arguments: { city: 'string' } },
    ]);
    assert.equal(call.json.finishReason, 'tool_calls');
    assert.match(human.out, /^get_weather\(\{"city":"(?:Paris|Oslo)"\}\)$/m);
  });

  it('keeps reasoning apart from the answer, and shows it to people only', async () => {
    const route = eventStream([
      chunk({ reasoning_content: 'Let me think.' }),
      chunk({ content: 'Because.' }),
      ...DONE,
    ]);
    const server = await cannedServer({ 'POST /v1/chat/completions': route }, LLAMA_HEADERS);
    try {
      const [json, piped] = await Promise.all([
        cli(['chat', 'Why?', '--url', server.url, '--json']),
        cli(['chat', 'Why?', '--url', server.url]),
      ]);
      assert.equal(json.json.reasoning, 'Let me think.');
      assert.equal(json.json.content, 'Because.');
      assert.equal(piped.text, 'Because.\n');
    } finally {
      await server.stop();
    }
  });

  it('leaves an answer as it is, also where it shows a header with a key', async () => {
    const content = 'curl -H "Authorization: Bearer abc123" and --api-key=abc123';
    const route = eventStream([chunk({ content }), ...DONE]);
    const server = await cannedServer({ 'POST /v1/chat/completions': route }, LLAMA_HEADERS);
    try {
      const [json, human] = await Promise.all([
        cli(['chat', 'How?', '--url', server.url, '--json']),
        cli(['chat', 'How?', '--url', server.url]),
      ]);
      assert.equal(json.json?.content, content, json.text);
      assert.equal(human.out, `${content}\n`);
    } finally {
      await server.stop();
    }
  });

  it('says that the answer ends at the limit of tokens', async () => {
    const run = await ask('Hello', '--max-tokens', '4');
    assert.equal(run.code, 0);
    assert.match(run.err, /^! The answer ends at its token limit/);
  });

  it('tells what it did to get an answer, on stderr and in the document', async () => {
    const proxy = await FaultProxy.start(plain.current.url);
    try {
      proxy.next({ kind: 'reset' });
      const run = await cli(['chat', 'Hello', '--url', proxy.url, ...COLD, '--json']);
      assert.match(run.json?.content, /The server is ready/, run.text);
      assert.match(run.err, /^… The connection failed\. Trying again in \d+ ms\.$/m);
      const [step] = run.json.recovery;
      assert.deepEqual([step.type, step.action], ['CONNECTION_ERROR', 'retry']);
      assert.equal(typeof step.message, 'string');
    } finally {
      await proxy.stop();
    }
  });

  it('says that a single-model server ignored the name of the model', async () => {
    const run = await ask('Hello', '--model', 'nope');
    assert.match(run.err, /^! The server has no model "nope" and ignored the name: "tiny" answered\.$/m);
  });

  it('takes the first model of a router where it may (told once), else says what there is (12)', async () => {
    const models = join(folder, 'models');
    mkdirSync(models);
    symlinkSync(await tinyModel(), join(models, 'one.gguf'));
    const server = await startServer({
      model: null,
      args: ['--models-dir', models, '-c', '512', '-np', '1'],
    });
    try {
      const args = ['chat', 'Hello', '--url', server.url, '--model', 'nope', ...COLD];
      const refused = await cli([...args, '--no-fallback', '--json']);
      fails(refused, 12, 'model.not-found');
      const run = await cli(args);
      assert.match(run.out, /The server is ready/, run.text);
      assert.equal(run.err, '… the server has no model "nope". Asking "one" instead.\n');
    } finally {
      await server.stop();
    }
  });

  it('says how long a request was and how long one may be (13)', async () => {
    const run = await cli(['chat', '--url', plain.current.url, '--no-fallback', '--json'], {
      input: 'word '.repeat(4000),
    });
    fails(run, 13, 'context.overflow');
    assert.match(run.json.error.message, /^the request is [\d,]+ tokens long, and a slot holds 2,048$/);
    assert.ok(run.json.error.suggestions.some((line: string) => /--ctx-size \d+/.test(line)));
  });

  it('says what the server refuses in a request (15)', async () => {
    const run = await ask('x', '--json-schema', file('bad.json', { type: 'nonsense' }), '--json');
    fails(run, 15);
    assert.equal(run.json.error.type, 'INVALID_REQUEST');
  });

  it('keeps what came of a cut answer, on stdout and in the document (17)', async () => {
    const pieces = ['one ', 'two ', 'three '].map((content) => chunk({ content }));
    const server = await cannedServer(
      { 'POST /v1/chat/completions': eventStream([...pieces, 50, 'cut']) },
      LLAMA_HEADERS,
    );
    try {
      const [human, json] = await Promise.all([
        cli(['chat', 'Count', '--url', server.url]),
        cli(['chat', 'Count', '--url', server.url, '--json']),
      ]);
      assert.equal(human.code, 17);
      assert.equal(human.out, 'one two three \n');
      assert.match(human.err, /^✗ .+\n\n {2}stream\.truncated\n/);
      assert.equal(json.code, 17);
      assert.equal(json.json.error.type, 'STREAMING_ERROR');
      assert.equal(json.json.partial.content, 'one two three ');
    } finally {
      await server.stop();
    }
  });

  it('names the file, the place and the entry of what it cannot use (2)', async () => {
    const broken = file('broken.json', '[\n  {"type": "function",}\n]');
    const nameless = file('nameless.json', [{ type: 'function', function: {} }]);
    const runs = await Promise.all([
      ask('x', '--json', '--tools', broken),
      ask('x', '--json', '--tools', nameless),
      ask('x', '--json', '--json-schema', join(folder, 'missing.json')),
      ask('x', '--json', '--top-p', '9'),
      ask('several', 'words', '--json'),
      ask('x', '--json', '--tool-choice', 'auto'),
    ]);
    for (const run of runs) fails(run, 2, 'usage.invalid');
    const messages = runs.map(({ json }) => json.error.message);
    assert.match(messages[0], /^--tools: \S+broken\.json:2:\d+ is not JSON: /);
    assert.match(messages[1], /^--tools: \S+nameless\.json: entry 0 is no function/);
    assert.match(messages[2], /^--json-schema: \S+missing\.json cannot be read: ENOENT/);
    assert.equal(messages[3], '--top-p: "9" is not a number from 0 to 1');
    assert.match(messages[4], /^unexpected argument: words/);
    assert.equal(messages[5], '--tool-choice is of use only with --tools');
  });

  itTellsCommonFailures(['chat', 'Hello']);
});
