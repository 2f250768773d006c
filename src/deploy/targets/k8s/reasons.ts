import { type DeployPlan, STOP_SECONDS } from '../../plan.js';
import { argReasons, type Reasons } from '../../reasons.js';
import { DRAIN_DELAY } from '../../scripts.js';
import { sizingText } from '../../texts.js';
import type { ModelStorage } from './storage.js';

/** Why each line of the manifests is there. A reason above a block is that of all its lines. */
export function kubernetesReasons(plan: DeployPlan, storage: ModelStorage): Reasons {
  return { ...SERVER, ...AROUND, ...argReasons(plan, 'args'), ...planReasons(plan, storage) };
}

/** Those that hold whatever was asked for. */
export function generalReasons(): Reasons {
  return { ...SERVER, ...AROUND };
}

function planReasons(plan: DeployPlan, storage: ModelStorage): Reasons {
  const { options, image } = plan;
  return {
    'spec.replicas':
      options.replicas === 1 ? 'one server, as nothing else was asked for' : 'as asked for with --replicas',
    'spec.terminationGracePeriodSeconds': `${DRAIN_DELAY} s until nobody sends requests, ${plan.drainSeconds} s for running answers, ${STOP_SECONDS} s that llama-server may take after SIGTERM, and a margin`,
    'containers.image':
      options.gpus === 0
        ? 'the image of the CPU backend, which is the same on amd64 and arm64'
        : `the image of the ${options.backend} backend; the plain one would leave the GPU unused`,
    imagePullPolicy: image.pinned
      ? 'the image is pinned: what a node has is right'
      : 'the tag moves on: asked for each time, so that replicas do not differ. Pin it with --build or --image',
    'containers.resources': `from the sizing: ${sizingText(plan)}. What is requested is what may be used, so that no neighbour takes it`,
    startupProbe: `loading may take ${plan.startSeconds} s: the model from a slow network disk. Until then no other probe runs`,
    'startupProbe.exec':
      'with a prefix the health needs the key, which a probe of the kubelet could only carry in the manifest',
    'nodeSelector.kubernetes.io/arch': `there is no ${options.backend} image for other processors`,
    initContainers:
      storage.fetches || storage.script === null
        ? 'fetches the model before the server starts: resumed after a break, checked by its SHA-256'
        : 'waits until the model was copied into the volume, and checks its SHA-256',
    strategy:
      plan.options.gpus > 0
        ? 'a new pod would wait forever for the GPU that the old one holds'
        : storage.kind === 'own' || storage.kind === 'claim'
          ? 'a new pod would wait forever for the volume that the old one holds'
          : 'the old server answers until the new one is ready',
  };
}

const SERVER: Reasons = {
  automountServiceAccountToken:
    'the server never asks the cluster for anything: a token could only be stolen',
  revisionHistoryLimit: 'enough to roll back, without clutter',
  progressDeadlineSeconds: 'fetching and loading a model takes longer than the usual ten minutes may allow',
  'spec.selector': 'by which the pods are known; it can never be changed',
  serviceName: 'gives each replica a name of its own',
  podManagementPolicy: 'all at once: they do not need each other',
  'template.metadata.annotations':
    'the figures that requests and limits stand on; a change of configuration restarts the pods',
  serviceAccountName: 'an identity of its own, which may do nothing',
  enableServiceLinks:
    "a Service called llama-arg-… would set LLAMA_ARG_PORT, which llama-server reads and dies of: no Service's variables",
  shareProcessNamespace:
    'as process 1 llama-server would not hear SIGTERM while it loads: here the pause container is process 1',
  'template.spec.securityContext': 'runs under the Pod Security level "restricted"',
  'securityContext.runAsNonRoot': 'the image itself would run as root',
  'securityContext.runAsUser': 'nobody: owns nothing on any node',
  'securityContext.fsGroup': 'the volume belongs to a group that the user is in',
  'securityContext.fsGroupChangePolicy': 'the files are not walked through at every start',
  'securityContext.supplementalGroups':
    'video and render of Debian and Ubuntu, who own the GPU devices; see the nodes: getent group render',
  'securityContext.seccompProfile': 'system calls that no server needs are refused',
  nodeSelector: 'the image is made for this',
  tolerations: 'nodes with GPUs keep other pods away by this taint',
  affinity: 'rather on nodes whose GPU is known to be there and large enough',
  topologySpreadConstraints:
    'a node or zone that fails takes as few replicas as possible with it; one node alone will do',
  'initContainers.image': 'the same image: it has curl and sha256sum',
  'initContainers.command': 'a file gets its name only when it is whole and right',
  'initContainers.resources': 'it only copies; the limit of memory holds its part of the page cache too',
  'initContainers.securityContext': 'as little as the server itself',
  'initContainers.volumeMounts': 'the only place where it writes',
  'containers.args': 'arguments only: the entrypoint is /app/llama-server',
  'containers.env': 'a home for what GPU drivers compile at the first start',
  'containers.ports': 'a name, so that probes, Services and policies follow a change of the number',
  'limits.ephemeral-storage': 'temporary files and logs (and the model, where no volume holds it)',
  readinessProbe: 'no requests while it loads; a server that is busy stays ready, requests wait in its queue',
  livenessProbe:
    'three minutes without an answer: a long prefill must not kill the server, a dead one must not stay',
  lifecycle:
    'after SIGTERM llama-server generates nothing more: first waits until nobody is being answered, for a bounded time',
  'containers.securityContext': 'cannot become root, change its own files or use privileges',
  'containers.volumeMounts': 'read-only, but for what is temporary',
  volumes: 'where the model, temporary files and secrets are from',
  'volumes.secret': 'read by the group only; a file, since variables show up in dumps',
  'volumes.emptyDir': 'the root file system is read-only; the limit protects the node',
};

