import type { OptionsInput } from '../../src/deploy/options.js';

/** What overlays change, over one base. */
export const OVERLAYS: Readonly<Record<string, OptionsInput>> = {
  same: {},
  larger: { ctxSize: 16_384, parallel: 8, cpu: 8, extraArgs: ['--jinja'] },
  pinned: { build: 'b11434', port: 9090, alias: 'team/model' },
  elsewhere: { namespace: 'ai-prod', monitoring: true },
  // A StatefulSet and its budget in the place of a Deployment and its claim.
  replicated: { replicas: 3, namespace: 'ai-prod' },
  open: { host: 'llm.example.com', apiKeySecret: 'prod-key', apiPrefix: '/llm', hfTokenSecret: 'hub' },
  gpu: { backend: 'cuda', gpus: 2, gpuMemory: '24GiB', storage: 'pvc:models' },
  scaled: { storage: 'pvc:models', autoscale: '2..4', monitoring: true, namespace: 'ai-prod' },
};
