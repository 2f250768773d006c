import type { ServerProcess } from '../../server/processes.js';
import { optionOf } from '../../server/processes.js';
import { type Check, failed, finding, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';
import { endpointOf } from '../gather/network.js';

/** The GPU that was meant is used, and how fast it goes. */
export const generationSpeed: Check = {
  id: 'generation.speed',
  title: 'the GPU that was meant is used',
  category: 'generation',
  needs: ['generation.answers'],
  asks: ['generation', 'metrics', 'local'],
  run(facts) {
    const { generation, metrics } = facts;
    const measured = generation.state === 'known' ? generation.value : null;
    const averages = metrics.state === 'known' ? metrics.value : null;
    const prompt = averages?.promptTokensPerSecond ?? measured?.promptTokensPerSecond ?? null;
    const tokens = measured?.tokensPerSecond ?? averages?.tokensPerSecond ?? null;
    const reuse = averages?.cacheReuse ?? null;
    const parts = [
      ...(prompt === null ? [] : [`prompt ${rate(prompt)} tokens/s`]),
      ...(tokens === null ? [] : [`generation ${rate(tokens)} tokens/s`]),
      ...(reuse === null || reuse < 0.01 ? [] : [`cache reuse ${Math.round(reuse * 100)} %`]),
    ];
    const missed = missedGpu(facts);
    const summary = parts.join(' · ');
    if (missed !== null) return failed(summary || 'on the CPU', missed);
    return summary === '' ? skipped('the server does not tell') : passed(summary);
  },
};

/** Layers were meant for a GPU, and the process has no GPU back end loaded. */
function missedGpu(facts: Facts) {
  const process = processOf(facts);
  if (process === null || process.gpuLibraries === null) return null;
  const layers = optionOf(process.args, ['-ngl', '--gpu-layers', '--n-gpu-layers']);
  if (layers === undefined || layers === '0' || layers === 'auto') return null;
  const gpus = facts.local.state === 'known' ? facts.local.value.gpus : [];
  const loaded = process.gpuLibraries;
  // A back end that is loaded has a GPU to use, where this machine shows one.
  if (loaded.length > 0 && gpus.length > 0) return null;
  return finding('gpu.not-used', facts, {
    severity: 'warning',
    title: 'layers were meant for a GPU, and the server runs on the CPU',
    evidence: [
      `process ${process.pid} was started with -ngl ${layers}, and has ${loaded.length === 0 ? 'no GPU back end' : loaded.join(', ')} loaded`,
      gpus.length > 0 ? `this machine shows: ${gpus.join(', ')}` : 'this machine shows no GPU',
    ],
    rank: 44,
  });
}

/** The process that listens on the URL's port; null where it cannot be seen. */
export function processOf({ url, local }: Facts): ServerProcess | null {
  if (local.state !== 'known') return null;
  const { port } = endpointOf(new URL(url));
  return local.value.processes.find(({ ports }) => ports.includes(port)) ?? null;
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1);
}
