import type { DeployPlan } from '../../plan.js';
import { sizingText } from '../../texts.js';
import { countText } from '../../units.js';
import { toYaml } from '../../yaml.js';
import { VALUE_TEXTS } from './value-texts.js';
import type { ChartValues } from './values.js';

/** `values.yaml`: what may be changed, and what it is for. */
export function valuesText(values: ChartValues, plan: DeployPlan, header: readonly string[]): string {
  const reasons = Object.entries({ ...VALUE_TEXTS, ...ofPlan(plan) }).map(([path, text]) => [
    `values.${path}`,
    text,
  ]);
  return toYaml(values, { root: 'values', header, reasons: Object.fromEntries(reasons) }).replace(
    /(?<=\n)(?<!^#.*\n)(?<!\n\n)(?=# )/gm,
    '\n',
  );
}

/** What the run that made the chart knows. */
function ofPlan(plan: DeployPlan): Record<string, string> {
  const largest = plan.largestContextSize;
  const ctxSize = VALUE_TEXTS['ctxSize'] ?? '';
  return {
    ctxSize: `${ctxSize}. resources were computed for this one${largest === null ? '' : `; the largest that fits is ${countText(largest)}`}`,
    resources: `${VALUE_TEXTS['resources']}. From the sizing: ${sizingText(plan)}`,
  };
}
