import assert from 'node:assert/strict';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { LOCAL_MODEL } from './models.js';

describe('options of the other target', () => {
  it('are told where they do nothing', () => {
    const plan = (options: OptionsInput) =>
      planDeployment(parseOptions({ model: LOCAL_MODEL.given, ...options }), [LOCAL_MODEL]);
    const told = (target: keyof typeof TARGETS, options: OptionsInput) =>
      TARGETS[target].warnings(plan(options)).join('\n');
    const ofKubernetes = { namespace: 'ai', storage: 'pvc:models', storageClass: 'fast' };
    assert.equal(
      told('docker-compose', ofKubernetes),
      'for Kubernetes only, and left out here: --namespace, --storage-class, --storage',
    );
    assert.equal(told('k8s', ofKubernetes), '');
    assert.match(told('k8s', { loadBalancer: 'nginx' }), /^for Compose only/);
    assert.equal(told('docker-compose', { loadBalancer: 'nginx', replicas: 2 }), '');
    for (const target of ['docker-compose', 'k8s', 'helm'] as const)
      assert.match(told(target, { hfTokenSecret: 'hub' }), /nothing is fetched/);
  });
});
