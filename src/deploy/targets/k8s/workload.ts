import { createHash } from 'node:crypto';
import { PATHS } from '../../flags.js';
import { type DeployPlan, STOP_SECONDS } from '../../plan.js';
import { DRAIN_DELAY, drainScript, HUB_TOKEN_FILE, healthScript } from '../../scripts.js';
import { sizingText } from '../../texts.js';
import { type GpuPlacement, gpuPlacement } from './gpu.js';
import { isReplicated, labelsOf, type Manifest, metadata, namesOf, selectorLabels } from './objects.js';
import {
  claimTemplates,
  ephemeralStorage,
  MODEL_CONTAINER,
  type ModelStorage,
  modelsMount,
  modelsVolume,
} from './storage.js';

/** Nobody's user and group. */
export const NOBODY = 65_534;
/** Octal 440: the group may read. */
const SECRET_MODE = 0o440;
/** Bytes a second: a slow way to the internet, for the deadline after which a rollout is called stuck. */
const SLOWEST_NETWORK = 10e6;

/** What every container of ours gives up. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The identity of the pods, which may do nothing in the cluster. */
export function serviceAccount(plan: DeployPlan): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadata(plan, namesOf(plan).server),
    automountServiceAccountToken: false,
  };
}

/** The presets of a router; null with a single model. */
export function configMap(plan: DeployPlan): Manifest | null {
  if (plan.preset === null) return null;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: metadata(plan, namesOf(plan).config),
    data: { 'models.ini': plan.preset },
  };
}

/** The key, where the output is to hold it; null where a secret is only named. */
export function apiKey(plan: DeployPlan): Manifest | null {
  const { apiKeySecret } = plan.options;
  if (plan.key === null || apiKeySecret === undefined) return null;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(plan, apiKeySecret.name),
    type: 'Opaque',
    stringData: { [apiKeySecret.key]: plan.key.text },
  };
}

/** The kind of the object that makes the pods: a StatefulSet where each replica has a volume of its own. */
export function workloadKind(storage: ModelStorage): 'Deployment' | 'StatefulSet' {
  return storage.kind === 'own-each' ? 'StatefulSet' : 'Deployment';
}

export function workload(plan: DeployPlan, storage: ModelStorage): Manifest {
  const { options } = plan;
  const kind = workloadKind(storage);
  // A scaler owns the number: written here, every apply would set it back.
  const replicas = options.autoscale === undefined ? { replicas: options.replicas } : {};
  const common = {
    ...replicas,
    ...(kind === 'Deployment'
      ? { revisionHistoryLimit: 3, progressDeadlineSeconds: progressDeadline(plan) }
      : {}),
    selector: { matchLabels: selectorLabels(plan) },
  };
  const spec =
    kind === 'StatefulSet'
      ? {
          ...common,
          serviceName: namesOf(plan).headless,
          podManagementPolicy: 'Parallel',
          template: podTemplate(plan, storage),
          volumeClaimTemplates: claimTemplates(plan, storage),
        }
      : { ...common, strategy: strategyOf(plan, storage), template: podTemplate(plan, storage) };
  return { apiVersion: 'apps/v1', kind, metadata: metadata(plan, namesOf(plan).server), spec };
}

/** A second pod would wait forever for a volume or a GPU that the first one holds. */
function strategyOf(plan: DeployPlan, storage: ModelStorage): unknown {
  const { gpus } = plan.options;
  if (!isReplicated(plan) && (storage.kind === 'own' || storage.kind === 'claim' || gpus > 0))
    return { type: 'Recreate' };
  return {
    type: 'RollingUpdate',
    rollingUpdate: gpus > 0 ? { maxSurge: 0, maxUnavailable: 1 } : { maxSurge: 1, maxUnavailable: 0 },
  };
}

export function podTemplate(plan: DeployPlan, storage: ModelStorage): unknown {
  const { options } = plan;
  const gpu = gpuPlacement(plan);
  const annotations = {
    'llamactl/sizing': sizingText(plan),
    ...(plan.preset === null ? {} : { 'llamactl/config': hash(plan.preset) }),
  };
  return {
    metadata: { labels: labelsOf(plan), annotations },
    spec: {
      serviceAccountName: namesOf(plan).server,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      shareProcessNamespace: true,
      terminationGracePeriodSeconds: DRAIN_DELAY + plan.drainSeconds + STOP_SECONDS + 10,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        fsGroup: NOBODY,
        fsGroupChangePolicy: 'OnRootMismatch',
        ...(gpu.supplementalGroups.length === 0 ? {} : { supplementalGroups: gpu.supplementalGroups }),
        seccompProfile: { type: 'RuntimeDefault' },
      },
      nodeSelector: { 'kubernetes.io/os': 'linux', ...gpu.nodeSelector },
      ...(gpu.tolerations.length === 0 ? {} : { tolerations: gpu.tolerations }),
      ...(gpu.nodeAffinity === undefined ? {} : { affinity: { nodeAffinity: gpu.nodeAffinity } }),
      ...(isReplicated(plan) ? { topologySpreadConstraints: spread(plan) } : {}),
      ...(storage.script === null ? {} : { initContainers: [modelContainer(plan, storage, storage.script)] }),
      containers: [serverContainer(plan, storage, gpu)],
      volumes: volumesOf(plan, storage, options.gpus > 0),
    },
  };
}

