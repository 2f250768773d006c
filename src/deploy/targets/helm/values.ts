import * as z from 'zod';
import { CACHE_TYPES, contextTrained } from '../../kv-cache.js';
import type { DeployPlan } from '../../plan.js';
import { gpuPlacement, gpuResourceOf } from '../k8s/gpu.js';
import { INGRESS_ANNOTATIONS } from '../k8s/network.js';
import { volumeGiB } from '../k8s/storage.js';
import { VALUE_TEXTS } from './value-texts.js';

const MIB = 1024 ** 2;

const line = z.string().regex(/^[^\r\n]*$/);
const dnsLabel = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^([a-z]([-a-z0-9]*[a-z0-9])?)?$/);
const dnsName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/);
const secretKey = z
  .string()
  .min(1)
  .regex(/^[-._a-zA-Z0-9]+$/);
const cpus = z.union([z.string().regex(/^(\d+m|\d+(\.\d+)?)$/), z.number().min(0.1)]);
const memory = z.string().regex(/^\d+(Mi|Gi)$/);
const words = z.record(z.string(), z.string());
const amounts = z.strictObject({
  cpu: cpus,
  memory: memory,
});
/** What Kubernetes checks by itself. */
const anything = z.record(z.string(), z.unknown());

const file = z.strictObject({
  name: z
    .string()
    .min(1)
    .regex(/^[^/\r\n]+$/),
  url: z.string().regex(/^(https?:\/\/[^\s'"]+)?$/),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
});

/** The values of the chart: what `values.yaml` has and `values.schema.json` is made from. */
export const chartValues = z.strictObject({
  // Of a parent chart: what all its charts share, and the usual condition of a dependency.
  global: anything.optional(),
  enabled: z.boolean().optional(),
  nameOverride: dnsLabel(63),
  fullnameOverride: dnsLabel(50),
  image: z.strictObject({
    repository: z.string().regex(/^[a-z0-9][\w./:-]*$/i),
    tag: z.string().regex(/^(\w[\w.-]{0,127})?$/),
    digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['', 'Always', 'IfNotPresent', 'Never']),
    pullSecrets: z.array(z.strictObject({ name: dnsName.min(1) })),
  }),
  models: z
    .array(
      z.strictObject({
        alias: line.min(1),
        contextTrained: z.int().min(0),
        files: z.array(file).min(1),
      }),
    )
    .min(1),
  ctxSize: z.int().min(256).max(16_777_216),
  parallel: z.int().min(1).max(256),
  cacheType: z.enum(CACHE_TYPES),
  cacheRam: z.int().min(0),
  port: z.int().min(1024).max(65_535),
  apiPrefix: z.string().regex(/^((\/[\w.~-]+)+)?$/),
  apiKey: z.strictObject({ existingSecret: dnsName, key: secretKey }),
  hfToken: z.strictObject({ existingSecret: dnsName, key: secretKey }),
  // helm --set makes numbers of what looks like one.
  extraArgs: z.array(z.union([line, z.number()])),
  extraEnv: z.array(z.looseObject({ name: z.string().min(1) })),
  replicas: z.int().min(1).max(100),
  resources: z.strictObject({ requests: amounts, limits: amounts }),
  gpu: z.strictObject({
    count: z.int().min(0).max(16),
    resource: z.string().regex(/^([a-z0-9.-]+\/[\w.-]+)?$/),
    supplementalGroups: z.array(z.int().min(1)),
  }),
  startSeconds: z.int().min(0),
  drainSeconds: z.int().min(0).max(3600),
  persistence: z.strictObject({
    kind: z.enum(['pvc', 'claim', 'emptydir', 'image']),
    size: z.string().regex(/^[1-9]\d*Gi$/),
    storageClass: dnsName,
    existingClaim: dnsName,
    image: line,
    annotations: words,
  }),
  serviceAccount: z.strictObject({ create: z.boolean(), name: dnsName, annotations: words }),
  service: z.strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
    annotations: words,
  }),
  ingress: z.strictObject({
    enabled: z.boolean(),
    host: dnsName,
    className: dnsName,
    tlsSecret: dnsName,
    annotations: words,
  }),
  httpRoute: z.strictObject({
    enabled: z.boolean(),
    host: dnsName,
    gateway: z.strictObject({ name: dnsName, namespace: dnsName }),
  }),
  networkPolicy: z.strictObject({ enabled: z.boolean(), extraFrom: z.array(anything) }),
  podDisruptionBudget: z.strictObject({ enabled: z.boolean() }),
  autoscaling: z.strictObject({
    enabled: z.boolean(),
    kind: z.enum(['keda', 'hpa']),
    min: z.int().min(1).max(100),
    max: z.int().min(1).max(100),
    prometheusUrl: z.string().regex(/^https?:\/\/[^\s'"]+$/),
  }),
  monitoring: z.strictObject({ enabled: z.boolean(), labels: words }),
  nodeSelector: words,
  tolerations: z.array(anything),
  affinity: anything,
  priorityClassName: dnsName,
  runtimeClassName: dnsName,
  podLabels: words,
  podAnnotations: words,
});

export type ChartValues = z.output<typeof chartValues>;

/** `values.schema.json`: draft 7, by which helm refuses unknown and bad values, and editors complete them. */
export function valuesSchema(): string {
  const schema = z.toJSONSchema(chartValues, {
    target: 'draft-7',
    override: ({ jsonSchema, path }) => {
      const names = path.filter((name) => !['properties', 'items'].includes(String(name))).join('.');
      const text = path.at(-1) === 'items' ? undefined : VALUE_TEXTS[names];
      if (text !== undefined) jsonSchema.description = text;
    },
  });
  return `${JSON.stringify({ title: 'Values of a chart of llamactl deploy-gen', ...schema }, null, 2)}\n`;
}

/**
 * A plan as values of the chart.
 * @throws LlamactlError (usage) where Kubernetes must know the vendor of the GPUs
 */
export function valuesOf(plan: DeployPlan): ChartValues {
  const { options, models, sizing } = plan;
  const placement = gpuPlacement(plan);
  const { storage, host, gateway, autoscale } = options;
  const resources = { cpu: String(options.cpu), memory: `${Math.floor(plan.memoryBytes / MIB)}Mi` };
  const flag = (name: string) => plan.flags.find((each) => each.flag === name)?.value;
  return {
    nameOverride: '',
    fullnameOverride: '',
    image: { ...imageParts(plan.image.reference), pullPolicy: '', pullSecrets: [] },
    models: models.map(({ alias, files, header }) => ({
      alias,
      contextTrained: header === null ? 0 : (contextTrained(header) ?? 0),
      files: files.map(({ name, url, sizeBytes, sha256 }) => ({
        name,
        url: url ?? '',
        bytes: sizeBytes ?? 0,
        sha256: sha256 ?? '',
      })),
    })),
    ctxSize: plan.contextSize,
    parallel: plan.slots,
    cacheType: options.cacheType,
    cacheRam: Number(flag('--cache-ram') ?? Math.floor((sizing?.host.cacheRamBytes ?? 0) / MIB)),
    port: options.port,
    apiPrefix: options.apiPrefix ?? '',
    apiKey: secretOf(options.apiKeySecret, 'api-key'),
    hfToken: secretOf(options.hfTokenSecret, 'token'),
    extraArgs: options.extraArgs,
    extraEnv: [],
    replicas: options.replicas,
    resources: { requests: { ...resources }, limits: { ...resources } },
    gpu: {
      count: options.gpus,
      resource: options.gpus === 0 ? '' : gpuResourceOf(options.gpuVendor),
      supplementalGroups: [...placement.supplementalGroups],
    },
    startSeconds: 0,
    drainSeconds: plan.drainSeconds,
    persistence: {
      kind: storage?.kind ?? 'pvc',
      size: `${volumeGiB(plan)}Gi`,
      storageClass: options.storageClass ?? '',
      existingClaim: storage?.kind === 'claim' ? storage.name : '',
      image: storage?.kind === 'image' ? storage.reference : '',
      annotations: {},
    },
    serviceAccount: { create: true, name: '', annotations: {} },
    service: { type: 'ClusterIP', annotations: {} },
    ingress: {
      enabled: host !== undefined && gateway === undefined,
      host: gateway === undefined ? (host ?? '') : '',
      className: options.ingressClass ?? '',
      tlsSecret: '',
      annotations: INGRESS_ANNOTATIONS,
    },
    httpRoute: {
      enabled: host !== undefined && gateway !== undefined,
      host: gateway === undefined ? '' : (host ?? ''),
      gateway: { name: gateway?.name ?? '', namespace: gateway?.namespace ?? '' },
    },
    networkPolicy: { enabled: true, extraFrom: [] },
    podDisruptionBudget: { enabled: true },
    autoscaling: {
      enabled: autoscale !== undefined,
      kind: options.autoscaler,
      min: autoscale?.min ?? 1,
      max: autoscale?.max ?? 4,
      prometheusUrl: options.prometheusUrl,
    },
    monitoring: { enabled: options.monitoring, labels: {} },
    nodeSelector: { 'kubernetes.io/os': 'linux', ...placement.nodeSelector },
    tolerations: [],
    affinity: placement.nodeAffinity === undefined ? {} : { nodeAffinity: placement.nodeAffinity },
    priorityClassName: '',
    runtimeClassName: '',
    podLabels: {},
    podAnnotations: {},
  };
}

function secretOf(secret: { readonly name: string; readonly key: string } | undefined, usualKey: string) {
  return { existingSecret: secret?.name ?? '', key: secret?.key ?? usualKey };
}

/** `REPOSITORY[:TAG][@DIGEST]`; a colon before the last slash is that of a port. */
function imageParts(reference: string) {
  const [, repository = reference, tag = '', digest = ''] =
    /^(.+?)(?::([^/@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(reference) ?? [];
  return { repository, tag, digest };
}
