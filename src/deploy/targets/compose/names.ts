import type { DeployPlan } from '../../plan.js';

/** Servers that are started: Compose does not scale by itself, so of a range the least. */
export function replicaCount({ options }: DeployPlan): number {
  return options.autoscale?.min ?? options.replicas;
}

/** The servers' names, which are also their host names: `llama`, or `llama-1`, `llama-2` … behind a load balancer. */
export function serverNames(plan: DeployPlan): string[] {
  const count = replicaCount(plan);
  const { name } = plan.options;
  return count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}
