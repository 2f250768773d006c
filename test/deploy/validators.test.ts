import { type MatrixCase, optionMatrix } from './matrix.js';
import { validatorSuite } from './validator-suite.js';

/** Sets of options; test/admission has all of them. */
const SETS = 12;

/** The sets that show most: each the one with most values that none before it has. */
function sample(cases: readonly MatrixCase[]): MatrixCase[] {
  const seen = new Set<string>();
  const valuesOf = ({ name }: MatrixCase) => name.split(' ').slice(1);
  return Array.from({ length: SETS }, () => {
    const gain = (each: MatrixCase) => valuesOf(each).filter((value) => !seen.has(value)).length;
    const best = cases.reduce((sofar, each) => (gain(each) > gain(sofar) ? each : sofar));
    for (const value of valuesOf(best)) seen.add(value);
    return best;
  });
}

validatorSuite('manifests, by the validators of others', sample(optionMatrix()));
