import assert from 'node:assert/strict';
import { readConfig } from '../../src/config/read.js';
import { holdAgainstServers } from '../../src/services/config-live.js';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { type ProviderFixture, providerFixture } from '../support/provider-fixture.js';
import { freePort, shareServer } from '../support/real-server.js';

const KEY = 'sk-live-key';

describe('a configuration held against its servers', () => {
  const server = shareServer({ args: ['--api-key', KEY, '-c', '4096', '-np', '2', '-a', 'tiny'] });

  /** @param target lines of the one target, without its address */
  async function hold(
    target: readonly string[],
    options: { url?: string; env?: Record<string, string> } = {},
  ) {
    const lines = [
      'targets:',
      '  it:',
      `    baseUrl: ${options.url ?? server.current.url}`,
      ...target.map((line) => `    ${line}`),
    ];
    const read = await readConfig(`${lines.join('\n')}\n`, 'c.yaml');
    assert.deepEqual(read.problems, []);
    const problems = await holdAgainstServers(read, {
      cwd: '/nonexistent',
      env: options.env ?? { KEY },
      label: 'c.yaml',
      signal: new AbortController().signal,
      targets: [],
      timeoutMs: 10_000,
    });
    return problems.map(
      ({ severity, code, path, line, message }) => `${line} ${severity} ${code} ${path}: ${message}`,
    );
  }

  it('finds nothing where all agrees', async () => {
    assert.deepEqual(
      await hold(['apiKey: $KEY', 'models: [tiny]', 'contextWindow: 2048', 'performance: { nCtx: 2048 }']),
      [],
    );
  });

  it('finds a key that is missing or wrong, at the key or at the target', async () => {
    const [missing] = await hold([]);
    assert.match(missing ?? '', /^2 error auth\.missing-key targets\.it\.apiKey: /);
    const [wrong] = await hold(['apiKey: $KEY'], { env: { KEY: 'sk-other' } });
    assert.match(wrong ?? '', /^4 error auth\.wrong-key targets\.it\.apiKey: /);
    assert.ok(!(wrong ?? '').includes('sk-other'));
  });

  it('finds models that the server has not', async () => {
    assert.deepEqual(await hold(['apiKey: $KEY', 'models: [tiny, qwen3]']), [
      '5 warning model.not-found targets.it.models[1]: the server has no model "qwen3" and ignores the name',
    ]);
  });

  it('finds a context that a slot has not, once for each number', async () => {
    const told = (path: string, tokens: string) =>
      `error context.slot-too-small targets.it.${path}: ${tokens} tokens are supposed, and a slot holds 2,048 (4,096 shared by 2 slots)`;
    assert.deepEqual(await hold(['apiKey: $KEY', 'performance: { nCtx: 4096 }']), [
      `5 ${told('performance.nCtx', '4,096')}`,
    ]);
    assert.deepEqual(await hold(['apiKey: $KEY', 'contextWindow: 8192', 'performance: { nCtx: 4096 }']), [
      `5 ${told('contextWindow', '8,192')}`,
      `6 ${told('performance.nCtx', '4,096')}`,
    ]);
  });

  it('finds that nothing listens, at the address', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const [problem] = await hold(['apiKey: $KEY'], { url });
    assert.match(problem ?? '', /^3 error connection\.refused targets\.it\.baseUrl: nothing listens on /);
  });

  it('finds a variable of the key that is not set, and goes on', async () => {
    const [problem] = await hold(['apiKey: $NOPE']);
    assert.match(problem ?? '', /^2 error config\.invalid-value targets\.it: .*NOPE is not set/);
  });

  it('measures how fast a prompt is read, and finds a deadline that the whole context would not meet', async () => {
    const slow = await cannedServer(
      {
        'GET /health': { body: { status: 'ok' } },
        'GET /props': {
          body: { total_slots: 1, build_info: 'b1', default_generation_settings: { n_ctx: 8192 } },
        },
        'GET /v1/models': { body: { data: [{ id: 'm' }] } },
        'POST /completion': {
          body: {
            content: '',
            timings: {
              prompt_n: 100,
              prompt_ms: 1000,
              prompt_per_second: 100,
              predicted_n: 1,
              predicted_ms: 1,
              predicted_per_second: 1000,
            },
          },
        },
      },
      LLAMA_HEADERS,
    );
    try {
      assert.deepEqual(await hold(['timeout: 30000'], { url: slow.url }), [
        '4 warning config.short-timeout targets.it.timeout: a prompt of 8,192 tokens takes about 90 s at the 100 tokens/s measured, and 30,000 ms are allowed',
      ]);
      assert.deepEqual(await hold(['timeout: 120000'], { url: slow.url }), []);
      assert.deepEqual(await hold(['contextWindow: 2000'], { url: slow.url }), []);
    } finally {
      await slow.stop();
    }
  });

  it('finds a deadline that passes while the model still loads', async () => {
    const body = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };
    const loading = await cannedServer({ '*': { status: 503, body } }, LLAMA_HEADERS);
    try {
      assert.deepEqual(await hold(['timeout: 1000'], { url: loading.url }), [
        '4 warning config.short-timeout targets.it.timeout: the model was still loading after the 1,000 ms that a request may take',
      ]);
    } finally {
      await loading.stop();
    }
  });

  it('holds other programs against what they tell, and asks none for work', async () => {
    const CASES: readonly (readonly [ProviderFixture, readonly string[], readonly string[]])[] = [
      ['ollama', ['provider: ollama', 'models: [qwen3:4b, llama3.2]', 'contextWindow: 4096'], []],
      [
        'ollama',
        ['provider: ollama', 'models: [qwen3:8b]'],
        [
          '5 error model.not-found targets.it.models[0]: the server has no model "qwen3:8b", did you mean "qwen3:4b"?',
        ],
      ],
      [
        'ollama',
        ['provider: ollama', 'contextWindow: 32768'],
        [
          '5 error context.slot-too-small targets.it.contextWindow: 32,768 tokens are supposed, and Ollama gives qwen3:4b 4,096',
        ],
      ],
      [
        'vllm',
        ['provider: openai-compatible', 'performance: { nCtx: 16384 }'],
        [
          '5 error context.slot-too-small targets.it.performance.nCtx: 16,384 tokens are supposed, and the server gives Qwen/Qwen3-4B 8,192',
        ],
      ],
      [
        'lm-studio',
        ['provider: openai-compatible', 'models: [qwen3]', 'contextWindow: 4096'],
        ['5 warning model.not-found targets.it.models[0]: the server has no model "qwen3"'],
      ],
    ];
    for (const [fixture, target, expected] of CASES) {
      const other = await providerFixture(fixture);
      try {
        assert.deepEqual(await hold(target, { url: other.url }), expected);
        assert.equal(
          other.requests.some(({ line }) => line.startsWith('POST /v1')),
          false,
        );
      } finally {
        await other.stop();
      }
    }
  });

  it('takes what is only called OpenAI-compatible for the llama-server that it is', async () => {
    assert.deepEqual(await hold(['provider: openai-compatible', 'apiKey: $KEY', 'contextWindow: 9000']), [
      '6 error context.slot-too-small targets.it.contextWindow: 9,000 tokens are supposed, and a slot holds 2,048 (4,096 shared by 2 slots)',
    ]);
  });
});
