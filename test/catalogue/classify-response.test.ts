import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Classification } from '../../src/catalogue/classification.js';
import { classify } from '../../src/catalogue/classify.js';
import { parseErrorBody, parseRetryAfter } from '../../src/catalogue/classify-response.js';
import type { ServerKind } from '../../src/catalogue/identify-server.js';
import { type CatalogueCode, isCatalogueCode } from '../../src/errors/codes.js';
import { LLAMA_CPP_ERROR_TYPES, type LlamaCppErrorType } from '../../src/errors/error-type.js';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly path?: string;
  readonly sentKey?: boolean;
  readonly model?: string;
}

function classified({ path = '/v1/chat/completions', sentKey = false, ...answer }: Answer): Classification {
  return classify({
    kind: 'response',
    url: `http://gpu1:8080${path}`,
    method: /chat|completion|models\//.test(path) ? 'POST' : 'GET',
    path,
    sentKey,
    headers: {},
    body: '',
    ...answer,
  });
}

/** What was answered, and what a user is told: type, code, the server's kind, a line. */
type Case = readonly [string, Answer, LlamaCppErrorType, CatalogueCode, ServerKind, RegExp];

const LLAMA = { server: 'llama.cpp', 'content-type': 'application/json; charset=utf-8' };
const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const error = (message: string, type = 'invalid_request_error', code = 400) =>
  JSON.stringify({ error: { code, message, type } });
