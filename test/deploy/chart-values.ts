import { type ChartValues, chartValues } from '../../src/deploy/targets/helm/values.js';

/** Values by their paths: `gpu.count`, `models.0.alias`. */
export type Changes = Readonly<Record<string, unknown>>;

const KEY: Changes = { 'apiKey.existingSecret': 'k' };
const INGRESS: Changes = { ...KEY, 'ingress.enabled': true, 'ingress.host': 'a.example.com' };
const ROUTE: Changes = {
  ...KEY,
  'httpRoute.enabled': true,
  'httpRoute.host': 'a.example.com',
  'httpRoute.gateway.name': 'public',
};
const GPU: Changes = { 'gpu.count': 1, 'gpu.resource': 'nvidia.com/gpu', 'image.tag': 'server-cuda' };
const SCALED: Changes = { 'autoscaling.enabled': true };
const WATCHED: Changes = { 'monitoring.enabled': true };

/** Another value for each line of `values.yaml`, and what else must be so that it counts. */
export const OTHER_VALUES: Readonly<Record<string, readonly [value: unknown, where?: Changes]>> = {
  nameOverride: ['other'],
  fullnameOverride: ['other'],
  'image.repository': ['registry.example.com/llama'],
  'image.tag': ['server-b11434'],
  'image.digest': [`sha256:${'0'.repeat(64)}`],
  'image.pullPolicy': ['Never'],
  'image.pullSecrets': [[{ name: 'pull' }]],
  'models.0.alias': ['other'],
  'models.0.contextTrained': [1024, WATCHED],
  'models.0.files.0.name': ['other.gguf'],
  'models.0.files.0.url': ['http://models.example.com:8081/a.gguf'],
  'models.0.files.0.bytes': [99e9],
  'models.0.files.0.sha256': ['1'.repeat(64)],
  ctxSize: [4096],
  parallel: [2],
  cacheType: ['q8_0'],
  cacheRam: [512],
  port: [9000],
  apiPrefix: ['/llm'],
  'apiKey.existingSecret': ['llama-key'],
  'apiKey.key': ['other', KEY],
  'hfToken.existingSecret': ['hub'],
  'hfToken.key': ['other', { 'hfToken.existingSecret': 'hub' }],
  extraArgs: [['--jinja']],
  extraEnv: [[{ name: 'TZ', value: 'UTC' }]],
  replicas: [2],
  'resources.requests.cpu': ['1'],
  'resources.requests.memory': ['1Gi'],
  'resources.limits.cpu': ['8'],
  'resources.limits.memory': ['16Gi'],
  'gpu.count': [2, GPU],
  'gpu.resource': ['amd.com/gpu', GPU],
  'gpu.supplementalGroups': [[44]],
  startSeconds: [900],
  drainSeconds: [10],
  'persistence.kind': ['emptydir'],
  'persistence.size': ['50Gi'],
  'persistence.storageClass': ['fast'],
  'persistence.existingClaim': ['b', { 'persistence.kind': 'claim', 'persistence.existingClaim': 'a' }],
  'persistence.image': ['b.example.com/b:1', { 'persistence.kind': 'image', 'persistence.image': 'a:1' }],
  'persistence.annotations': [{ 'helm.sh/resource-policy': 'keep' }],
  'serviceAccount.create': [false],
  'serviceAccount.name': ['other'],
  'serviceAccount.annotations': [{ a: 'b' }],
  'service.type': ['LoadBalancer', KEY],
  'service.annotations': [{ a: 'b' }],
  'ingress.enabled': [true, { ...INGRESS, 'ingress.enabled': false }],
  'ingress.host': ['b.example.com', INGRESS],
  'ingress.className': ['nginx', INGRESS],
  'ingress.tlsSecret': ['tls', INGRESS],
  'ingress.annotations': [{ a: 'b' }, INGRESS],
  'httpRoute.enabled': [true, { ...ROUTE, 'httpRoute.enabled': false }],
  'httpRoute.host': ['b.example.com', ROUTE],
  'httpRoute.gateway.name': ['other', ROUTE],
  'httpRoute.gateway.namespace': ['infra', ROUTE],
  'networkPolicy.enabled': [false],
  'networkPolicy.extraFrom': [[{ namespaceSelector: { matchLabels: { team: 'a' } } }]],
  'podDisruptionBudget.enabled': [false, { replicas: 2 }],
  'autoscaling.enabled': [true],
  'autoscaling.kind': ['hpa', SCALED],
  'autoscaling.min': [2, SCALED],
  'autoscaling.max': [9, SCALED],
  'autoscaling.prometheusUrl': ['http://prometheus:9090', SCALED],
  'monitoring.enabled': [true],
  'monitoring.labels': [{ release: 'prometheus' }, WATCHED],
  nodeSelector: [{ disk: 'ssd' }],
  tolerations: [[{ operator: 'Exists' }]],
  affinity: [{ podAntiAffinity: {} }],
  priorityClassName: ['high'],
  runtimeClassName: ['nvidia'],
  podLabels: [{ team: 'a' }],
  podAnnotations: [{ a: 'b' }],
};

/** Values with some of them changed. */
export function changed(values: ChartValues, changes: Changes): ChartValues {
  const copy: unknown = structuredClone(values);
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('.');
    const last = names.pop() ?? '';
    const parent = names.reduce<unknown>((tree, name) => fields(tree)[name], copy);
    fields(parent)[last] = value;
  }
  return chartValues.parse(copy);
}

function fields(tree: unknown): Record<string, unknown> {
  if (typeof tree !== 'object' || tree === null) throw new Error('no such value');
  return tree as Record<string, unknown>;
}

/** The paths of values; what stands under names that users choose counts as one. */
export function pathsOf(value: unknown, path = ''): string[] {
  const isOwn = path in OTHER_VALUES;
  if (isOwn || typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, item]) =>
    pathsOf(item, path === '' ? name : `${path}.${name}`),
  );
}
