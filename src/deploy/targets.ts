import type { DeployTarget } from './target.js';
import { dockerCompose } from './targets/docker-compose.js';
import { helmChart } from './targets/helm.js';
import { kubernetes } from './targets/k8s.js';

/** Every kind of manifests, by the name of its command. */
export const TARGETS = {
  'docker-compose': dockerCompose,
  k8s: kubernetes,
  helm: helmChart,
} as const satisfies Readonly<Record<string, DeployTarget>>;

export type TargetName = keyof typeof TARGETS;
