import assert from 'node:assert/strict';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { LOCAL_MODEL } from './models.js';

describe('a token for the hub', () => {
  it('is told where nothing is fetched', () => {
    const plan = (options: OptionsInput) =>
      planDeployment(parseOptions({ model: LOCAL_MODEL.given, ...options }), [LOCAL_MODEL]);
    const told = (target: keyof typeof TARGETS, options: OptionsInput) =>
      TARGETS[target].warnings(plan(options)).join('\n');
    for (const target of ['docker-compose', 'k8s', 'helm'] as const)
      assert.match(told(target, { hfTokenSecret: 'hub' }), /nothing is fetched/);
  });
});
