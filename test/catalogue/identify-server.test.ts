import assert from 'node:assert/strict';
import { identifyServer, isHtml, type ServerKind } from '../../src/catalogue/identify-server.js';
import { bodyText, isOllama, recordings } from '../support/fixtures.js';

interface Told {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const kindOf = ({ headers = {}, body = '' }: Told) => identifyServer({ status: 200, headers, body });
const lists = (owner: string) => JSON.stringify({ object: 'list', data: [{ id: 'm', owned_by: owner }] });

describe('identifyServer', () => {
  it('knows llama-server by its header, in every recorded answer of four builds', () => {
    for (const { build, exchanges } of recordings()) {
      if (isOllama(build)) continue;
      for (const { response } of exchanges) {
        if (response === undefined) continue;
        const { status, headers, body } = response;
        assert.equal(identifyServer({ status, headers, body: bodyText(body) }), 'llama.cpp');
      }
    }
  });

  it('never takes an Ollama for a llama-server, in any recorded answer of two versions', () => {
    const told = new Set<string>();
    for (const { build, exchanges } of recordings().filter((each) => isOllama(each.build))) {
      for (const { label, response } of exchanges) {
        if (response === undefined) continue;
        const kind = identifyServer({ ...response, body: bodyText(response.body) });
        assert.notEqual(kind, 'llama.cpp', `${build} ${label}`);
        if (kind === 'ollama') told.add(label);
      }
    }
    for (const label of ['root', 'models', 'chat-unknown-model', 'chat-tools-unsupported'])
      assert.ok(told.has(label), label);
  });

  const KINDS: readonly (readonly [ServerKind, string, Told])[] = [
    [
      'llama.cpp',
      'its list of models, behind a proxy',
      { headers: { server: 'nginx' }, body: lists('llamacpp') },
    ],
    [
      'llama.cpp',
      'its properties, behind a proxy',
      { headers: { server: 'nginx' }, body: '{"build_info":"b1-abc"}' },
    ],
    [
      'llama.cpp',
      'error types that it alone has, behind a proxy',
      { headers: { server: 'envoy' }, body: '{"error":{"type":"unavailable_error"}}' },
    ],
    ['ollama', 'its front page', { body: 'Ollama is running' }],
    ['ollama', 'its list of models', { body: lists('library') }],
    [
      'ollama',
      'what it says of a model that was not pulled',
      { body: '{"error":"model \\"a\\" not found, try pulling it first"}' },
    ],
    [
      'lm-studio',
      'what it says of an unknown route',
      { body: '{"error":"Unexpected endpoint or method. (GET /slots)"}' },
    ],
    ['lm-studio', 'its list of models', { body: lists('organization_owner') }],
    ['vllm', 'its list of models', { headers: { server: 'uvicorn' }, body: lists('vllm') }],
    ['llama-swap', 'its list of models', { body: lists('llama-swap') }],
    [
      'llama-swap',
      'what it says of an unknown model',
      { body: '{"error":"could not find suitable handler for a"}' },
    ],
    ['llama-swap', 'what older ones say of it', { body: 'could not find real modelID for a' }],
    [
      'llama-swap',
      'a server that it cannot start',
      { body: 'unable to start process: health check timed out' },
    ],
    [
      'localai',
      'what it says of an unknown route',
      { body: '{"error":{"code":404,"message":"Resource not found","type":""}}' },
    ],
    ['localai', 'its page', { body: '<!DOCTYPE html><html><head><title>LocalAI - Models</title>' }],
    ['proxy', 'a name', { headers: { server: 'Caddy' } }],
    ['proxy', 'a web page', { headers: { 'content-type': 'text/html; charset=utf-8' }, body: 'hello' }],
    ['unknown', 'nothing', {}],
    ['unknown', 'what many programs say', { headers: { server: 'uvicorn' }, body: '{"detail":"Not Found"}' }],
  ];

  for (const [kind, by, told] of KINDS) it(`knows ${kind} by ${by}`, () => assert.equal(kindOf(told), kind));

  it('takes the header before what a body quotes', () => {
    assert.equal(kindOf({ headers: { server: 'llama.cpp' }, body: 'Ollama is running' }), 'llama.cpp');
  });
});

describe('isHtml', () => {
  for (const [expected, told] of [
    [true, { headers: { 'content-type': 'text/html' }, body: '' }],
    [true, { headers: {}, body: '\n <!DOCTYPE html>' }],
    [true, { headers: {}, body: '<html><body>' }],
    [false, { headers: { 'content-type': 'application/json' }, body: '{"a":"<html>"}' }],
    [false, { headers: {}, body: '<3' }],
  ] as const) {
    it(`${expected ? 'takes' : 'does not take'} ${JSON.stringify(told)} for a page`, () =>
      assert.equal(isHtml(told), expected));
  }
});
