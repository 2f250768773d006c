import type { Route } from '../../support/canned-server.js';
import { rawServer } from '../../support/raw-server.js';
import { problem, type Scenario } from '../scenario.js';
import { diagnose } from './ways.js';

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const PYTHON = { ...HTML, server: 'SimpleHTTP/0.6 Python/3.11.7' };
const UVICORN = { server: 'uvicorn', 'content-type': 'application/json' };

/** Programs that people have on the port where they think their llama-server is, as they answer. */
const OTHERS: readonly {
  readonly id: string;
  readonly name: string;
  readonly routes: Readonly<Record<string, Route>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mentions: RegExp;
}[] = [
  {
    id: 'ollama',
    name: 'Ollama',
    routes: {
      'GET /': { body: 'Ollama is running' },
      'GET /api/version': { body: { version: '0.5.7' } },
      'GET /api/tags': { body: { models: [{ name: 'llama3.2:latest', model: 'llama3.2:latest' }] } },
      'GET /v1/models': {
        body: {
          object: 'list',
          data: [{ id: 'llama3.2:latest', object: 'model', created: 1, owned_by: 'library' }],
        },
      },
      'POST /v1/chat/completions': {
        status: 404,
        body: {
          error: {
            message: 'model "x" not found, try pulling it first',
            type: 'api_error',
            param: null,
            code: null,
          },
        },
      },
      '*': { status: 404, body: '404 page not found' },
    },
    mentions: /Ollama/,
  },
  {
    id: 'lm-studio',
    name: 'LM Studio, which answers 200 to everything',
    routes: {
      'GET /v1/models': {
        body: {
          data: [{ id: 'qwen2.5-7b-instruct', object: 'model', owned_by: 'organization_owner' }],
          object: 'list',
        },
      },
      '*': (request, response) => {
        response
          .writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'x-powered-by': 'Express' })
          .end(
            JSON.stringify({
              error: `Unexpected endpoint or method. (${request.method} ${request.url}). Returning 200 anyway`,
            }),
          );
      },
    },
    mentions: /LM Studio/,
  },
  {
    id: 'vllm',
    name: 'vLLM, whose /health is 200 and empty',
    headers: UVICORN,
    routes: {
      'GET /health': { body: '' },
      'GET /version': { body: { version: '0.6.3.post1' } },
      'GET /v1/models': {
        body: {
          object: 'list',
          data: [
            {
              id: 'Qwen/Qwen2.5-7B-Instruct',
              object: 'model',
              created: 1,
              owned_by: 'vllm',
              max_model_len: 32768,
            },
          ],
        },
      },
      '*': { status: 404, body: { detail: 'Not Found' } },
    },
    mentions: /vLLM/,
  },
  {
    id: 'llama-swap',
    name: 'llama-swap, whose /health is 200 "OK"',
    routes: {
      'GET /health': { body: 'OK' },
      'GET /running': { body: { running: [] } },
      'GET /v1/models': {
        body: {
          object: 'list',
          data: [{ id: 'qwen3-4b', object: 'model', created: 1, owned_by: 'llama-swap' }],
        },
      },
      'POST /v1/chat/completions': { status: 400, body: { error: 'could not find real modelID for x' } },
      '*': { status: 404, body: '404 page not found' },
    },
    mentions: /llama-swap/,
  },
  {
    id: 'localai',
    name: 'LocalAI',
    routes: {
      'GET /': {
        headers: HTML,
        body: '<!DOCTYPE html><html lang="en"><head><title>LocalAI API - v2.22.0</title></head></html>',
      },
      'GET /healthz': { body: 'OK' },
      'GET /readyz': { body: 'OK' },
      'GET /version': { body: { version: 'v2.22.0' } },
      'GET /v1/models': { body: { object: 'list', data: [{ id: 'gpt-4', object: 'model' }] } },
      '*': { status: 404, body: { error: { code: 404, message: 'Resource not found', type: '' } } },
    },
    mentions: /LocalAI/,
  },
  {
    id: 'llama-cpp-python',
    name: "llama-cpp-python's server",
    headers: UVICORN,
    routes: {
      'GET /v1/models': {
        body: {
          object: 'list',
          data: [{ id: '/models/tiny.gguf', object: 'model', owned_by: 'me', permissions: [] }],
        },
      },
      '*': { status: 404, body: { detail: 'Not Found' } },
    },
    mentions: /not a llama-server/,
  },
  {
    id: 'open-webui',
    name: 'Open WebUI, whose /health looks almost right',
    routes: {
      'GET /health': { body: { status: true } },
      '*': {
        headers: HTML,
        body: '<!doctype html><html lang="en"><head><title>Open WebUI</title></head></html>',
      },
    },
    mentions: /Open WebUI|not a llama-server/,
  },
  {
    id: 'python-http-server',
    name: "Python's http.server",
    headers: PYTHON,
    routes: {
      'GET /': {
        body: '<!DOCTYPE HTML>\n<html lang="en">\n<head><title>Directory listing for /</title></head>',
      },
      'POST /v1/chat/completions': {
        status: 501,
        body: '<!DOCTYPE HTML>\n<html lang="en">\n<head><title>Error response</title></head>\n<body><p>Error code: 501</p></body>',
      },
      '*': {
        status: 404,
        body: '<!DOCTYPE HTML>\n<html lang="en">\n<head><title>Error response</title></head>\n<body><p>Error code: 404</p></body>',
      },
    },
    mentions: /Python|SimpleHTTP/,
  },
  {
    id: 'web-application',
    name: 'a web application that answers every path with its page',
    routes: {
      '*': { headers: HTML, body: '<!doctype html><html><head><title>Grafana</title></head></html>' },
    },
    mentions: /Grafana|page/,
  },
  {
    id: 'json-api',
    name: 'another JSON API whose /health is {"status":"UP"}',
    routes: {
      'GET /health': { body: { status: 'UP' } },
      '*': {
        status: 404,
        body: { timestamp: '2026-01-01T00:00:00Z', status: 404, error: 'Not Found', path: '/props' },
      },
    },
    mentions: /not a llama-server/,
  },
];

