import { optionMatrix } from '../deploy/matrix.js';
import { validatorSuite } from '../deploy/validator-suite.js';

validatorSuite('all manifests, by the validators of others', optionMatrix());
