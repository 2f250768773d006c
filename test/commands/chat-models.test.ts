import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannedServer, chunk, eventStream, type Route } from '../support/canned-server.js';
import { cli } from '../support/cli.js';
import { fails } from '../support/common-failures.js';
import { keeper } from '../support/keeper.js';

const CHAT = 'POST /v1/chat/completions';
const MODELS = { models: [{ name: 'llama3.2:latest' }, { name: 'qwen3:4b' }] };

describe('chat picks a model where none is named', () => {
  const keep = keeper();
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'llamactl-models-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  /** What was asked for, and what was said. */
  async function asks(provider: string, routes: Readonly<Record<string, Route>>, target: object = {}) {
    const server = await keep(
      cannedServer({
        [CHAT]: eventStream([chunk({ content: 'Yes.' }), chunk({}, 'stop'), '[DONE]']),
        ...routes,
      }),
    );
    const config = { targets: { it: { provider, baseUrl: server.url, ...target } } };
    writeFileSync(join(cwd, 'llamactl.config.json'), JSON.stringify(config));
    const run = await cli(['chat', 'Hello', '--json'], { cwd });
    const body = server.requests.find(({ line }) => line === CHAT)?.body;
    const model = body === undefined ? undefined : JSON.parse(body).model;
    return { run, model, lines: server.requests.map(({ line }) => line) };
  }

  it('of Ollama the loaded one, else the first', async () => {
    const loaded = await asks('ollama', {
      'GET /api/tags': { body: MODELS },
      'GET /api/ps': { body: { models: [{ name: 'qwen3:4b' }] } },
    });
    assert.equal(loaded.model, 'qwen3:4b', loaded.run.text);
    assert.equal(loaded.run.err, '… it has 2 models: asking "qwen3:4b" (--model names another).\n');
    const first = await asks('ollama', {
      'GET /api/tags': { body: MODELS },
      'GET /api/ps': { body: { models: [] } },
    });
    assert.deepEqual([first.model, first.run.json.provider], ['llama3.2:latest', 'ollama']);
  });

  it('of Ollama tells what it holds, in the statistics', async () => {
    const server = await keep(
      cannedServer({
        'GET /api/tags': { body: MODELS },
        'GET /api/ps': { body: { models: [{ name: 'qwen3:4b', context_length: 4000 }] } },
        [CHAT]: eventStream([
          chunk({ content: 'Yes.' }),
          chunk({}, 'stop'),
          JSON.stringify({ choices: [], usage: { prompt_tokens: 30, completion_tokens: 10 } }),
          '[DONE]',
        ]),
      }),
    );
    const config = { targets: { it: { provider: 'ollama', baseUrl: server.url } } };
    writeFileSync(join(cwd, 'llamactl.config.json'), JSON.stringify(config));
    const { err } = await cli(['chat', 'Hello', '--stats'], { cwd });
    assert.match(err, /^30 \+ 10 tokens · first token [\d.]+ m?s · 1\.0 % of 4,000$/m);
    assert.doesNotMatch(err, /Assuming/);
  });

  it('of Ollama without any none, and says how to get one (12)', async () => {
    const empty = { body: { models: [] } };
    const { run, lines } = await asks('ollama', { 'GET /api/tags': empty, 'GET /api/ps': empty });
    fails(run, 12, 'model.not-found');
    assert.match(run.json.error.suggestions.join('\n'), /^ollama pull/m);
    assert.ok(!lines.includes(CHAT));
  });

  it('of another server of OpenAI’s API the first that it lists, or none where it has no list', async () => {
    const listed = await asks('openai-compatible', {
      'GET /v1/models': { body: { data: [{ id: 'only' }] } },
    });
    assert.deepEqual([listed.model, listed.run.err], ['only', '']);
    const listless = await asks('openai-compatible', {});
    assert.deepEqual([listless.run.json?.content, listless.model], ['Yes.', undefined], listless.run.text);
  });

  it('asks for no list where the configuration names one', async () => {
    const { model, lines } = await asks('openrouter', {}, { models: ['mine', 'other'] });
    assert.deepEqual([model, lines[0]], ['mine', CHAT]);
  });

  it('not of OpenRouter, which is not even asked: says how to name one (2)', async () => {
    const { run, lines } = await asks('openrouter', {}, { apiKey: 'sk-or' });
    fails(run, 2, 'usage.invalid');
    assert.equal(run.json.error.message, 'it is OpenRouter, which has many models: name one');
    assert.match(run.json.error.suggestions.join('\n'), /llamactl chat --target it --model NAME/);
    assert.deepEqual(lines, []);
  });
});
