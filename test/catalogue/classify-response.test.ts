import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classify } from '../../src/catalogue/classify.js';
import { parseRetryAfter } from '../../src/catalogue/classify-response.js';
import { parseErrorBody } from '../../src/catalogue/error-body.js';
import { isCatalogueCode } from '../../src/errors/codes.js';
import { LLAMA_CPP_ERROR_TYPES } from '../../src/errors/error-type.js';
import { type Case, classified, error, HTML, holdCases, JSON_TYPE, LLAMA, page, TEXT } from './answers.js';

const LLAMA_SERVER: readonly Case[] = [
  [
    'no key',
    { status: 401, headers: LLAMA, body: error('Invalid API Key', 'authentication_error', 401) },
    'AUTHENTICATION_ERROR',
    'auth.missing-key',
    'llama.cpp',
    /none was given/,
  ],
  [
    'a wrong key',
    {
      status: 401,
      headers: LLAMA,
      body: error('Invalid API Key', 'authentication_error', 401),
      sentKey: true,
    },
    'AUTHENTICATION_ERROR',
    'auth.wrong-key',
    'llama.cpp',
    /refuses this API key/,
  ],
  [
    'a template that refuses (v0.6.0, recorded): its own words, not the source before them',
    {
      status: 400,
      headers: LLAMA,
      body: error(
        "Unable to generate parser for this template. Automatic parser generation failed: \n------------\nWhile executing CallExpression at line 1, column 102 in source:\n...p.index0 % 2 == 0) -%}{{ raise_exception('Conversation roles must alternate user...\n                                           ^\nError: Jinja Exception: Conversation roles must alternate user/assistant",
      ),
    },
    'INVALID_REQUEST',
    'request.template-error',
    'llama.cpp',
    /^the chat template refuses these messages: Conversation roles must alternate user\/assistant$/,
  ],
  [
    "a template whose words are another cause's",
    {
      status: 500,
      headers: LLAMA,
      body: error(
        '\n------------\nError: Jinja Exception: System message must be at the beginning.',
        'server_error',
        500,
      ),
    },
    'INVALID_REQUEST',
    'request.template-error',
    'llama.cpp',
    /: System message must be at the beginning\.$/,
  ],
  [
    'a context that fills up in the middle of an answer',
    { status: 500, headers: LLAMA, body: error('Context size has been exceeded.', 'server_error', 500) },
    'CONTEXT_OVERFLOW',
    'context.overflow',
    'llama.cpp',
    /Context size has been exceeded/,
  ],
  [
    'an embedding longer than the context',
    {
      status: 500,
      headers: LLAMA,
      body: error('input is larger than the max context size. skipped', 'server_error', 500),
    },
    'CONTEXT_OVERFLOW',
    'context.overflow',
    'llama.cpp',
    /larger than the max context size/,
  ],
  [
    'a failure of the server itself',
    { status: 500, headers: LLAMA, body: error('Compute error.', 'server_error', 500) },
    'CONNECTION_ERROR',
    'server.crashed',
    'llama.cpp',
    /^the server failed: Compute error\.$/,
  ],
  [
    'an unknown 400',
    { status: 400, headers: LLAMA, body: error('something new') },
    'INVALID_REQUEST',
    'request.invalid-parameter',
    'llama.cpp',
    /^something new$/,
  ],
  [
    'a key in a body of 403',
    {
      status: 403,
      headers: LLAMA,
      body: error('this feature is disabled', 'feature_disabled', 403),
      path: '/tools',
    },
    'UNSUPPORTED_FEATURE',
    'feature.disabled',
    'llama.cpp',
    /this feature is disabled/,
  ],
  [
    'a model that a router does not have: the same as of a server that is no router (recorded)',
    {
      status: 404,
      headers: LLAMA,
      body: error('File Not Found', 'not_found_error', 404),
      path: '/models/load',
      model: 'zzz',
    },
    'CONNECTION_ERROR',
    'connection.wrong-path',
    'llama.cpp',
    /^the server has no \/models\/load, or it is a router without a model "zzz" \(/,
  ],
  [
    'no tool call in the answer of a model that had to call',
    {
      status: 500,
      headers: LLAMA,
      body: error('Failed to parse input at pos 12: <tool_call>', 'server_error', 500),
    },
    'INVALID_REQUEST',
    'request.tool-call-parse',
    'llama.cpp',
    /Failed to parse input/,
  ],
];

const OVERLOADED: readonly Case[] = [
  [
    '429 with seconds',
    { status: 429, headers: { ...JSON_TYPE, 'retry-after': '7' }, body: '{"error":{"message":"slow down"}}' },
    'SERVER_OVERLOADED',
    'server.busy',
    'unknown',
    /slow down \(429\): slow down$/,
  ],
  [
    '503 with Retry-After and nothing else',
    { status: 503, headers: { 'retry-after': '1' } },
    'SERVER_OVERLOADED',
    'server.busy',
    'unknown',
    /overloaded \(503\)/,
  ],
  [
    '503 of llama-server whose slots are taken',
    {
      status: 503,
      headers: LLAMA,
      body: error('no slot available', 'unavailable_error', 503),
      path: '/slots',
    },
    'SERVER_OVERLOADED',
    'server.busy',
    'llama.cpp',
    /all slots are taken/,
  ],
];

describe('classify a response', () => {
  describe('of llama-server', () => holdCases(LLAMA_SERVER));
  describe('of a server with too much to do', () => holdCases(OVERLOADED));

  it('shows what was asked, and what was answered, as the proof', () => {
    const { evidence } = classified({
      status: 502,
      headers: { ...HTML, server: 'nginx' },
      body: page('502 Bad Gateway'),
    });
    assert.deepEqual(evidence, ['POST /v1/chat/completions → 502 "502 Bad Gateway"']);
  });

  it('says "a web page" by its title, and nothing more of it', () => {
    const { evidence } = classified({ status: 404, headers: HTML, body: page('Not here'), path: '/health' });
    assert.deepEqual(evidence, ['GET /health → 404 "Not here"']);
  });

  it("never hands on a conversation that a build put into its message, nor a line's control characters", () => {
    const secret = 'what the user wrote';
    const found = classified({
      status: 500,
      headers: LLAMA,
      body: error(
        `Failed to parse messages: Missing 'role' in message: {}; messages = [\n  {\n    "content": "${secret}"\n  }\n]`,
        'server_error',
        500,
      ),
    });
    for (const line of [found.message, ...found.evidence]) {
      assert.ok(!line.includes(secret), line);
      assert.ok(!/\p{Cc}/u.test(line), line);
    }
    assert.match(found.message, /^Failed to parse messages: Missing 'role' in message: \{\}$/);
  });

  it('cuts a message that has no end', () => {
    const found = classified({ status: 400, headers: LLAMA, body: error('x'.repeat(100_000)) });
    assert.ok(found.message.length <= 301);
    assert.ok((found.evidence[0] ?? '').length < 400);
  });

  it('answers for any status and body, in one line, with a type and a code that exist', () => {
    const body = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      fc.string().map((message) => JSON.stringify({ error: { message } })),
      fc.string().map((message) => `<html><title>${message}</title>`),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        body,
        fc.constantFrom({}, LLAMA, HTML, TEXT),
        fc.boolean(),
        (status, text, headers, sentKey) => {
          const found = classified({ status, headers, body: text, sentKey });
          assert.ok(LLAMA_CPP_ERROR_TYPES.includes(found.type));
          assert.ok(isCatalogueCode(found.code));
          assert.notEqual(found.message, '');
          for (const line of [found.message, ...found.evidence]) assert.ok(!/[\r\n]/.test(line), line);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('classify an error event of a stream', () => {
  const event = (body: string) =>
    classify({
      kind: 'event',
      url: 'http://gpu1:8080/v1/chat/completions',
      method: 'POST',
      path: '/v1/chat/completions',
      sentKey: false,
      body,
    });

  for (const [name, body, type, code] of [
    [
      'an overflow in mid-answer',
      '{"error":{"code":400,"message":"request (8021 tokens) exceeds the available context size (512 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":8021,"n_ctx":512}}',
      'CONTEXT_OVERFLOW',
      'context.overflow',
    ],
    [
      'a failure without a code',
      '{"error":{"message":"Compute error.","type":"server_error"}}',
      'CONNECTION_ERROR',
      'server.crashed',
    ],
    ['a text', '{"error":"Compute error."}', 'CONNECTION_ERROR', 'server.crashed'],
    [
      'the limit of a service behind a proxy',
      '{"error":{"code":429,"message":"rate limited"}}',
      'SERVER_OVERLOADED',
      'server.busy',
    ],
    [
      'the router unloading the model',
      '{"error":{"code":500,"message":"model name=alpha failed to load","type":"server_error"}}',
      'MODEL_NOT_FOUND',
      'model.load-failed',
    ],
  ] as const) {
    it(name, () => {
      const found = event(body);
      assert.deepEqual([found.type, found.code], [type, code], found.message);
    });
  }

  it('tells the numbers of an overflow', () => {
    const { details, message } = event(
      '{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_prompt_tokens":8021,"n_ctx":512}}',
    );
    assert.equal(details['nPromptTokens'], 8021);
    assert.equal(details['nCtx'], 512);
    assert.equal(message, 'the request is 8,021 tokens long, and a slot holds 512');
  });
});

describe('parseErrorBody', () => {
  for (const [name, body, message] of [
    ["llama.cpp's and OpenAI's object", '{"error":{"message":"no","type":"t"}}', 'no'],
    ["LM Studio's and Ollama's text", '{"error":"no"}', 'no'],
    ["vLLM's top level", '{"object":"error","message":"no"}', 'no'],
    ["FastAPI's detail", '{"detail":"no"}', 'no'],
    ['an object without a message', '{"error":{"code":1}}', ''],
  ] as const) {
    it(`reads ${name}`, () => assert.equal(parseErrorBody(body)?.message, message));
  }

  for (const body of [
    '',
    'no',
    '[]',
    'null',
    '"error"',
    '{}',
    '{"status":"ok"}',
    '{"detail":[{"msg":"no"}]}',
  ]) {
    it(`finds none in ${body === '' ? 'nothing' : body}`, () => assert.equal(parseErrorBody(body), null));
  }
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');

  for (const [value, ms] of [
    ['7', 7000],
    [' 0 ', 0],
    ['1.5', 1500],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['86400', 3_600_000],
    ['Wed, 25 Nov 2026 12:00:00 GMT', 3_600_000],
    ['soon', null],
    ['', null],
    [undefined, null],
  ] as const) {
    it(`reads ${value === undefined ? 'no header' : JSON.stringify(value)} as ${ms} ms`, () =>
      assert.equal(parseRetryAfter(value, now), ms));
  }

  it('is told with the failure, for whoever waits', () => {
    assert.equal(classified({ status: 429, headers: { 'retry-after': '7' } }).details['retryAfterMs'], 7000);
    const at = new Date(Date.now() + 20_000).toUTCString();
    const told = classified({ status: 503, headers: { 'retry-after': at } }).details['retryAfterMs'];
    assert.ok(typeof told === 'number' && told > 10_000 && told <= 20_000, String(told));
    assert.equal('retryAfterMs' in classified({ status: 503, headers: LLAMA }).details, false);
  });
});
