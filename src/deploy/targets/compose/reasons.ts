import type { DeployPlan } from '../../plan.js';
import type { Reasons } from '../../yaml.js';
/** Why each line of compose.yaml is there. */
export function composeReasons(_plan: DeployPlan): Reasons {
  return {};
}
