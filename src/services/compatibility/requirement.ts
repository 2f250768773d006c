import { usageError } from '../../errors/llamactl-error.js';
import { nearest } from '../../errors/nearest.js';
import { FEATURES, type Feature, type Measurement, type Result } from './feature.js';

/** What a feature must come out as. */
export interface Requirement {
  readonly feature: Feature;
  /** The least that will do. */
  readonly least: 'yes' | 'partly';
}

/** `tools`, or `tools=partly` where that will do. @throws LlamactlError (usage) for anything else */
export function parseRequirement(text: string): Requirement {
  const [name = '', least = 'yes', more] = text.split('=');
  const feature = FEATURES.find((each) => each === name);
  if (feature === undefined) {
    const near = nearest(name, FEATURES);
    throw usageError(
      `there is no feature ${JSON.stringify(name)}${near === null ? `: they are ${FEATURES.join(', ')}` : `: did you mean "${near}"?`}`,
    );
  }
  if (more !== undefined || (least !== 'yes' && least !== 'partly'))
    throw usageError(`${JSON.stringify(text)} is no requirement: write ${feature} or ${feature}=partly`);
  return { feature, least };
}

/** What of the requirements a server does not meet, with what it does. */
export function unmet(
  requirements: readonly Requirement[],
  matrix: readonly Measurement[],
): { readonly feature: Feature; readonly result: Result }[] {
  return requirements.flatMap(({ feature, least }) => {
    const result = matrix.find((row) => row.feature === feature)?.result ?? 'untested';
    return result === 'yes' || result === least ? [] : [{ feature, result }];
  });
}
