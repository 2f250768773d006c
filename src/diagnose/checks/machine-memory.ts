import type { Finding } from '../../catalogue/entry.js';
import type { Remedy } from '../../errors/llamactl-error.js';
import { optionOf, type ServerProcess, settingOf } from '../../server/processes.js';
import { type Check, failed, finding, passed, skipped } from '../check.js';
import { type Facts, knownValue } from '../facts.js';
import { isRunning, processOf, startingProcesses } from '../local-server.js';

const GIB = 1024 ** 3;
/** Share of a process in swap from which on it crawls. */
const SWAPPED = 0.1;
/** Share of a model that is in memory, from which on it counts as being there: some pages are never read. */
const IN_MEMORY = 0.9;
/** Bytes that are left of the machine's memory, under which the kernel may end somebody. */
const SCARCE = 0.25 * GIB;

/** The model is in memory, has room there, and is not in swap. */
export const machineMemory: Check = {
  id: 'machine.memory',
  title: 'the model has room in memory, and is not in swap',
  category: 'machine',
  needs: [],
  asks: ['local', 'models', 'health'],
  run(facts) {
    if (facts.local.state !== 'known') return skipped('the server is on another machine');
    if (facts.program !== 'llama.cpp') return skipped('looked at for a llama-server alone');
    const process = processOf(facts) ?? startingProcess(facts);
    const { memory } = facts.local.value;
    const free = `${size(memory.availableBytes)} of ${size(memory.totalBytes)} free`;
    if (process?.residentBytes == null) return skipped(`no llama-server of this user on that port · ${free}`);
    const weights = weightsOf(facts, process);
    const summary = [
      `${size(process.residentBytes)} resident`,
      ...(weights === null ? [] : [`model ${size(weights)}`]),
      free,
      ...(process.limitBytes ? [`limit ${size(process.limitBytes)}`] : []),
    ].join(' · ');
    const found = swapped(facts, process) ?? noRoom(facts, process, weights) ?? scarce(facts, process);
    if (found === null) return passed(summary);
    return found.severity === 'info' ? passed(summary, found) : failed(summary, found);
  },
};

/** One that has not got as far as listening. */
function startingProcess(facts: Facts): ServerProcess | null {
  const { local } = facts;
  if (local.state !== 'known' || local.value.containers.some(isRunning)) return null;
  // Where somebody has the port already, it is not this one that will.
  if (local.value.holder !== null || facts.health.state === 'known') return null;
  const [only, second] = startingProcesses(facts);
  return second === undefined ? (only ?? null) : null;
}

/** Bytes of the weights: as the server tells, else as large as its files are. */
function weightsOf({ models }: Facts, { modelBytes }: ServerProcess): number | null {
  const [only, second] = knownValue(models) ?? [];
  return (second === undefined ? only?.sizeBytes : null) ?? modelBytes ?? null;
}

function swapped(facts: Facts, { pid, residentBytes, swappedBytes }: ServerProcess): Finding | null {
  if (swappedBytes === null || residentBytes === null) return null;
  if (swappedBytes < residentBytes * SWAPPED || swappedBytes < 0.25 * GIB) return null;
  return finding('memory.host', facts, {
    severity: 'warning',
    title: 'part of the server is in swap: it will crawl',
    evidence: [`process ${pid}: ${size(swappedBytes)} in swap, ${size(residentBytes)} resident`],
    rank: 43,
  });
}

/**
 * Weights that are not in memory, and have no room there. Mapped ones are then read from disk again and again, which is slow and
 * nothing worse; ones that are read into memory while it starts end with the kernel killing it. What a GPU holds needs none.
 */
