import { type ServerProcess, settingOf } from '../server/processes.js';
import type { ContainerFacts, Facts } from './facts.js';
import { endpointOf } from './gather/network.js';

/** The process that serves the URL's port, in a container too; null where it cannot be seen. */
export function processOf(facts: Facts): ServerProcess | null {
  const { local } = facts;
  if (local.state !== 'known') return null;
  const { port } = endpointOf(new URL(facts.url));
  const { processes } = local.value;
  const own = processes.find(({ ports }) => ports.includes(port));
  if (own !== undefined) return own;
  const behind = containerOf(facts);
  return processes.find(({ pid }) => pid === behind?.pid) ?? null;
}

/** The container that publishes the URL's port, the running one first; null without one. */
export function containerOf({ url, local }: Facts): ContainerFacts | null {
  if (local.state !== 'known') return null;
  const { port } = endpointOf(new URL(url));
  const published = local.value.containers.filter(({ publishes }) => publishes.includes(port));
  return published.find(isRunning) ?? published[0] ?? null;
}

/** Containers that run; documents of the first releases hold no others. */
export function isRunning({ state }: ContainerFacts): boolean {
  return state === undefined || state === 'running';
}

/** `docker`, or what the container is of. */
export function programOf({ program = 'docker' }: ContainerFacts): string {
  return program;
}

/** This user's llama-servers that listen nowhere yet, a router's apart: not on a port, in no container, on no socket of the file system. */
export function startingProcesses({ local }: Facts): readonly ServerProcess[] {
  if (local.state !== 'known') return [];
  return local.value.processes.filter(
    (process) =>
      process.ports.length === 0 &&
      process.listensInside === undefined &&
      !process.isAnotherUsers &&
      process.routerPid === undefined &&
      !/\.sock$/.test(settingOf(process, ['--host'], 'LLAMA_ARG_HOST') ?? ''),
  );
}