const AROUND: Reasons = {
  'Namespace.metadata.labels':
    'warns of pods that would not run under "restricted"; forbids nothing to others',
  'Secret.stringData':
    'the key that clients give, as asked for; in the cluster it is kept as any other secret',
  'PersistentVolumeClaim.spec': 'the files and a tenth more; one node at a time may write',
  volumeClaimTemplates:
    'each replica keeps the model by itself: a new one does not wait for the volume of another',
  'data.models.ini': 'the models of the router, loaded at the start',
  'data.llama-server.json': "found by its label, by Grafana's sidecar",
  'Service.spec.selector': 'the pods of this deployment',
  'Service.spec.ports': 'the port that the server has inside, so that there is one number to remember',
  'Service.spec.clusterIP': 'no address of its own: names of the single pods',
  'Service.spec.publishNotReadyAddresses': 'also while they load, to be looked at',
  'NetworkPolicy.spec.podSelector': 'the pods of this deployment',
  'NetworkPolicy.spec.policyTypes': 'both ways: what is not allowed below is denied',
  'NetworkPolicy.spec.ingress':
    'pods of this namespace; the ingress and Prometheus of others where they are used',
  'NetworkPolicy.spec.egress': 'nothing goes out but what fetches the model: names, and its server',
  'Ingress.metadata.annotations':
    'of ingress-nginx, others leave them alone: tokens as they come, hours for an answer, images in requests',
  'Ingress.spec.ingressClassName': 'as asked for',
  'Ingress.spec.tls': 'keys and prompts are not sent in the clear; cert-manager makes this secret, or you do',
  'Ingress.spec.rules': 'everything under the prefix goes to the server',
  'HTTPRoute.spec.parentRefs': 'the gateway that was named, which brings TLS',
  'HTTPRoute.spec.hostnames': 'the name that clients ask for',
  'HTTPRoute.spec.rules': 'everything under the prefix, with hours for an answer',
  'PodDisruptionBudget.spec': 'nodes are drained one server at a time',
  scaleTargetRef: 'what is scaled; it has no number of replicas of its own',
  minReplicaCount: 'never nothing: no metric of llama-server could wake it',
  maxReplicaCount: 'as asked for',
  minReplicas: 'never nothing: no metric of llama-server could wake it',
  maxReplicas: 'as asked for',
  pollingInterval: 'as often as Prometheus has something new',
  behavior: 'up at once, down only after ten quiet minutes: a new server takes minutes to load',
  triggers:
    'requests that are answered or wait; CPU is at its limit with a single one, and the KV cache has no gauge',
  'HorizontalPodAutoscaler.spec.metrics':
    'requests that are answered or wait, from an adapter (docs/deploy.md); CPU is at its limit with a single one',
  'ServiceMonitor.spec.selector': 'the Service of this deployment, not the headless one',
  'ServiceMonitor.spec.endpoints':
    'every server by itself, with the key; a router has metrics for one model at a time, and would load it to answer',
  'PrometheusRule.spec':
    'what somebody should be woken for, or see in the morning; from counters, since gauges reset',
};
