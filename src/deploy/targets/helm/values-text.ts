import { toYaml } from '../../yaml.js';
import type { DeployPlan } from '../../plan.js';
import { countText } from '../../units.js';
import { headerOf } from './chart.js';
import type { ChartValues } from './values.js';
export function valuesText(values: ChartValues, plan: DeployPlan): string {
  return toYaml(values, { header: headerOf(plan) });
}
