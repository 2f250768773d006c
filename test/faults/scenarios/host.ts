import { type Scenario, warning } from '../scenario.js';
import { diagnose } from './ways.js';

/** What only this machine's processes tell, where the server is on it. */
export const HOST: readonly Scenario[] = (['v0.6.0', 'v0.1.0'] as const).map((build) => ({
  id: `gpu-not-used-${build}`,
  title: `${build} was told to use the GPU (-ngl 99), and there is none that it can use`,
  layer: 'host',
  setUp: async (lab) => diagnose((await lab.server(['-c', '512', '-ngl', '99'], { build })).url),
  expect: warning('gpu.not-used', { alone: true, also: ['gpu.no-device'], mentions: [/-ngl 99|gpu-layers/] }),
}));
