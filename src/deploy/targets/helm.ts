import type { DeployTarget } from '../target.js';
import { chartFiles } from './helm/chart.js';
import { kubernetes } from './k8s.js';

/** A Helm chart of the same objects. */
export const helmChart: DeployTarget = {
  files: chartFiles,
  stream: () => null,
  hashes: kubernetes.hashes,
  warnings: kubernetes.warnings,
  next: kubernetes.next,
};
