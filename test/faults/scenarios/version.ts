import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab.js';
import { type Call, HEALTHY, problem, type Scenario, warning } from '../scenario.js';
import { ask, diagnose, until } from './ways.js';

const BUILDS = ['v0.6.0', 'v0.1.0'] as const;

/** A loopback address that no other test listens on, so that the default ports are free there. */
function ownLoopback(): string {
  const part = () => 1 + Math.floor(Math.random() * 250);
  return `127.${part()}.${part()}.${part()}`;
}

/** A real server on a port of an address of its own. */
async function serverAt(
  lab: Lab,
  host: string,
  port: number,
  build: (typeof BUILDS)[number] = 'v0.6.0',
): Promise<void> {
  await lab.own(['-c', '512', '--host', host], { port, build, until: 'started' });
  await until('ready', async () => (await ask(`http://${host}:${port}/health`)).status === 200);
}

/** A dashboard as Grafana exports it, which asks for these. */
function dashboard(lab: Lab, ...metrics: readonly string[]): string {
  const file = join(lab.folder(), 'dashboard.json');
  const targets = metrics.map((name) => ({ expr: `sum(rate(${name}{job="llama"}[5m]))` }));
  writeFileSync(file, JSON.stringify({ title: 'llama.cpp', panels: [{ type: 'timeseries', targets }] }));
  return file;
}

async function withDashboard(
  lab: Lab,
  build: (typeof BUILDS)[number],
  args: readonly string[],
  ...metrics: readonly string[]
): Promise<Call> {
  const { url } = await lab.server(['-c', '512', ...args], { build });
  return diagnose(url, '--dashboard', dashboard(lab, ...metrics));
}

/** What one release has otherwise than another. */
export const VERSIONS: readonly Scenario[] = [
  {
    id: 'port-moved-to-9931',
    title: '8080 is configured, and a newer llama-server listens on its new default port',
    layer: 'version',
    setUp: async (lab) => {
      const host = ownLoopback();
      await serverAt(lab, host, 9931);
      return diagnose(`http://${host}:8080`);
    },
    expect: problem('connection.refused', {
      alone: true,
      mentions: [/a llama-server answers on port 9931/, /diagnose --url http:\/\/127\.[\d.]+:9931/],
    }),
  },
  {
    id: 'port-still-8080',
    title: '9931 is asked, and an older llama-server listens on its old default port',
    layer: 'version',
    setUp: async (lab) => {
      const host = ownLoopback();
      await serverAt(lab, host, 8080, 'v0.1.0');
      return diagnose(`http://${host}:9931`);
    },
    expect: problem('connection.refused', {
      alone: true,
      mentions: [/a llama-server answers on port 8080/, /--port 9931/],
    }),
  },
  {
    id: 'port-moved-and-configured',
    title: 'the same, by a configuration that --fix can mend',
    layer: 'version',
    setUp: async (lab) => {
      const host = ownLoopback();
      await serverAt(lab, host, 9931);
      const cwd = lab.configuration({ targets: { local: { baseUrl: `http://${host}:8080` } } });
      return { args: ['diagnose'], cwd };
    },
    expect: problem('connection.refused', {
      alone: true,
      mentions: [/port 9931/, /llamactl diagnose --fix/],
    }),
  },
  {
    id: 'port-moved-past-a-stranger',
    title: 'another program has 8080 now, and llama-server listens on 9931',
    layer: 'version',
    setUp: async (lab) => {
      const host = ownLoopback();
      await serverAt(lab, host, 9931);
      await lab.canned({ '*': { body: '<html><title>Jenkins</title></html>' } }, {}, { host, port: 8080 });
      return diagnose(`http://${host}:8080`);
    },
    expect: problem('connection.wrong-server', {
      alone: true,
      also: ['connection.wrong-path'],
      mentions: [/one answers on port 9931/],
    }),
  },
  ...BUILDS.map(
    (build): Scenario => ({
      id: `metric-removed-${build}`,
      title: `a dashboard asks ${build} for kv_cache_usage_ratio, which was removed`,
      layer: 'version',
      setUp: (lab) =>
        withDashboard(
          lab,
          build,
          ['--metrics'],
          'llamacpp:kv_cache_usage_ratio',
          'llamacpp:requests_deferred',
        ),
      expect: warning('feature.disabled', {
        alone: true,
        mentions: [/asks for 1 metric/, /kv_cache_usage_ratio: removed/],
      }),
    }),
  ),
  {
    id: 'metric-unknown',
    title: 'a dashboard asks for a metric that no build has',
    layer: 'version',
    setUp: (lab) => withDashboard(lab, 'v0.6.0', ['--metrics'], 'llamacpp:request_deferred'),
    expect: warning('feature.disabled', { alone: true, mentions: [/request_deferred: not in \/metrics/] }),
  },
  {
    id: 'metrics-off-and-wanted',
    title: 'a dashboard asks for metrics, and the server was started without --metrics',
    layer: 'version',
    setUp: (lab) => withDashboard(lab, 'v0.6.0', [], 'llamacpp:requests_processing'),
    expect: warning('feature.disabled', { alone: true, mentions: [/--metrics/] }),
  },
  ...BUILDS.map(
    (build): Scenario => ({
      id: `healthy-dashboard-${build}`,
      title: `a dashboard asks ${build} for metrics that it has`,
      layer: 'healthy',
      setUp: (lab) =>
        withDashboard(
          lab,
          build,
          ['--metrics'],
          'llamacpp:prompt_tokens_total',
          'llamacpp:tokens_predicted_total',
          'llamacpp:requests_processing',
          'llamacpp:requests_deferred',
        ),
      expect: HEALTHY,
    }),
  ),
  {
    id: 'healthy-both-default-ports',
    title: 'servers on both default ports',
    layer: 'healthy',
    setUp: async (lab) => {
      const host = ownLoopback();
      await Promise.all([serverAt(lab, host, 8080), serverAt(lab, host, 9931)]);
      return diagnose(`http://${host}:8080`);
    },
    expect: HEALTHY,
  },
];
