import assert from 'node:assert/strict';
import { FEATURES } from '../../src/services/compatibility/feature.js';
import { cannedServer } from '../support/canned-server.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { keeper } from '../support/keeper.js';
import { shareServer } from '../support/real-server.js';
import { replay } from '../support/replay.js';
import { evidenceOf, measure, resultsOf } from './measure.js';

describe('a matrix', () => {
  const keep = keeper();

  describe('of a llama-server', () => {
    const server = shareServer({
      args: [
        '--alias',
        'tiny',
        '-c',
        '1024',
        '-np',
        '2',
        '--api-key',
        'sk-right',
        '--embeddings',
        '--pooling',
        'mean',
      ],
    });

    it('tells what it does with a key, and in the order of the specification', async () => {
      const { report, error } = await measure(server.current.url, { apiKey: 'sk-right' });
      assert.equal(error, null);
      assert.deepEqual(
        report.matrix.map(({ feature }) => feature),
        [...FEATURES],
      );
      assert.deepEqual(resultsOf(report.matrix), {
        chat: 'yes',
        streaming: 'yes',
        // A chain of words calls nothing by itself.
        tools: 'partly',
        'model-switching': 'partly',
        'context-detection': 'yes',
        authentication: 'yes',
        multimodal: 'no',
        embeddings: 'yes',
        'structured-output': 'yes',
        reasoning: 'no',
        logprobs: 'yes',
      });
      const evidence = evidenceOf(report.matrix);
      assert.match(
        evidence.tools,
        /^only with tool_choice "required": get_weather\(\{"city":"(?:Oslo|Paris)"\}\)$/,
      );
      assert.equal(evidence['context-detection'], '512 tokens a slot (/props)');
      assert.match(evidence['model-switching'], /the name is ignored/);
      assert.equal(report.model, 'tiny');
    });

    it('is none where the key is missing', async () => {
      const { report, error } = await measure(server.current.url);
      assert.deepEqual([error?.code, report.matrix], ['auth.missing-key', []]);
    });

    it('is the same where the configuration knows no more than that it speaks OpenAI’s API', async () => {
      const { report } = await measure(server.current.url, {
        provider: 'openai-compatible',
        apiKey: 'sk-right',
      });
      const results = resultsOf(report.matrix);
      assert.deepEqual(
        [results.chat, results.authentication, results['context-detection'], results.multimodal],
        ['yes', 'yes', 'yes', 'no'],
      );
    });

    it('is cut by its deadline: what was not asked is not tested', async () => {
      const { report } = await measure(server.current.url, { apiKey: 'sk-right' }, { deadlineMs: 1 });
      assert.equal(
        report.matrix.some(({ result }) => result === 'yes'),
        false,
      );
    });
  });

  describe('through a network that fails', () => {
    const server = shareServer();
    let proxy: FaultProxy;
    beforeEach(async () => {
      proxy = await FaultProxy.start(server.current.url);
    });
    afterEach(() => proxy.stop());

    it('tells no feature to be missing that a lost connection kept from being seen', async () => {
      // Health and properties, the list and what proves a key pass; then every connection is reset.
      const routes = await keep(
        cannedServer({
          ...replay('v0.6.0', ['default']),
          'POST /v1/chat/completions': (request) => void request.socket.destroy(),
        }),
      );
      const { report, error } = await measure(routes.url);
      assert.equal(error?.code, 'connection.reset');
      const results = resultsOf(report.matrix);
      assert.deepEqual(
        [results.chat, results.tools, results['context-detection']],
        ['untested', 'untested', 'yes'],
      );
      assert.equal(report.error?.code, 'connection.reset');
    });

    it('sees a stream that comes in one lump', async () => {
      const { port } = new URL(server.current.url);
      const lump = await keep(
        cannedServer({
          '*': async (request, response, body) => {
            const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, {
              method: request.method ?? 'GET',
              ...(body === '' ? {} : { body, headers: { 'content-type': 'application/json' } }),
            });
            const text = await answer.text();
            // As a proxy that buffers: nothing until all is there, here for longer than the model takes.
            if (body.includes('"stream":true')) await new Promise((resolve) => setTimeout(resolve, 150));
            response
              .writeHead(answer.status, {
                'content-type': answer.headers.get('content-type') ?? '',
                server: 'llama.cpp',
              })
              .end(text.replaceAll(/"predicted_ms":[\d.]+/g, '"predicted_ms":120'));
          },
        }),
      );
      const { report } = await measure(lump.url);
      assert.equal(resultsOf(report.matrix).streaming, 'partly', evidenceOf(report.matrix).streaming);
      assert.match(evidenceOf(report.matrix).streaming, /holds them back/);
    });

    it('is none where nothing answers in time', async () => {
      proxy.always = { kind: 'silence' };
      const { report, error } = await measure(proxy.url, {}, { deadlineMs: 200 });
      assert.deepEqual([error?.type, report.matrix], ['TIMEOUT_ERROR', []]);
    });
  });

  it('of a router asks its other models only with --wake, and then the one that is named', async () => {
    const routes = replay('v0.6.0', ['router']);
    const server = await keep(cannedServer(routes));
    const { report } = await measure(server.url, { model: 'beta' });
    assert.equal(
      server.requests.some(({ line }) => line.startsWith('POST')),
      false,
      'nothing is loaded',
    );
    assert.match(evidenceOf(report.matrix).chat, /not loaded: --wake/);
  });

  describe('of an Ollama, as it was recorded', () => {
    const serve = (version: string, ps = 'ps-two') =>
      keep(cannedServer(replay(`ollama-${version}`, ['ollama'], { 'GET /api/ps': ps })));

    it('tells what a current one does', async () => {
      const { url } = await serve('v0.17.4');
      const { report, error } = await measure(
        url,
        { provider: 'ollama', configured: ['tiny-tools'] },
        { wake: true },
      );
      assert.equal(error, null);
      const { streaming: _, ...results } = resultsOf(report.matrix);
      assert.deepEqual(results, {
        chat: 'yes',
        tools: 'partly',
        'model-switching': 'yes',
        'context-detection': 'yes',
        authentication: 'no',
        multimodal: 'no',
        embeddings: 'yes',
        'structured-output': 'yes',
        reasoning: 'no',
        logprobs: 'yes',
      });
      const evidence = evidenceOf(report.matrix);
      assert.equal(evidence.multimodal, '/api/show tells of no input but text');
      assert.equal(evidence['context-detection'], "1,024 tokens (the server's model list)");
      assert.match(evidence.tools, /tools are taken, and the model answered with text/);
    });

    it('tells what an old one lacks: the context of what is loaded, and log probabilities', async () => {
      const { url } = await serve('v0.6.5', 'ps');
      const { report } = await measure(url, { provider: 'ollama', configured: ['tiny'] });
      const results = resultsOf(report.matrix);
      assert.deepEqual([results['context-detection'], results.logprobs], ['partly', 'no']);
      assert.match(
        evidenceOf(report.matrix)['context-detection'],
        /^512 tokens by its model file .* does not tell$/,
      );
    });

    it('asks nothing of a model that would have to be loaded', async () => {
      const server = await serve('v0.17.4', 'ps-none');
      const { report, error } = await measure(server.url, { provider: 'ollama' });
      assert.equal(error, null);
      assert.equal(
        server.requests.some(({ line }) => line.includes('/v1/')),
        false,
      );
      assert.equal(resultsOf(report.matrix).authentication, 'no');
    });

    it('fails with the model where it has none of that name', async () => {
      const { url } = await serve('v0.17.4');
      const { report, error } = await measure(url, { provider: 'ollama', model: 'llamactl-no-such-model' });
      assert.equal(error?.code, 'model.not-found');
      assert.equal(evidenceOf(report.matrix).streaming, 'the model is not there');
    });
  });
});