/** Replicas on different nodes where there are any: one node that dies takes one of them. */
function spread(plan: DeployPlan): unknown {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selectorLabels(plan) },
  }));
}

function modelContainer(plan: DeployPlan, storage: ModelStorage, script: string): unknown {
  const needsToken = storage.fetches && plan.options.hfTokenSecret !== undefined;
  return {
    name: MODEL_CONTAINER,
    image: plan.image.reference,
    imagePullPolicy: pullPolicy(plan),
    command: ['/bin/sh', '-euc', script],
    resources: {
      requests: { cpu: '100m', memory: '256Mi', 'ephemeral-storage': ephemeralStorage(plan, storage) },
      limits: { cpu: '1', memory: '256Mi', 'ephemeral-storage': ephemeralStorage(plan, storage) },
    },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      modelsMount(false),
      { name: 'tmp', mountPath: '/tmp' },
      ...(needsToken ? [{ name: 'hub-token', mountPath: parentOf(HUB_TOKEN_FILE), readOnly: true }] : []),
    ],
  };
}

function serverContainer(plan: DeployPlan, storage: ModelStorage, gpu: GpuPlacement): unknown {
  const { options } = plan;
  const amounts = {
    cpu: String(options.cpu),
    memory: `${Math.floor(plan.memoryBytes / 1024 ** 2)}Mi`,
    'ephemeral-storage': ephemeralStorage(plan, storage),
    ...gpu.resources,
  };
  return {
    name: 'server',
    image: plan.image.reference,
    imagePullPolicy: pullPolicy(plan),
    args: plan.args,
    // A home for what drivers compile.
    ...(options.gpus > 0 ? { env: [{ name: 'HOME', value: '/cache' }] } : {}),
    ports: [{ name: 'http', containerPort: options.port, protocol: 'TCP' }],
    resources: { requests: amounts, limits: amounts },
    startupProbe: {
      ...check(plan),
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: Math.ceil(plan.startSeconds / 5),
    },
    readinessProbe: { ...check(plan), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...check(plan), periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 6 },
    lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', drainScript(plan)] } } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      modelsMount(true),
      { name: 'tmp', mountPath: '/tmp' },
      ...(options.gpus > 0 ? [{ name: 'cache', mountPath: '/cache' }] : []),
      ...(plan.preset === null
        ? []
        : [{ name: 'config', mountPath: parentOf(PATHS.preset), readOnly: true }]),
      ...(options.apiKeySecret === undefined
        ? []
        : [{ name: 'api-key', mountPath: PATHS.secrets, readOnly: true }]),
    ],
  };
}

/** With a prefix the health needs the key, which a probe of the kubelet could only carry in the manifest. */
function check(plan: DeployPlan): Record<string, unknown> {
  return plan.health.needsKey
    ? { exec: { command: ['/bin/sh', '-c', healthScript(plan)] } }
    : { httpGet: { path: plan.health.path, port: 'http' } };
}

function volumesOf(plan: DeployPlan, storage: ModelStorage, hasGpu: boolean): unknown[] {
  const { apiKeySecret, hfTokenSecret } = plan.options;
  const secret = (name: string, from: { name: string; key: string }, path: string) => ({
    name,
    secret: { secretName: from.name, defaultMode: SECRET_MODE, items: [{ key: from.key, path }] },
  });
  const models = modelsVolume(plan, storage);
  return [
    ...(models === undefined ? [] : [models]),
    { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
    ...(hasGpu ? [{ name: 'cache', emptyDir: { sizeLimit: '512Mi' } }] : []),
    ...(plan.preset === null ? [] : [{ name: 'config', configMap: { name: namesOf(plan).config } }]),
    ...(apiKeySecret === undefined ? [] : [secret('api-key', apiKeySecret, baseOf(PATHS.apiKey))]),
    ...(storage.fetches && hfTokenSecret !== undefined
      ? [secret('hub-token', hfTokenSecret, baseOf(HUB_TOKEN_FILE))]
      : []),
  ];
}

/** A tag that moves on is asked for again, so that replicas do not differ. */
function pullPolicy({ image }: DeployPlan): string {
  return image.pinned ? 'IfNotPresent' : 'Always';
}

/** Seconds after which a rollout counts as stuck: not while the model is still being fetched and loaded. */
function progressDeadline({ modelBytes, startSeconds, downloads }: DeployPlan): number {
  const fetching = downloads ? Math.ceil((modelBytes ?? 0) / SLOWEST_NETWORK / 60) * 60 : 0;
  return Math.max(600, startSeconds + fetching + 300);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
