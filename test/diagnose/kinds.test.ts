import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ProviderType } from '../../src/client/providers/provider.js';
import { diagnose } from '../../src/diagnose/diagnose.js';
import { readDiagnosis } from '../../src/diagnose/document.js';
import type { ConfiguredFacts } from '../../src/diagnose/facts.js';
import { editsFor } from '../../src/diagnose/fix.js';
import type { Diagnosis } from '../../src/diagnose/runner.js';
import { renderDiagnosis } from '../../src/render/diagnosis.js';
import type { Canned, Route } from '../support/canned-server.js';
import { healthyFacts } from '../support/facts.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { keeper } from '../support/keeper.js';
import { type ProviderFixture, providerFixture } from '../support/provider-fixture.js';
import { freePort, shareServer } from '../support/real-server.js';

interface Asked {
  readonly provider: ProviderType;
  readonly apiKey?: string;
  readonly configured?: Partial<ConfiguredFacts>;
  readonly deep?: boolean;
  readonly wake?: boolean;
  readonly deadlineMs?: number;
}

/** What a user of a target of this kind is told, without the program around it. */
async function ask(
  url: string,
  { provider, apiKey, configured, deep, wake, deadlineMs }: Asked,
): Promise<Diagnosis> {
  const diagnosis = await diagnose({
    target: 'it',
    baseUrl: url,
    open: ({ baseUrl = url, withoutKey }) =>
      new LlamaCppClient({ baseUrl, provider, maxRetries: 0, apiKey: withoutKey ? undefined : apiKey }),
    configured: {
      ...healthyFacts().configured,
      provider,
      keyGiven: apiKey !== undefined,
      ...configured,
    },
    signal: new AbortController().signal,
    deadlineMs: deadlineMs ?? 10_000,
    wake: wake ?? false,
    deep: deep ?? false,
    insecure: false,
    env: {},
    selection: { only: [], skip: ['machine.memory'] },
  });
  assert.deepEqual(readDiagnosis(JSON.parse(JSON.stringify(diagnosis))), diagnosis, 'of the published shape');
  return diagnosis;
}

const statusOf = ({ checks }: Diagnosis, id: string) => checks.find((check) => check.id === id)?.status;
const commandsOf = ({ findings }: Diagnosis) =>
  findings[0]?.remedies.flatMap(({ commands }) => commands).join('\n') ?? '';