function noRoom(facts: Facts, process: ServerProcess, weights: number | null): Finding | null {
  const { pid, anonymousBytes: own, fileBytes: mapped, limitBytes: limit, gpuLibraries } = process;
  if (weights === null || own == null || mapped == null || gpuLibraries === null) return null;
  if (facts.local.state !== 'known') return null;
  // Builds for several machines load their back ends without a GPU, too.
  if (gpuLibraries.length > 0 && facts.local.value.gpus.length > 0) return null;
  if (mapped + own >= weights * IN_MEMORY) return null;
  const isMapped = isMappedBy(process);
  const { availableBytes } = facts.local.value.memory;
  // What is available counts the pages of mapped files, as they can be dropped; what was read already is not needed again.
  const needed = isMapped ? weights : weights - own;
  const room = Math.min(availableBytes, limit == null ? availableBytes : Math.max(0, limit - own));
  if (needed <= room) return null;
  const isLoading = facts.health.state !== 'known';
  const evidence = [
    `the model is ${size(weights)}, ${size(mapped + own)} of the process are in memory (process ${pid})`,
    limit != null && limit - own < availableBytes
      ? `its control group may hold ${size(limit)}, of which ${size(own)} are its cache and buffers`
      : `${size(availableBytes)} are available on this machine`,
  ];
  if (!isMapped) {
    return finding('memory.host', facts, {
      severity: isLoading ? 'error' : 'warning',
      title: 'the model does not fit into memory: the system will end the server, or swap',
      evidence: [...evidence, 'it is read into memory as a whole (no mmap)'],
      rank: isLoading ? 99 : 43,
      remedies: roomFor(process, needed),
    });
  }
  return finding('memory.host', facts, {
    severity: 'warning',
    title: 'the model does not fit into memory: it is read from disk again for each token',
    evidence,
    rank: 43,
    remedies: roomFor(process, needed),
  });
}

/** Whether the weights are mapped, which is the default: `--no-mmap` and `--direct-io` of older builds, `--load-mode` of newer ones. */
function isMappedBy(process: ServerProcess): boolean {
  const mode = settingOf(process, ['--load-mode', '-lm'], 'LLAMA_ARG_LOAD_MODE');
  if (mode !== undefined) return mode === 'auto' || /mmap|mlock/.test(mode);
  const isOff = (variable: string, off: RegExp) => off.test(settingOf(process, [], variable) ?? '');
  return !(
    process.args.some((word) => ['--no-mmap', '--direct-io', '-dio'].includes(word)) ||
    isOff('LLAMA_ARG_NO_MMAP', /./) ||
    isOff('LLAMA_ARG_MMAP', /^(?:0|false|off|disabled)$/)
  );
}

function roomFor({ args }: ServerProcess, needed: number): Remedy[] {
  const model = optionOf(args, ['-m', '--model']) ?? 'MODEL';
  return [
    {
      text: `Use a smaller quantization of it, or a machine (or limit) with ${size(needed)} free:`,
      commands: ['llama-server -hf USER/REPO:Q4_K_M'],
    },
    {
      text: 'Leave more for the weights: a smaller context, and a cache of 8 bits:',
      commands: [`llama-server -m ${model} -c 4096 -np 1 -ctk q8_0 -ctv q8_0`],
    },
    {
      text: 'See who else needs memory:',
      commands: ['ps -eo pid,rss,comm --sort=-rss | head'],
    },
  ];
}

function scarce(facts: Facts, { pid }: ServerProcess): Finding | null {
  if (facts.local.state !== 'known') return null;
  const { totalBytes, availableBytes } = facts.local.value.memory;
  // Elsewhere than on Linux free memory is no measure of what is left.
  if (facts.local.value.processes.every(({ fileBytes }) => fileBytes == null)) return null;
  if (availableBytes > Math.min(SCARCE, totalBytes / 20)) return null;
  return finding('memory.host', facts, {
    severity: 'info',
    title: `only ${size(availableBytes)} of memory are left: the system may end the server`,
    evidence: [
      `${size(availableBytes)} of ${size(totalBytes)} are available; process ${pid} is llama-server`,
    ],
    rank: 7,
  });
}

function size(bytes: number): string {
  return bytes < GIB ? `${Math.round(bytes / 1024 ** 2)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;
}
