import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Build } from '../../support/real-server.js';
import { FAILING_STARTS, failStart } from '../failing-starts.js';
import type { Lab } from '../lab.js';
import { HEALTHY, problem, type Scenario, warning } from '../scenario.js';
import { ask, until } from './ways.js';

const BUILDS: readonly Build[] = ['v0.6.0', 'v0.1.0'];

/** The log of a server that is in order and has answered. */
async function healthyLog(lab: Lab, build: Build, ...args: readonly string[]): Promise<string> {
  const server = await lab.own(['-c', '512', '-np', '2', '--metrics', ...args], { build });
  const body = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 };
  await ask(`${server.url}/v1/chat/completions`, body);
  await ask(`${server.url}/v1/embeddings`, { input: 'x' });
  await ask(`${server.url}/favicon.ico`);
  await until('the log of it', async () => /stop processing/.test(server.log()));
  const path = join(lab.folder(), 'server.log');
  writeFileSync(path, server.log());
  return path;
}

/** Each way in which a start fails, as both commands see its log: they must agree. */
export const LOGS: readonly Scenario[] = BUILDS.flatMap((build): Scenario[] => [
  ...FAILING_STARTS.filter(({ builds = BUILDS }) => builds.includes(build)).flatMap((start): Scenario[] => {
    const { id, title, code, also = [] } = start;
    return [
      {
        id: `explain-${id}-${build}`,
        title: `${build}: ${title}`,
        layer: 'log',
        setUp: async (lab) => ({ args: ['explain', await failStart(lab, start, build)] }),
        expect: { verdict: 'explained', rootCause: code, also, exit: 0 },
      },
      {
        id: `logs-${id}-${build}`,
        title: `${build}: ${title}`,
        layer: 'log',
        setUp: async (lab) => ({ args: ['diagnose', '--logs', await failStart(lab, start, build)] }),
        expect: problem(code, { also }),
      },
    ];
  }),
  {
    id: `explain-healthy-${build}`,
    title: `${build}: a server in order`,
    layer: 'log',
    setUp: async (lab) => ({ args: ['explain', await healthyLog(lab, build)] }),
    expect: { verdict: 'unexplained', rootCause: null, exit: 1 },
  },
  {
    id: `logs-healthy-${build}`,
    title: `${build}: a server in order`,
    layer: 'log',
    setUp: async (lab) => ({ args: ['diagnose', '--logs', await healthyLog(lab, build)] }),
    expect: HEALTHY,
  },
]).concat([
  {
    id: 'explain-gpu-not-used-v0.6.0',
    title: 'v0.6.0: -ngl 99 on a build without a GPU',
    layer: 'log',
    setUp: async (lab) => ({ args: ['explain', await healthyLog(lab, 'v0.6.0', '-ngl', '99')] }),
    expect: { verdict: 'explained', rootCause: 'gpu.not-used', also: ['gpu.no-device'], exit: 0 },
  },
  {
    id: 'logs-gpu-not-used-v0.6.0',
    title: 'v0.6.0: -ngl 99 on a build without a GPU',
    layer: 'log',
    setUp: async (lab) => ({ args: ['diagnose', '--logs', await healthyLog(lab, 'v0.6.0', '-ngl', '99')] }),
    expect: warning('gpu.not-used', { also: ['gpu.no-device'] }),
  },
]);
