import type { DeployPlan } from '../../plan.js';

/** A Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** What objects are called. */
export function namesOf({ options: { name } }: DeployPlan) {
  return {
    server: name,
    headless: `${name}-headless`,
    claim: `${name}-models`,
    config: `${name}-config`,
    dashboard: `${name}-dashboard`,
    tls: `${name}-tls`,
  } as const;
}

/** The labels by which Services, policies and monitors find the pods. Never changed: selectors cannot be. */
export function selectorLabels({ options }: DeployPlan): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'llama-server', 'app.kubernetes.io/instance': options.name };
}

export function labelsOf(plan: DeployPlan): Readonly<Record<string, string>> {
  return { ...selectorLabels(plan), 'app.kubernetes.io/managed-by': 'llamactl' };
}

/** @param more labels and annotations beside the usual ones */
export function metadata(
  plan: DeployPlan,
  name: string,
  more: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  } = {},
): Manifest['metadata'] {
  const { namespace } = plan.options;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...labelsOf(plan), ...more.labels },
    ...(more.annotations === undefined ? {} : { annotations: more.annotations }),
  };
}

/** Whether there may be more than one replica. */
export function isReplicated({ options }: DeployPlan): boolean {
  return options.replicas > 1 || (options.autoscale?.max ?? 1) > 1;
}
