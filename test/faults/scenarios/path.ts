import { problem, type Scenario } from '../scenario.js';
import { diagnose } from './ways.js';

const PREFIXED = ['-c', '512', '--api-prefix', '/llm'];
const wrongPath = (...mentions: readonly RegExp[]) =>
  problem('connection.wrong-path', { alone: true, mentions });

/** The right server, asked at the wrong place. */
export const PATHS: readonly Scenario[] = [
  {
    id: 'prefix-missing',
    title: 'the server has --api-prefix /llm, and the URL has none',
    layer: 'path',
    setUp: async (lab) => diagnose((await lab.server(PREFIXED, { prefix: '/llm' })).url),
    expect: wrongPath(/prefix/),
  },
  {
    id: 'prefix-wrong',
    title: 'the prefix in the URL is not the one of the server',
    layer: 'path',
    setUp: async (lab) => diagnose(`${(await lab.server(PREFIXED, { prefix: '/llm' })).url}/llama`),
    // The one of the URL, or better the right one, which the process on this machine tells.
    expect: wrongPath(/\/llama|\/llm/),
  },
  {
    id: 'prefix-needless',
    title: 'the URL has a prefix, and the server none',
    layer: 'path',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      // It is known where it would answer: without.
      return { ...diagnose(`${url}/llm`), mentions: [new RegExp(`${url}(?!/llm)`)] };
    },
    expect: wrongPath(),
  },
  {
    id: 'v1-doubled',
    title: '/v1 stands twice in the URL',
    layer: 'path',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return { ...diagnose(`${url}/v1/v1`), mentions: [new RegExp(`${url}(?!/v1/v1)`)] };
    },
    expect: wrongPath(/v1/),
  },
  {
    id: 'endpoint-pasted',
    title: 'the URL of an endpoint was pasted: …/v1/chat/completions',
    layer: 'path',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      return { ...diagnose(`${url}/v1/chat/completions`), mentions: [new RegExp(`${url}(?!/v1/chat)`)] };
    },
    expect: wrongPath(),
  },
  {
    id: 'prefix-not-stripped',
    title: 'nginx hands its own prefix on to a server that has none',
    layer: 'path',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const nginx = await lab.nginx(`location /llm/ { proxy_pass ${url}; }`);
      return diagnose(`http://127.0.0.1:${nginx.port}/llm`);
    },
    expect: wrongPath(/\/llm/),
  },
];
