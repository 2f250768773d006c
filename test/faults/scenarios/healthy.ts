import { makeCertificates } from '../../support/certificates.js';
import { forwardProxy } from '../../support/forward-proxy.js';
import { smolModel } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';
import { slowDown } from '../../support/slow-process.js';
import type { Lab } from '../lab.js';
import { type Call, HEALTHY, type Scenario } from '../scenario.js';
import { load, router, statusOf } from './models.js';
import { ask, busySlots, configured, diagnose, nanocoder, occupy, until } from './ways.js';

const KEY = 'sk-of-the-server-1';
const PREFIX = '/llm';
const IGNORES_TOOLS = '{% for m in messages %}{{ m.role + m.content }}{% endfor %}';

/** Set-ups in order, each of which some tool takes for broken. Nothing but info may be found. */
const SET_UPS: readonly {
  readonly id: string;
  readonly title: string;
  readonly setUp: (lab: Lab) => Promise<Call>;
}[] = [
  {
    id: 'default',
    title: 'a server on the CPU as it comes, without --metrics',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512'])).url),
  },
  {
    id: 'v0.1.0',
    title: 'the same on v0.1.0',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512'], { build: 'v0.1.0' })).url),
  },
  {
    id: 'real-model',
    title: 'a real model',
    setUp: async (lab) =>
      diagnose((await lab.server(['-c', '1024', '-np', '1'], { model: smolModel() })).url),
  },
  {
    id: 'key',
    title: 'a key, and it is given',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--api-key', KEY])).url, '--api-key', KEY),
  },
  {
    id: 'key-needless',
    title: 'a key is given, and none is needed',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512'])).url, '--api-key', KEY),
  },
  {
    id: 'prefix',
    title: 'a path prefix',
    setUp: async (lab) =>
      diagnose((await lab.server(['-c', '512', '--api-prefix', PREFIX], { prefix: PREFIX })).url + PREFIX),
  },
  {
    id: 'prefix-and-key',
    title: 'a path prefix and a key',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512', '--api-prefix', PREFIX, '--api-key', KEY], {
        prefix: PREFIX,
      });
      return { ...diagnose(url + PREFIX), env: { LLAMACTL_API_KEY: KEY } };
    },
  },
  {
    id: 'router',
    title: 'a router without a loaded model, and none is loaded by looking',
    setUp: async (lab) => {
      const url = await router(lab);
      return {
        ...diagnose(url),
        verify: async () => {
          for (const model of ['alpha', 'beta']) {
            const { value } = await statusOf(url, model);
            if (value !== 'unloaded') throw new Error(`${model} is ${value} after diagnose`);
          }
        },
      };
    },
  },
  {
    id: 'router-model-unloaded',
    title: 'a router whose wanted model is not loaded: the first request loads it',
    setUp: async (lab) => {
      const url = await router(lab);
      return {
        ...configured(lab, { baseUrl: url, models: ['beta'], performance: { nCtx: 512 } }),
        verify: async () => {
          const { value } = await statusOf(url, 'beta');
          if (value !== 'unloaded') throw new Error(`beta is ${value} after diagnose`);
        },
      };
    },
  },
  {
    id: 'router-loaded',
    title: 'a router with a loaded model',
    setUp: async (lab) => {
      const url = await router(lab);
      await load(url, 'alpha');
      return diagnose(url, '--model', 'alpha');
    },
  },
  {
    id: 'router-at-its-limit-idle',
    title: 'a router at --models-max whose loaded model is idle: it swaps',
    setUp: async (lab) => {
      const url = await router(lab, '--models-max', '1');
      await load(url, 'alpha');
      return diagnose(url, '--model', 'beta');
    },
  },
  {
    id: 'sleeping',
    title: 'a model that sleeps, and sleeps on',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512', '--sleep-idle-seconds', '1']);
      const sleeps = async () => JSON.parse((await ask(`${server.url}/props`)).body).is_sleeping === true;
      await until('asleep', sleeps);
      return {
        ...diagnose(server.url),
        verify: async () => {
          if (!(await sleeps())) throw new Error('diagnose woke it');
        },
      };
    },
  },
  {
    id: 'embeddings',
    title: 'a server for embeddings',
    setUp: async (lab) =>
      diagnose((await lab.server(['-c', '512', '--embeddings', '--pooling', 'mean'])).url),
  },
  {
    id: 'embeddings-2025',
    title: 'a server for embeddings, of 2025, which refuses chats (501)',
    setUp: async (lab) =>
      diagnose(
        (
          await lab.canned(
            replay('2025-05', ['embeddings', 'default'], { 'POST /v1/chat/completions': 'chat' }),
          )
        ).url,
      ),
  },
  {
    id: 'https-private-authority',
    title: 'HTTPS with a private authority, which is given',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const proxy = await lab.httpProxy(url, { tls: makeCertificates().trusted });
      return diagnose(proxy.url, '--ca-cert', makeCertificates().authority.certFile);
    },
  },
  {
    id: 'https-insecure',
    title: 'HTTPS with a self-signed certificate, and --insecure',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return diagnose((await lab.httpProxy(url, { tls: makeCertificates().selfSigned })).url, '--insecure');
    },
  },
  {
    id: 'small-context',
    title: 'a context of 256 tokens a slot, and no other is configured',
    setUp: async (lab) => diagnose((await lab.server(['-c', '256', '-np', '1'])).url),
  },
  {
    id: 'context-as-configured',
    title: 'the context is as configured',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '2048', '-np', '2', '--no-kv-unified']);
      return configured(lab, { baseUrl: url, performance: { nCtx: 1024 } });
    },
  },
  {
    id: 'many-slots',
    title: 'eight slots',
    setUp: async (lab) => diagnose((await lab.server(['-c', '4096', '-np', '8'])).url),
  },
  {
    id: 'unified-kv',
    title: 'four slots that share one pool, each of which may take all of it',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '2048', '-np', '4', '--kv-unified']);
      return configured(lab, { baseUrl: url, performance: { nCtx: 2048 } });
    },
  },
  {
    id: 'v1-in-url',
    title: '/v1/ at the end of the URL',
    setUp: async (lab) => diagnose(`${(await lab.server(['-c', '512'])).url}/v1/`),
  },
  {
    id: 'nginx',
    title: 'behind nginx as it comes, which replaces Server:',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '1024', '-np', '1'], { model: smolModel() });
      const nginx = await lab.nginx(`location / { proxy_pass ${url}; }`);
      return diagnose(`http://127.0.0.1:${nginx.port}`);
    },
  },
  {
    id: 'nginx-prefix',
    title: 'below a path of nginx, which takes it off',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const nginx = await lab.nginx(`location /llm/ { proxy_pass ${url}/; }`);
      return diagnose(`http://127.0.0.1:${nginx.port}/llm`);
    },
  },
  {
    id: 'forward-proxy',
    title: 'through the proxy of HTTP_PROXY, which alone resolves the name',
    setUp: async (lab) => {
      const proxy = lab.keep(await forwardProxy((await lab.server(['-c', '512'])).url));
      return { ...diagnose('http://llama.internal.invalid'), env: { HTTP_PROXY: proxy.url } };
    },
  },
  {
    id: 'proxy-for-others',
    title: 'a dead HTTP_PROXY in the environment, and a server on loopback',
    setUp: async (lab) => ({
      ...diagnose((await lab.server(['-c', '512'])).url),
      env: { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' },
    }),
  },
  {
    id: 'ipv6',
    title: 'IPv6: http://[::1]',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512', '--host', '::1'], { until: 'started' });
      const url = server.url.replace('127.0.0.1', '[::1]');
      await until('ready', async () => (await ask(`${url}/health`)).status === 200);
      return diagnose(url);
    },
  },
  {
    id: 'build-of-2025',
    title: 'a build of 2025, without a context in the configuration',
    setUp: async (lab) => diagnose((await lab.canned(replay('2025-05', ['default']))).url),
  },
  {
    id: 'no-slots',
    title: 'a server with --no-slots',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--no-slots'])).url),
  },
  {
    id: 'metrics',
    title: 'a server with --metrics',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--metrics'])).url),
  },
  {
    id: 'partly-busy',
    title: 'one of two slots generates',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '1024', '-np', '2', '-t', '1', '--context-shift']);
      occupy(lab, server.url);
      await busySlots(server.url, 1);
      return diagnose(server.url);
    },
  },
  {
    id: 'slow-line',
    title: 'a line on which every answer takes 0.6 s',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return diagnose((await lab.httpProxy(url, { fault: () => ({ kind: 'delay', ms: 600 }) })).url);
    },
  },
  {
    id: 'slow-machine',
    title: 'a server that shares one processor with a program that computes without end',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512', '-np', '1']);
      lab.defer(slowDown(server.pid, 5));
      return diagnose(server.url);
    },
  },
  {
    id: 'alias-configured',
    title: 'the configured model is one of two aliases',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512', '--alias', 'qwen,qwen3-4b']);
      return configured(lab, { baseUrl: url, models: ['qwen3-4b'] });
    },
  },
  {
    id: 'nanocoder',
    title: "nanocoder's configuration, on a server that does what it needs",
    setUp: async (lab) =>
      nanocoder(lab, (await lab.server(['-c', '4096', '-np', '1', '--alias', 'tiny'])).url, {
        contextWindow: 4096,
      }),
  },
  {
    id: 'nanocoder-without-tools',
    title: "nanocoder's disableTools, on a server whose template takes none",
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512', '--alias', 'tiny', '--chat-template', IGNORES_TOOLS]);
      return nanocoder(lab, url, { disableTools: true });
    },
  },
  {
    id: 'template-without-tools',
    title: 'a template that takes no tools, and nobody has any',
    setUp: async (lab) =>
      diagnose((await lab.server(['-c', '512', '--alias', 'tiny', '--chat-template', IGNORES_TOOLS])).url),
  },
  {
    id: 'no-jinja',
    title: 'a server with --no-jinja, and nobody has tools',
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--alias', 'tiny', '--no-jinja'])).url),
  },
  {
    id: 'url-from-env',
    title: 'the URL by LLAMACTL_URL, without a scheme',
    setUp: async (lab) => ({
      args: ['diagnose'],
      env: { LLAMACTL_URL: (await lab.server(['-c', '512'])).url.replace('http://', '') },
    }),
  },
];

export const HEALTHY_SET_UPS: readonly Scenario[] = SET_UPS.map(({ id, title, setUp }) => ({
  id: `healthy-${id}`,
  title,
  layer: 'healthy',
  setUp,
  expect: HEALTHY,
}));
