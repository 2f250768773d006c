import type { ServerProcess } from '../server/processes.js';
import type { ContainerFacts, Facts } from './facts.js';
import { endpointOf } from './gather/network.js';

/** The process that serves the URL's port, in a container too; null where it cannot be seen. */
export function processOf({ url, local }: Facts): ServerProcess | null {
  if (local.state !== 'known') return null;
  const { port } = endpointOf(new URL(url));
  const { processes, containers } = local.value;
  const own = processes.find(({ ports }) => ports.includes(port));
  if (own !== undefined) return own;
  const behind = containers.find((each) => isRunning(each) && each.publishes.includes(port));
  return processes.find(({ pid }) => pid === behind?.pid) ?? null;
}

/** Containers that run; documents of the first releases hold no others. */
export function isRunning({ state }: ContainerFacts): boolean {
  return state === undefined || state === 'running';
}

/** `docker`, or what the container is of. */
export function programOf({ program = 'docker' }: ContainerFacts): string {
  return program;
}
