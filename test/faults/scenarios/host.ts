import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Facts } from '../../../src/diagnose/facts.js';
import type { Diagnosis } from '../../../src/diagnose/runner.js';
import { cli } from '../../support/cli.js';
import { type ServerOptions, smolModel } from '../../support/real-server.js';
import type { Lab } from '../lab.js';
import { type Call, HEALTHY, problem, type Scenario, warning } from '../scenario.js';
import { diagnose } from './ways.js';

const MIB = 1024 ** 2;
const BUILDS = ['v0.6.0', 'v0.1.0'] as const;

type Known<Name extends keyof Facts> = Extract<Facts[Name], { readonly state: 'known' }>['value'];
type Process = Known<'local'>['processes'][number];

/** One diagnosis serves all scenarios that change it. */
const diagnoses = new Map<string, Promise<Diagnosis>>();

function diagnosisOf(url: string): Promise<Diagnosis> {
  const only = ['--only', 'machine.*', '--only', 'model.served'];
  const known =
    diagnoses.get(url) ?? cli(['diagnose', '--url', url, ...only, '--json']).then(({ json }) => json);
  diagnoses.set(url, known);
  return known;
}

/**
 * `diagnose --from` what a real server's diagnosis told, on a machine with other memory: this one's cannot be taken away from
 * those who share it.
 */
async function onAMachineWith(
  lab: Lab,
  machine: Pick<Known<'local'>, 'memory'> & Partial<Known<'local'>>,
  change: Partial<Process>,
  facts: Partial<Facts> = {},
): Promise<Call> {
  const server = await lab.server(['-c', '512'], { model: smolModel() });
  const seen = await diagnosisOf(server.url);
  if (seen.facts.local.state !== 'known') throw new Error('nothing is known of this machine');
  const processes = seen.facts.local.value.processes.map((process) =>
    process.pid === server.pid ? { ...process, ...change } : process,
  );
  const local = { ...seen.facts.local, value: { ...seen.facts.local.value, processes, ...machine } };
  const file = join(lab.folder(), 'elsewhere.json');
  writeFileSync(file, JSON.stringify({ ...seen, facts: { ...seen.facts, ...facts, local } }));
  return { args: ['diagnose', '--from', file] };
}

const gpu = (
  id: string,
  title: string,
  args: readonly string[],
  options: Omit<ServerOptions, 'args'>,
  expect: Scenario['expect'],
): Scenario => ({
  id,
  title,
  layer: expect.rootCause === null ? 'healthy' : 'host',
  setUp: async (lab) => diagnose((await lab.server(['-c', '512', ...args], options)).url),
  expect,
});

const missed = (how: RegExp) =>
  warning('gpu.not-used', { alone: true, also: ['gpu.no-device'], mentions: [how] });

/** What only this machine's processes tell, where the server is on it. */
export const HOST: readonly Scenario[] = [
  ...BUILDS.map((build) =>
    gpu(
      `gpu-not-used-${build}`,
      `${build} was told to use the GPU (-ngl 99), and there is none that it can use`,
      ['-ngl', '99'],
      { build },
      missed(/-ngl 99|gpu-layers/),
    ),
  ),
  gpu(
    'gpu-not-used-by-variable',
    'the same by LLAMA_ARG_N_GPU_LAYERS',
    [],
    { env: { LLAMA_ARG_N_GPU_LAYERS: '99' } },
    missed(/-ngl 99/),
  ),
  gpu('healthy-cpu-on-purpose', 'the CPU on purpose: -ngl 0', ['-ngl', '0'], {}, HEALTHY),
  gpu(
    'healthy-no-device-on-purpose',
    'the CPU on purpose: --device none, in spite of -ngl',
    ['-ngl', '99', '--device', 'none'],
    {},
    HEALTHY,
  ),
  {
    id: 'memory-too-small-for-mapped-weights',
    title: 'the mapped model is larger than what is left of the memory: it is read from disk for each token',
    layer: 'host',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 100 * MIB, availableBytes: 40 * MIB } },
        { anonymousBytes: 20 * MIB, fileBytes: 30 * MIB, residentBytes: 50 * MIB },
      ),
    expect: warning('memory.host', { alone: true, mentions: [/read from disk/, /40 MiB are available/] }),
  },
  {
    id: 'memory-limit-too-small',
    title: 'the same by the limit of a container on a large machine',
    layer: 'host',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 32_000 * MIB, availableBytes: 20_000 * MIB } },
        { anonymousBytes: 20 * MIB, fileBytes: 30 * MIB, residentBytes: 50 * MIB, limitBytes: 64 * MIB },
      ),
    expect: warning('memory.host', { alone: true, mentions: [/control group may hold 64 MiB/] }),
  },
  {
    id: 'memory-too-small-to-load',
    title: 'a server that reads its model into memory (--no-mmap) has no room for it, and still loads',
    layer: 'host',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 100 * MIB, availableBytes: 30 * MIB } },
        {
          args: ['-m', 'smol.gguf', '--no-mmap'],
          anonymousBytes: 20 * MIB,
          fileBytes: 5 * MIB,
          residentBytes: 25 * MIB,
        },
        {
          health: {
            state: 'failed',
            error: {
              type: 'SERVER_OVERLOADED',
              code: 'server.loading',
              message: 'the model is still loading',
              evidence: ['GET /health → 503 "Loading model"'],
              remedies: [],
            },
            durationMs: 2,
          },
        },
      ),
    expect: problem('memory.host', { mentions: [/does not fit into memory/, /no mmap/] }),
  },
  {
    id: 'memory-swapped',
    title: 'half of the server is in swap',
    layer: 'host',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 2000 * MIB, availableBytes: 300 * MIB } },
        { residentBytes: 400 * MIB, swappedBytes: 400 * MIB },
      ),
    expect: warning('memory.host', { alone: true, mentions: [/400 MiB in swap/] }),
  },
  {
    id: 'healthy-memory-full-of-the-model',
    title: 'a machine whose memory the model nearly fills, and it is all there',
    layer: 'healthy',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 160 * MIB, availableBytes: 20 * MIB } },
        { anonymousBytes: 30 * MIB, fileBytes: 95 * MIB, residentBytes: 125 * MIB },
      ),
    expect: HEALTHY,
  },
  {
    id: 'healthy-mapped-model-not-yet-read',
    title: 'a mapped model of which little was read so far, and there is room for all of it',
    layer: 'healthy',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 8000 * MIB, availableBytes: 6000 * MIB } },
        { anonymousBytes: 20 * MIB, fileBytes: 5 * MIB, residentBytes: 25 * MIB },
      ),
    expect: HEALTHY,
  },
  {
    id: 'healthy-weights-on-the-gpu',
    title: 'a model larger than the memory, which a GPU holds',
    layer: 'healthy',
    setUp: (lab) =>
      onAMachineWith(
        lab,
        { memory: { totalBytes: 100 * MIB, availableBytes: 40 * MIB }, gpus: ['nvidia'] },
        {
          anonymousBytes: 20 * MIB,
          fileBytes: 5 * MIB,
          residentBytes: 25 * MIB,
          gpuLibraries: ['libggml-cuda.so'],
        },
      ),
    expect: HEALTHY,
  },
];
