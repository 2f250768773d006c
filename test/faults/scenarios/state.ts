import { smolModel } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';
import { slowDown } from '../../support/slow-process.js';
import { problem, type Scenario } from '../scenario.js';
import { ask, diagnose, until } from './ways.js';

/** Not ready yet. A sleeper is healthy: see there. */
export const STATES: readonly Scenario[] = [
  {
    id: 'loading',
    title: 'the model is loading, on a slow machine',
    layer: 'state',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '512'], { model: smolModel(), until: 'started' });
      lab.defer(slowDown(server.pid, 19));
      await until('503 while it loads', async () => (await ask(`${server.url}/health`)).status === 503);
      return diagnose(server.url);
    },
    expect: problem('server.loading', { alone: true }),
  },
  {
    id: 'loading-old-build',
    title: 'the model is loading, in a build of 2025',
    layer: 'state',
    setUp: async (lab) => {
      const loading = { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } };
      const { url } = await lab.canned({
        '*': { status: 503, headers: { server: 'llama.cpp' }, body: loading },
      });
      return diagnose(url);
    },
    expect: problem('server.loading', { alone: true }),
  },
  {
    id: 'loading-behind-proxy',
    title: 'the model is loading, behind a proxy that replaces Server:',
    layer: 'state',
    setUp: async (lab) => {
      const loading = { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } };
      const { url } = await lab.canned({ '*': { status: 503, headers: { server: 'nginx' }, body: loading } });
      return diagnose(url);
    },
    expect: problem('server.loading', { alone: true }),
  },
  {
    id: 'router-model-loading',
    title: 'the model that is asked for is being loaded by the router',
    layer: 'state',
    setUp: async (lab) => {
      const routes = replay('v0.6.0', ['router'], {
        'GET /models': 'models-loading',
        'GET /v1/models': 'models-loading',
      });
      const { url } = await lab.canned({
        ...routes,
        'GET /v1/models': routes['GET /models'] ?? {},
        'POST /v1/chat/completions': {
          status: 503,
          headers: { server: 'llama.cpp' },
          body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
        },
      });
      return diagnose(url, '--model', 'alpha');
    },
    expect: problem('server.loading', { alone: true }),
  },
];
