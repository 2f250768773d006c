import { type Check, failed, finding, passed, skipped } from '../check.js';
import { processOf } from './generation-speed.js';

const GIB = 1024 ** 3;
/** Share of a process in swap from which on it crawls. */
const SWAPPED = 0.1;

/** The model is in memory, and not in swap. */
export const machineMemory: Check = {
  id: 'machine.memory',
  title: 'the model is in memory, and not in swap',
  category: 'machine',
  needs: [],
  asks: ['local'],
  run(facts) {
    if (facts.local.state !== 'known') return skipped('the server is on another machine');
    if (facts.program !== 'llama.cpp') return skipped('looked at for a llama-server alone');
    const process = processOf(facts);
    const { memory } = facts.local.value;
    const free = `${(memory.availableBytes / GIB).toFixed(1)} of ${(memory.totalBytes / GIB).toFixed(1)} GiB free`;
    if (process?.residentBytes == null) return skipped(`no llama-server of this user on that port · ${free}`);
    const { residentBytes: resident, swappedBytes: swapped } = process;
    const summary = `${(resident / GIB).toFixed(1)} GiB resident · ${free}`;
    if (swapped === null || swapped < resident * SWAPPED || swapped < 0.25 * GIB) return passed(summary);
    return failed(
      summary,
      finding('memory.host', facts, {
        severity: 'warning',
        title: 'part of the server is in swap: it will crawl',
        evidence: [
          `process ${process.pid}: ${(swapped / GIB).toFixed(1)} GiB in swap, ${(resident / GIB).toFixed(1)} GiB resident`,
        ],
        rank: 43,
      }),
    );
  },
};
