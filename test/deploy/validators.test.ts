import { optionMatrix, sample } from './matrix.js';
import { validatorSuite } from './validator-suite.js';

/** Sets of options; test/admission has all of them. */
const SETS = 12;

validatorSuite('manifests, by the validators of others', sample(optionMatrix(), SETS));
