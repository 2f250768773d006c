import type { Finding } from '../../catalogue/entry.js';
import { settingOf } from '../../server/processes.js';
import { type Check, failed, finding, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';
import { processOf } from '../local-server.js';

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
    if (missed?.severity === 'warning') return failed(summary || 'on the CPU', missed);
    if (missed !== null) return passed(summary || 'on the CPU', missed);
    return summary === '' ? skipped('the server does not tell') : passed(summary);
  },
};

/** GPUs that are there to compute, and not for a screen alone. */
const COMPUTING = ['nvidia', 'amd'];

/** Layers were meant for a GPU, and the process has no GPU back end loaded; or a GPU is there, and nobody said what is meant. */
function missedGpu(facts: Facts): Finding | null {
  const process = processOf(facts);
  if (process === null || process.gpuLibraries === null) return null;
  const layers = settingOf(process, ['-ngl', '--gpu-layers', '--n-gpu-layers'], 'LLAMA_ARG_N_GPU_LAYERS');
  const device = settingOf(process, ['-dev', '--device'], 'LLAMA_ARG_DEVICE');
  if (layers === '0' || device === 'none') return null;
  const gpus = facts.local.state === 'known' ? facts.local.value.gpus : [];
  const loaded = process.gpuLibraries;
  const shown = gpus.length > 0 ? `this machine shows: ${gpus.join(', ')}` : 'this machine shows no GPU';
  const none = `process ${process.pid} has no GPU back end loaded`;
  if (layers === undefined || layers === 'auto' || layers === '-1') {
    if (loaded.length > 0 || !gpus.some((gpu) => COMPUTING.includes(gpu))) return null;
    return finding('gpu.not-used', facts, {
      severity: 'info',
      title: 'this machine has a GPU, and the server was built without a back end for it',
      evidence: [none, shown],
      rank: 9,
    });
  }
  // A back end that is loaded has a GPU to use, where this machine shows one.
  if (loaded.length > 0 && gpus.length > 0) return null;
  return finding('gpu.not-used', facts, {
    severity: 'warning',
    title: 'layers were meant for a GPU, and the server runs on the CPU',
    evidence: [
      `process ${process.pid} was started with -ngl ${layers}, and has ${loaded.length === 0 ? 'no GPU back end' : loaded.join(', ')} loaded`,
      shown,
    ],
    rank: 44,
  });
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString('en-US') : perSecond.toFixed(1);
}