const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body><center><h1>${title}</h1></center></body></html>`;

const OTHER_SERVERS: readonly Case[] = [
  [
    'LM Studio, any route it does not know: 200 with an error body',
    {
      status: 200,
      headers: { ...JSON_TYPE, 'x-powered-by': 'Express' },
      body: '{"error":"Unexpected endpoint or method. (GET /props)"}',
      path: '/props',
    },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'lm-studio',
    /^LM Studio answers on gpu1:8080, not a llama-server$/,
  ],
  [
    'LM Studio without a model',
    {
      status: 404,
      headers: JSON_TYPE,
      body: error(
        'No models loaded. Please load a model in the developer page.',
        'invalid_request_error',
        404,
      ),
    },
    'MODEL_NOT_FOUND',
    'model.not-found',
    'unknown',
    /is not loaded/,
  ],
  [
    "Ollama's front page",
    { status: 200, headers: TEXT, body: 'Ollama is running', path: '/health' },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'ollama',
    /^Ollama answers on gpu1:8080/,
  ],
  [
    'Ollama, a route it does not know',
    { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found', path: '/props' },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'unknown',
    /^another server answers on gpu1:8080/,
  ],
  [
    'Ollama, a model that was not pulled',
    {
      status: 404,
      headers: JSON_TYPE,
      body: '{"error":{"message":"model \\"llama3\\" not found, try pulling it first","type":"api_error","param":null,"code":null}}',
      model: 'llama3',
    },
    'MODEL_NOT_FOUND',
    'model.not-found',
    'ollama',
    /^the server has no model "llama3"$/,
  ],
  [
    'vLLM, a model of another name',
    {
      status: 404,
      headers: { ...JSON_TYPE, server: 'uvicorn' },
      body: '{"object":"error","message":"The model `gpt-4` does not exist.","type":"NotFoundError","param":null,"code":404}',
    },
    'MODEL_NOT_FOUND',
    'model.not-found',
    'unknown',
    /^the server has no model "gpt-4"$/,
  ],
  [
    'vLLM, a prompt over its context',
    {
      status: 400,
      headers: { ...JSON_TYPE, server: 'uvicorn' },
      body: '{"object":"error","message":"This model\'s maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}',
    },
    'CONTEXT_OVERFLOW',
    'context.overflow',
    'unknown',
    /^the request is 122,946 tokens long, and a slot holds 16,384$/,
  ],
  [
    'a FastAPI server (vLLM, SGLang, llama-cpp-python …), a route it does not know',
    {
      status: 404,
      headers: { ...JSON_TYPE, server: 'uvicorn' },
      body: '{"detail":"Not Found"}',
      path: '/props',
    },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'unknown',
    /^another server answers on gpu1:8080 \(uvicorn\), not a llama-server$/,
  ],
  [
    "FastAPI's validation of a body: `detail` is a list",
    {
      status: 422,
      headers: { ...JSON_TYPE, server: 'uvicorn' },
      body: '{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}',
    },
    'INVALID_REQUEST',
    'request.invalid-parameter',
    'unknown',
    /422/,
  ],
  [
    'llama-swap, a model that its configuration does not name',
    {
      status: 400,
      headers: JSON_TYPE,
      body: '{"error":"could not find suitable inference handler for gpt-4"}',
    },
    'MODEL_NOT_FOUND',
    'model.not-found',
    'llama-swap',
    /^the server has no model "gpt-4"$/,
  ],
  [
    'llama-swap, no model named',
    { status: 400, headers: JSON_TYPE, body: '{"error":"missing or invalid \'model\' key"}' },
    'MODEL_NOT_FOUND',
    'model.not-found',
    'unknown',
    /no model was named/,
  ],
  [
    'llama-swap, whose llama-server does not start',
    {
      status: 502,
      headers: TEXT,
      body: 'unable to start process: upstream command exited prematurely but successfully\n',
    },
    'MODEL_NOT_FOUND',
    'model.load-failed',
    'llama-swap',
    /^llama-swap cannot start the model's server: .*exited prematurely/,
  ],
  [
    'llama-swap with a key',
    {
      status: 401,
      headers: { ...JSON_TYPE, 'www-authenticate': 'Basic realm="llama-swap"' },
      body: '{"error":"unauthorized: invalid or missing API key"}',
    },
    'AUTHENTICATION_ERROR',
    'auth.missing-key',
    'llama-swap',
    /needs an API key/,
  ],
  [
    'LocalAI, a route it does not know',
    {
      status: 404,
      headers: JSON_TYPE,
      body: '{"error":{"code":404,"message":"Resource not found","type":""}}',
      path: '/props',
    },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'localai',
    /^LocalAI answers/,
  ],
  [
    'LocalAI, a model that does not load',
    {
      status: 500,
      headers: JSON_TYPE,
      body: error('could not load model: rpc error: code = Unknown desc = failed loading model', '', 500),
    },
    'MODEL_NOT_FOUND',
    'model.load-failed',
    'unknown',
    /could not load model/,
  ],
  [
    'a web server on the port',
    {
      status: 200,
      headers: { ...HTML, server: 'nginx/1.24.0' },
      body: page('Welcome to nginx!'),
      path: '/health',
    },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'proxy',
    /^a proxy or web server answers on gpu1:8080 \(nginx\/1\.24\.0\), not a llama-server$/,
  ],
  [
    'a single-page app that answers everything with its page',
    { status: 200, headers: {}, body: '<!doctype html>\n<html lang="en"><head>', path: '/v1/models' },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'proxy',
    /not a llama-server/,
  ],
  [
    'an empty 200 (vLLM on /health)',
    { status: 200, headers: { server: 'uvicorn' }, body: '', path: '/health' },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'unknown',
    /\(uvicorn\)/,
  ],
  [
    'llama-server itself, in a shape that no build of ours knows',
    { status: 200, headers: LLAMA, body: '{"tokens":"many"}', path: '/tokenize' },
    'CONNECTION_ERROR',
    'connection.wrong-server',
    'llama.cpp',
    /^llama-server's answer to \/tokenize is none that llamactl knows$/,
  ],
];

const PROXIES: readonly Case[] = [
  [
    'nginx before a server that is down',
    { status: 502, headers: { ...HTML, server: 'nginx' }, body: page('502 Bad Gateway') },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /^a proxy answered 502: it cannot reach the server behind it$/,
  ],
  [
    'nginx whose patience ended during a long prefill',
    { status: 504, headers: { ...HTML, server: 'nginx' }, body: page('504 Gateway Time-out') },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /504/,
  ],
  [
    'haproxy without a server',
    {
      status: 503,
      headers: HTML,
      body: '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>',
    },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /no server behind it is ready/,
  ],
  [
    'Envoy without a server: plain text',
    {
      status: 503,
      headers: { 'content-type': 'text/plain', server: 'istio-envoy' },
      body: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
    },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /503/,
  ],
  [
    'Traefik without a server: plain text and no name',
    { status: 503, headers: TEXT, body: 'no available server\n' },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'unknown',
    /503/,
  ],
  [
    'Envoy before a llama-server that loads: its own JSON, whoever signs',
    {
      status: 503,
      headers: { ...JSON_TYPE, server: 'envoy' },
      body: error('Loading model', 'unavailable_error', 503),
    },
    'SERVER_OVERLOADED',
    'server.loading',
    'llama.cpp',
    /still loading/,
  ],
  [
    "nginx' limit of a body",
    { status: 413, headers: { ...HTML, server: 'nginx' }, body: page('413 Request Entity Too Large') },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /too large \(413\)/,
  ],
  [
    "Caddy's limit of a body: nothing but the status",
    { status: 413, headers: { server: 'Caddy' } },
    'CONNECTION_ERROR',
    'network.proxy-interference',
    'proxy',
    /too large \(413\)/,
  ],
  [
    'an overflow as 413 (the specification)',
    { status: 413, headers: JSON_TYPE, body: '{"error":{"message":"Payload too large"}}' },
    'CONTEXT_OVERFLOW',
    'context.overflow',
    'unknown',
    /Payload too large/,
  ],
  [
    'a proxy on the way out that wants a login',
    {
      status: 407,
      headers: { ...HTML, server: 'squid/6.6', 'proxy-authenticate': 'Basic realm="proxy"' },
      body: page('ERROR: Cache Access Denied'),
    },
    'AUTHENTICATION_ERROR',
    'network.proxy-interference',
    'proxy',
    /wants a login \(407\)/,
  ],
  [
    "nginx' own login, which no API key opens",
    {
      status: 401,
      headers: { ...HTML, server: 'nginx', 'www-authenticate': 'Basic realm="Restricted"' },
      body: page('401 Authorization Required'),
      sentKey: true,
    },
    'AUTHENTICATION_ERROR',
    'network.proxy-interference',
    'proxy',
    /wants a login \(401\)/,
  ],
  [
    'a firewall that refuses',
    {
      status: 403,
      headers: { ...HTML, server: 'cloudflare' },
      body: page('Attention Required! | Cloudflare'),
    },
    'AUTHENTICATION_ERROR',
    'network.proxy-interference',
    'proxy',
    /refuses the request \(403\)/,
  ],
  [
    'a redirect to another path',
    { status: 301, headers: { server: 'nginx', location: 'https://gpu1/v1/models' }, path: '/v1/models' },
    'CONNECTION_ERROR',
    'connection.wrong-path',
    'proxy',
    /\/v1\/models is redirected to https:\/\/gpu1\/v1\/models/,
  ],
  [
    'a redirect to nowhere',
    { status: 302, path: '/health' },
    'CONNECTION_ERROR',
    'connection.wrong-path',
    'unknown',
    /redirected to nowhere/,
  ],
];

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
  for (const [title, cases] of [
    ['of llama-server', LLAMA_SERVER],
    ['of another server on the port', OTHER_SERVERS],
    ['of a proxy on the way', PROXIES],
    ['of a server with too much to do', OVERLOADED],
  ] as const) {
    describe(title, () => {
      for (const [name, answer, type, code, kind, message] of cases) {
        it(name, () => {
          const found = classified(answer);
          assert.deepEqual([found.type, found.code], [type, code], found.message);
          assert.match(found.message, message);
          assert.equal(found.details['serverKind'], kind);
          assert.equal(found.details['status'], answer.status);
        });
      }
    });
  }

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