describe('diagnose a server of another kind', () => {
  const keep = keeper();
  const llama = shareServer({ args: ['-c', '1024', '-np', '1', '--alias', 'tiny'] });
  const serve = (name: ProviderFixture, changes: Readonly<Record<string, Route>> = {}) =>
    keep(providerFixture(name, changes));

  interface Healthy {
    readonly fixture: ProviderFixture;
    readonly provider: ProviderType;
    readonly path?: string;
    readonly says: RegExp;
  }
  const HEALTHY: readonly Healthy[] = [
    {
      fixture: 'ollama',
      provider: 'ollama',
      says: /Ollama 0\.12\.6, 2 models, qwen3:4b Q4_K_M, 4,096 tokens/,
    },
    { fixture: 'vllm', provider: 'openai-compatible', says: /vLLM, 1 model, Qwen\/Qwen3-4B, 8,192 tokens/ },
    {
      fixture: 'lm-studio',
      provider: 'openai-compatible',
      says: /LM Studio, 2 models, meta-llama-3\.1-8b-instruct Q4_K_M, 4,096 tokens/,
    },
    {
      fixture: 'llama-swap',
      provider: 'openai-compatible',
      says: /llama-swap, 2 models, qwen, 8,192 tokens/,
    },
  ];
  for (const { fixture, provider, says } of HEALTHY) {
    it(`${fixture} as ${provider}: healthy, answers, is not taken for another server`, async () => {
      const { url } = await serve(fixture);
      const diagnosis = await ask(url, { provider });
      assert.equal(diagnosis.verdict, 'healthy', JSON.stringify(diagnosis.findings));
      assert.match(renderDiagnosis(diagnosis, { width: 80, verbose: false }).replace(/\n\s+/g, ' '), says);
      for (const id of ['server.identity', 'model.served', 'context.size', 'generation.answers'])
        assert.equal(statusOf(diagnosis, id), 'pass', id);
      for (const id of ['template.works', 'capacity.slots', 'server.properties'])
        assert.equal(statusOf(diagnosis, id), 'skip', id);
    });
  }

  it('OpenRouter: the key and its credit are looked at, and no answer is paid for without --deep', async () => {
    const router = await serve('openrouter');
    const asked = { provider: 'openrouter', apiKey: 'sk-or-v1-secret' } as const;
    const diagnosis = await ask(`${router.url}/api`, asked);
    assert.equal(diagnosis.verdict, 'healthy', JSON.stringify(diagnosis.findings));
    assert.match(
      diagnosis.checks.find(({ id }) => id === 'key.accepted')?.reason ?? '',
      /8\.75 credits left/,
    );
    assert.equal(statusOf(diagnosis, 'generation.answers'), 'skip');
    assert.equal(
      router.requests.some(({ line }) => line.startsWith('POST')),
      false,
    );
    const deep = await ask(`${router.url}/api`, { ...asked, deep: true });
    assert.equal(statusOf(deep, 'generation.answers'), 'pass');
  });

  it('a llama-server that is only called OpenAI-compatible is asked all that a llama-server tells', async () => {
    const diagnosis = await ask(llama.current.url, { provider: 'openai-compatible' });
    assert.deepEqual([diagnosis.verdict, diagnosis.facts.program], ['healthy', 'llama.cpp']);
    assert.equal(statusOf(diagnosis, 'capacity.slots'), 'pass');
  });

  const refused = (status: number, message: string): Canned => ({
    status,
    body: { error: { message, code: status } },
  });

  interface Broken {
    readonly what: string;
    readonly fixture: ProviderFixture | 'nothing' | 'llama.cpp';
    readonly asked: Asked;
    readonly changes?: Readonly<Record<string, Route>>;
    readonly code: string;
    /** Title or evidence. */
    readonly title: RegExp;
    readonly do: RegExp;
    /** What would be another program's advice. */
    readonly not?: RegExp;
  }
  const OLLAMA = { provider: 'ollama' } as const;
  const ROUTER = { provider: 'openrouter', apiKey: 'sk-or-v1-secret' } as const;
  const OPEN = { provider: 'openai-compatible' } as const;
  const BROKEN: readonly Broken[] = [
    {
      what: 'a dead Ollama',
      fixture: 'nothing',
      asked: OLLAMA,
      code: 'connection.refused',
      title: /nothing listens/,
      do: /^ollama serve\nsudo systemctl start ollama/,
      not: /llama-server/,
    },
    {
      what: 'a model that Ollama does not have',
      fixture: 'ollama',
      asked: { ...OLLAMA, configured: { model: 'qwen3:8b', models: ['qwen3:8b'] } },
      code: 'model.not-found',
      title: /Ollama has no model "qwen3:8b": did you mean "qwen3:4b"\?/,
      do: /^ollama pull qwen3:8b$/m,
      not: /llama-server/,
    },
    {
      what: 'an Ollama without a model',
      fixture: 'ollama',
      asked: OLLAMA,
      changes: { 'GET /api/tags': { body: { models: [] } }, 'GET /api/ps': { body: { models: [] } } },
      code: 'model.not-found',
      title: /Ollama has no model at all/,
      do: /^ollama pull /m,
    },
    {
      what: 'the num_ctx trap: in memory with less than the configuration supposes',
      fixture: 'ollama',
      asked: { ...OLLAMA, configured: { contextSize: 32_768, contextSizeOrigin: 'llamactl.config.json:5' } },
      code: 'context.slot-too-small',
      title: /over 4,096 tokens lose their oldest messages/,
      do: /num_ctx 32768/,
      not: /llama-server/,
    },
    {
      what: 'the num_ctx trap: not in memory, and the model sets less',
      fixture: 'ollama',
      asked: { ...OLLAMA, configured: { model: 'llama3.2', models: ['llama3.2'], contextSize: 16_384 } },
      code: 'context.slot-too-small',
      title: /over 8,192 tokens/,
      do: /^printf .*num_ctx 16384/,
    },
    {
      what: 'the num_ctx trap: not in memory, and nobody sets anything',
      fixture: 'ollama',
      asked: { ...OLLAMA, configured: { model: 'llama3.2', models: ['llama3.2'], contextSize: 16_384 } },
      changes: { 'POST /api/show': { body: { model_info: { 'llama.context_length': 131_072 } } } },
      code: 'context.slot-too-small',
      title: /over 4,096 tokens/,
      do: /^OLLAMA_CONTEXT_LENGTH=16384 ollama serve/,
    },
    {
      what: 'vLLM where Ollama is configured',
      fixture: 'vllm',
      asked: OLLAMA,
      code: 'connection.wrong-server',
      title: /vLLM answers on .*, not Ollama/,
      do: /--kind openai-compatible/,
    },
    {
      what: 'a llama-server where Ollama is configured',
      fixture: 'llama.cpp',
      asked: OLLAMA,
      code: 'connection.wrong-server',
      title: /llama\.cpp answers on .*, not Ollama/,
      do: /--kind llama-cpp/,
    },
    {
      what: 'an Ollama where a llama-server is configured',
      fixture: 'ollama',
      asked: { provider: 'llama-cpp' },
      code: 'connection.wrong-server',
      title: /Ollama answers on .*, not a llama-server/,
      do: /^llamactl diagnose --url \S+ --kind ollama/,
    },
    {
      what: 'OpenRouter without a key',
      fixture: 'openrouter',
      asked: { provider: 'openrouter' },
      changes: { 'GET /api/v1/key': refused(401, 'No auth credentials found') },
      code: 'auth.missing-key',
      title: /needs an API key/,
      do: /export LLAMACTL_API_KEY=/,
      not: /llama-server/,
    },
    {
      what: 'a key that OpenRouter does not know',
      fixture: 'openrouter',
      asked: ROUTER,
      changes: { 'GET /api/v1/key': refused(401, 'User not found.') },
      code: 'auth.wrong-key',
      title: /refuses this API key/,
      do: /\/v1\/key/,
      not: /llama-server/,
    },
    {
      what: 'a key whose credit is used up',
      fixture: 'openrouter',
      asked: ROUTER,
      changes: { 'GET /api/v1/key': { body: { data: { limit: 5, limit_remaining: 0 } } } },
      code: 'auth.wrong-key',
      title: /credit is used up/,
      do: /\/v1\/key/,
    },
    {
      what: 'an account whose credit is used up',
      fixture: 'openrouter',
      asked: { ...ROUTER, deep: true },
      changes: { 'POST /api/v1/chat/completions': refused(402, 'Insufficient credits. Add more at …') },
      code: 'auth.wrong-key',
      title: /credits of the account or key do not cover the request \(402\): Insufficient/,
      do: /\/v1\/key/,
    },
    {
      what: 'a model that somebody upstream limits',
      fixture: 'openrouter',
      asked: { ...ROUTER, deep: true },
      changes: {
        'POST /api/v1/chat/completions': {
          status: 429,
          body: {
            error: {
              message: 'Provider returned error',
              code: 429,
              metadata: {
                raw: 'qwen3-4b:free is temporarily rate-limited upstream',
                provider_name: 'Chutes',
              },
            },
          },
        },
      },
      code: 'server.busy',
      title: /temporarily rate-limited upstream/,
      do: /\/v1\/key/,
      not: /llama-server|llamactl slots/,
    },
    {
      what: 'OpenRouter without /api',
      fixture: 'openrouter',
      asked: ROUTER,
      code: 'connection.wrong-path',
      title: /OpenRouter answers at \S+\/api, and not at/,
      do: /^llamactl diagnose --url \S+\/api --kind openrouter$/,
    },
    {
      what: 'a vLLM that wants a key',
      fixture: 'vllm',
      asked: OPEN,
      changes: { 'GET /v1/models': { status: 401, body: { error: 'Unauthorized' } } },
      code: 'auth.missing-key',
      title: /needs an API key/,
      do: /export LLAMACTL_API_KEY=/,
      not: /llama-server/,
    },
    {
      what: 'a vLLM with a smaller context than configured',
      fixture: 'vllm',
      asked: { ...OPEN, configured: { contextSize: 16_384 } },
      code: 'context.slot-too-small',
      title: /over 8,192 tokens will fail/,
      do: /^vllm serve .* --max-model-len 16384/,
    },
    {
      what: 'a model that LM Studio does not have',
      fixture: 'lm-studio',
      asked: { ...OPEN, configured: { model: 'qwen3', models: ['qwen3'] } },
      code: 'model.not-found',
      title: /LM Studio has no model "qwen3"/,
      do: /^lms load qwen3$/m,
    },
  ];
  for (const { what, fixture, asked, changes, code, title, do: remedy, not } of BROKEN) {
    it(what, async () => {
      const url =
        fixture === 'nothing'
          ? `http://127.0.0.1:${await freePort()}`
          : fixture === 'llama.cpp'
            ? llama.current.url
            : (await serve(fixture, changes)).url;
      const needsPath = asked.provider === 'openrouter' && code !== 'connection.wrong-path';
      const diagnosis = await ask(needsPath ? `${url}/api` : url, asked);
      const [first] = diagnosis.findings;
      assert.equal(first?.code, code, JSON.stringify(diagnosis.findings));
      assert.match([first?.title, ...(first?.evidence ?? [])].join('\n'), title);
      assert.match(commandsOf(diagnosis), remedy);
      const told = renderDiagnosis(diagnosis, { width: 80, verbose: true });
      if (not !== undefined) assert.doesNotMatch(commandsOf(diagnosis), not);
      assert.doesNotMatch(told, /sk-or-v1-secret|\{\w+\}/);
    });
  }

  it('a model that is not in memory is not loaded without --wake', async () => {
    const ollama = await serve('ollama', { 'GET /api/ps': { body: { models: [] } } });
    const asleep = await ask(ollama.url, OLLAMA);
    assert.deepEqual([asleep.verdict, statusOf(asleep, 'generation.answers')], ['healthy', 'skip']);
    assert.equal(
      ollama.requests.some(({ line }) => line.startsWith('POST /v1')),
      false,
    );
    assert.equal(statusOf(await ask(ollama.url, { ...OLLAMA, wake: true }), 'generation.answers'), 'pass');
  });

  it('a server of OpenAI’s API whose network fails is told by what fails, and never blamed on llama-server', async () => {
    const FAULTS = [
      [{ kind: 'reset' }, 'connection.reset'],
      [{ kind: 'silence' }, 'server.wedged'],
      [{ kind: 'answer', status: 502, headers: { server: 'nginx' } }, 'network.proxy-interference'],
      [{ kind: 'cut', afterBytes: 40, how: 'rst' }, 'connection.reset'],
    ] as const;
    for (const [fault, code] of FAULTS) {
      const { url } = await serve('vllm');
      const proxy = await keep(FaultProxy.start(url));
      proxy.always = fault;
      const diagnosis = await ask(proxy.url, { ...OPEN, deadlineMs: 1500 });
      assert.equal(diagnosis.rootCause, code, JSON.stringify(diagnosis.findings));
      assert.doesNotMatch(commandsOf(diagnosis), /llama-server|llamactl slots/);
    }
  });

  it('one that is slow is not called stuck: nobody can see what it does', async () => {
    const { url } = await serve('ollama', { 'POST /v1/chat/completions': () => {} });
    const diagnosis = await ask(url, { ...OLLAMA, deadlineMs: 1500 });
    assert.equal(diagnosis.rootCause, 'connection.timeout');
    assert.match(commandsOf(diagnosis), /^ollama ps$/m);
  });

  it('--fix gives a target the address, model and context of its own kind, and never a llama-server’s', async () => {
    const router = await serve('openrouter');
    const misplaced = await ask(router.url, ROUTER);
    assert.deepEqual(
      editsFor(misplaced).map(({ value }) => value),
      [`${router.url}/api`],
    );
    const { url } = await serve('ollama');
    const small = await ask(url, { ...OLLAMA, configured: { contextSize: 32_768 } });
    assert.deepEqual(new Set(editsFor(small).map(({ value }) => value)), new Set([4096]));
    const dead = await ask(`http://127.0.0.1:${await freePort()}`, OLLAMA);
    assert.deepEqual(editsFor(dead), []);
  });
});
