import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeployModel } from '../../src/deploy/model-source.js';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS, type TargetName } from '../../src/deploy/targets.js';
import { HUB_MODEL, LOCAL_MODEL, SECOND_HUB_MODEL, SPLIT_HUB_MODEL } from './models.js';

/** Whole outputs, to be read in review. Written anew with UPDATE_SNAPSHOTS=1. */
const FOLDER = fileURLToPath(new URL('../fixtures/deploy/', import.meta.url));

const SNAPSHOTS: readonly {
  readonly name: string;
  readonly target: TargetName;
  readonly models: readonly DeployModel[];
  readonly options?: OptionsInput;
  readonly explain?: boolean;
}[] = [
  { name: 'compose-local', target: 'docker-compose', models: [LOCAL_MODEL] },
  { name: 'compose-explained', target: 'docker-compose', models: [HUB_MODEL], explain: true },
  {
    name: 'compose-gpus-monitoring',
    target: 'docker-compose',
    models: [HUB_MODEL],
    options: {
      backend: 'cuda',
      gpuMemory: '24GiB',
      replicas: 2,
      apiKeySecret: 'llama-key',
      monitoring: true,
      build: 'b11434',
    },
  },
  {
    name: 'compose-router-nginx',
    target: 'docker-compose',
    models: [HUB_MODEL, SECOND_HUB_MODEL],
    options: { replicas: 2, loadBalancer: 'nginx', apiPrefix: '/llm', apiKeySecret: 'llama-key' },
  },
  { name: 'k8s-hub', target: 'k8s', models: [HUB_MODEL] },
  { name: 'k8s-explained', target: 'k8s', models: [LOCAL_MODEL], explain: true },
  {
    name: 'k8s-gpu-ingress',
    target: 'k8s',
    models: [SPLIT_HUB_MODEL],
    options: {
      backend: 'cuda',
      gpuMemory: '24GiB',
      namespace: 'ai',
      apiKeySecret: 'llama-key',
      apiPrefix: '/llm',
      host: 'llm.example.com',
      ingressClass: 'nginx',
      hfTokenSecret: 'hub-token',
      build: 'b11434',
    },
  },
  {
    name: 'k8s-autoscaled-monitoring',
    target: 'k8s',
    models: [HUB_MODEL],
    options: { autoscale: '2..6', monitoring: true, namespace: 'ai', storageClass: 'fast' },
  },
  {
    name: 'k8s-image-volume-gateway',
    target: 'k8s',
    models: [HUB_MODEL],
    options: {
      replicas: 3,
      storage: 'image:registry.example.com/models/qwen:1',
      host: 'llm.example.com',
      gateway: 'infra/public',
      apiKeySecret: 'team-secrets/llm-key',
    },
  },
  {
    name: 'k8s-router',
    target: 'k8s',
    models: [HUB_MODEL, SECOND_HUB_MODEL],
    options: { monitoring: true, storage: 'emptydir' },
  },
];

describe('whole outputs', () => {
  for (const { name, target, models, options, explain = false } of SNAPSHOTS) {
    it(name, () => {
      const folder = join(FOLDER, name);
      const input = { model: models.map(({ given }) => given), ...options };
      const files = TARGETS[target].files(planDeployment(parseOptions(input), models), { explain });
      if (process.env['UPDATE_SNAPSHOTS']) {
        rmSync(folder, { recursive: true, force: true });
        for (const { path, content } of files) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), content);
        }
      }
      assert.ok(existsSync(folder), `test/fixtures/deploy/${name} is there`);
      const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      assert.equal(there.length, files.length, 'as many files');
      for (const { path, content } of files)
        assert.equal(content, readFileSync(join(folder, path), 'utf8'), `${name}/${path}`);
    });
  }

  it('of the usual case are short enough to read', () => {
    const plan = planDeployment(parseOptions({ model: HUB_MODEL.given }), [HUB_MODEL]);
    const lines = (target: TargetName) =>
      TARGETS[target]
        .files(plan, { explain: false })
        .reduce((sum, { content }) => sum + content.split('\n').length, 0);
    assert.ok(lines('docker-compose') < 130, `Compose: ${lines('docker-compose')} lines`);
    assert.ok(lines('k8s') < 270, `Kubernetes: ${lines('k8s')} lines`);
  });
});
