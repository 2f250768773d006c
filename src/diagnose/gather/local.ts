import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { findPortHolder } from '../../server/port.js';
import { findServerProcesses } from '../../server/processes.js';
import type { LocalFacts } from '../facts.js';

const DOCKER_TIMEOUT = 1500;
const execFileAsync = promisify(execFile);

/** What this machine tells of the server on one of its ports. Never fails: what cannot be known stays empty. */
export async function askLocal(port: number): Promise<LocalFacts> {
  const [holder, processes, availableBytes, containers] = await Promise.all([
    findPortHolder(port),
    findServerProcesses(),
    availableMemory(),
    llamaContainers(),
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
  if (existsSync('/dev/nvidiactl') || existsSync('/dev/nvidia0')) found.add('nvidia');
  if (existsSync('/dev/kfd') || has('amdgpu')) found.add('amd');
  if (has('i915') || has('xe')) found.add('intel');
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

/** Only where a Docker daemon of this machine is there: its client would otherwise wait for one. */
async function llamaContainers(): Promise<LocalFacts['containers']> {
  const socket = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock';
  if (!existsSync(socket)) return [];
  const format = '{{.Names}}\t{{.Image}}\t{{.Ports}}\t{{.Command}}';
  const { stdout } = await execFileAsync('docker', ['ps', '--no-trunc', '--format', format], {
    timeout: DOCKER_TIMEOUT,
  }).catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line) => {
    const [name = '', image = '', ports = '', command = ''] = line.split('\t');
    if (!/llama[.-]?cpp|llama-server/i.test(`${image} ${command}`)) return [];
    // `127.0.0.1:8080->8080/tcp, 9000/tcp`: only what has an arrow is published.
    const publishes = [...ports.matchAll(/:(\d+)->/g)].map(([, port]) => Number(port));
    return [{ name, image, publishes: [...new Set(publishes)] }];
  });
}
