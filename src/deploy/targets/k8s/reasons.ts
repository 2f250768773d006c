import type { DeployPlan } from '../../plan.js';
import type { Reasons } from '../../yaml.js';
import type { ModelStorage } from './storage.js';
export function kubernetesReasons(_plan: DeployPlan, _storage: ModelStorage): Reasons {
  return {};
}