/** What answers is no llama-server. */
export const STRANGERS: readonly Scenario[] = [
  ...OTHERS.map(
    ({ id, name, routes, headers, mentions }): Scenario => ({
      id: `stranger-${id}`,
      title: `on the port is ${name}`,
      layer: 'identity',
      setUp: async (lab) => diagnose((await lab.canned(routes, headers)).url),
      expect: problem('connection.wrong-server', { alone: true, mentions: [mentions] }),
    }),
  ),
  {
    id: 'stranger-nginx',
    title: 'on the port is nginx with its own page',
    layer: 'identity',
    setUp: async (lab) => diagnose(`http://127.0.0.1:${(await lab.nginx('root /var/empty;')).port}`),
    expect: problem('connection.wrong-server', {
      alone: true,
      also: ['network.proxy-interference'],
      mentions: [/nginx/],
    }),
  },
  {
    id: 'stranger-ssh',
    title: 'on the port is an SSH server',
    layer: 'identity',
    setUp: async (lab) =>
      diagnose(
        lab.keep(await rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'))).url,
      ),
    expect: problem('connection.wrong-server', { alone: true, mentions: [/HTTP|SSH/] }),
  },
  {
    id: 'stranger-redis',
    title: 'on the port is Redis',
    layer: 'identity',
    setUp: async (lab) =>
      diagnose(
        lab.keep(
          await rawServer((socket) =>
            socket.once('data', () =>
              socket.end("-ERR unknown command 'GET', with args beginning with: '/health'\r\n"),
            ),
          ),
        ).url,
      ),
    expect: problem('connection.wrong-server', { alone: true }),
  },
  {
    id: 'proxy-502',
    title: 'nginx before a server that is down: 502',
    layer: 'identity',
    setUp: async (lab) => {
      const nginx = await lab.nginx('location / { proxy_pass http://127.0.0.1:9; }');
      return diagnose(`http://127.0.0.1:${nginx.port}`);
    },
    expect: problem('network.proxy-interference', { alone: true, mentions: [/502/] }),
  },
  {
    id: 'proxy-504',
    title: 'nginx before a server that is stopped: 504',
    layer: 'identity',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512']);
      server.pause();
      const nginx = await lab.nginx(`location / { proxy_pass ${server.url}; proxy_read_timeout 1s; }`);
      return diagnose(`http://127.0.0.1:${nginx.port}`);
    },
    expect: problem('network.proxy-interference', { alone: true, mentions: [/504/] }),
  },
  {
    id: 'proxy-503',
    title: 'a load balancer without a healthy server: 503',
    layer: 'identity',
    setUp: async (lab) => {
      const { url } = await lab.canned(
        { '*': { status: 503, body: 'no healthy upstream' } },
        { server: 'envoy', 'content-type': 'text/plain' },
      );
      return diagnose(url);
    },
    expect: problem('network.proxy-interference', { alone: true, mentions: [/envoy|503/] }),
  },
  {
    id: 'proxy-login-page',
    title: 'a login page stands before the server (302)',
    layer: 'identity',
    setUp: async (lab) => {
      const { url } = await lab.canned({
        'GET /login': { headers: HTML, body: '<html><head><title>Sign in</title></head></html>' },
        '*': { status: 302, headers: { location: '/login' } },
      });
      return diagnose(url);
    },
    expect: problem('network.proxy-interference', {
      alone: true,
      also: ['connection.wrong-server'],
      mentions: [/Sign in|302|login/i],
    }),
  },
  {
    id: 'proxy-basic-auth',
    title: 'nginx before the server wants a password (401 of its own)',
    layer: 'identity',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const nginx = await lab.nginx(
        `location / { auth_basic "internal"; auth_basic_user_file /dev/null; proxy_pass ${url}; }`,
      );
      return diagnose(`http://127.0.0.1:${nginx.port}`);
    },
    // A key of llama-server's would not help, so that it is nginx's must be said.
    expect: problem('network.proxy-interference', {
      alone: true,
      also: ['auth.missing-key'],
      mentions: [/nginx|Basic/],
    }),
  },
];
