import type { DeployPlan } from './plan.js';
import type { Reasons } from './yaml.js';

export type { Reasons };

/**
 * The reasons of the server's flags, at the places of its arguments.
 * @param list what the list is called: `args`, `command`
 */
export function argReasons({ flags }: DeployPlan, list: string): Reasons {
  const reasons: Record<string, string> = {};
  let position = 0;
  for (const { value, why } of flags) {
    reasons[`${list}.${position}`] = why;
    position += value === null ? 1 : 2;
  }
  return reasons;
}
