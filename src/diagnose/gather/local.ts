import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { findPortHolder } from '../../server/port.js';
import { findServerProcesses } from '../../server/processes.js';
import type { LocalFacts } from '../facts.js';
import { llamaContainers } from './containers.js';

/**
 * What this machine tells of the server on one of its ports. Never fails: what cannot be known stays empty.
 * @param timeoutMs for what other programs are asked
 */
export async function askLocal(
  port: number,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<LocalFacts> {
  const [holder, processes, availableBytes, containers] = await Promise.all([
    findPortHolder(port),
    findServerProcesses(),
    availableMemory(),
    llamaContainers(env, timeoutMs),
  ]);
  return {
    holder,
    processes,
    memory: { totalBytes: totalmem(), availableBytes },
    gpus: visibleGpus(),
    containers,
  };
}

/** `MemAvailable` counts the file cache that can be given back, which holds mapped models. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}

/** GPUs by the device files that programs open and the drivers that are bound. */
function visibleGpus(): string[] {
  if (process.platform === 'darwin') return process.arch === 'arm64' ? ['apple'] : [];
  const found = new Set<string>();
  // Jetsons have another device file than cards.
  if (['/dev/nvidiactl', '/dev/nvidia0', '/dev/nvmap'].some((file) => existsSync(file))) found.add('nvidia');
  if (existsSync('/dev/kfd') || has('amdgpu')) found.add('amd');
  if (has('i915') || has('xe')) found.add('intel');
  // Windows' GPU, seen from WSL; phones' and boards'.
  if (['/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0'].some((file) => existsSync(file))) found.add('other');
  // A render node is a GPU's, or a virtual one's: of what kind is not told here.
  if (found.size === 0 && list('/dev/dri').some((name) => name.startsWith('renderD'))) found.add('other');
  return [...found];
}

/** Whether a PCI device uses the kernel's driver of this name. */
function has(driver: string): boolean {
  return list(`/sys/bus/pci/drivers/${driver}`).some((entry) => /^\d{4}:/.test(entry));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
