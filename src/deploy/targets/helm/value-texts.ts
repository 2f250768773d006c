/** What each value is for: comments of `values.yaml`, descriptions of the schema. */
export const VALUE_TEXTS: Readonly<Record<string, string>> = {
  global: 'of a parent chart; not read',
  enabled: 'for the condition of a dependency in a parent chart; not read here',
  nameOverride:
    'label app.kubernetes.io/name; empty: llama-server. Not to be changed after the first install',
  fullnameOverride: 'what everything is called; empty: from the release and the chart',
  image: 'the image of llama-server, for the init container too: it has curl and sha256sum',
  'image.tag':
    'server is for CPUs; server-cuda, server-rocm, server-vulkan, server-intel for GPUs. Pin it: server-b11434',
  'image.digest': 'sha256:…, which counts before the tag',
  'image.pullPolicy': 'empty: IfNotPresent where the image is pinned, else Always',
  models:
    'what is served. Several make a router, which loads all of them and answers by the name in the request. New files need a new sizing: run llamactl again',
  'models.alias': 'what clients ask for',
  'models.contextTrained': 'tokens it was trained for; 0: not known',
  'models.files':
    'fetched from url into the volume and checked; empty url: the pod waits until you copy the file',
  ctxSize: 'tokens of context, of all slots together (--ctx-size)',
  parallel: 'slots: requests answered at the same time, each with its share of ctxSize',
  cacheType: 'data type of the KV cache: f16, q8_0 (half of it), q4_0 …',
  cacheRam: 'MiB of host memory for prompts that were read before, of each model (--cache-ram)',
  port: 'port of the server, its Service and all that leads there',
  apiPrefix: 'path that every address begins with, such as /llm',
  apiKey: 'the secret that holds the key that clients give; empty: no key. The key itself has no place here',
  hfToken: 'the secret with a token of Hugging Face, for gated models',
  extraArgs: 'more flags of llama-server, a word each: ["--jinja", "--temp", "0.2"]',
  extraEnv: 'more variables: [{name: TZ, value: UTC}]',
  replicas: 'servers, where autoscaling does not set them',
  resources: 'what is requested is what may be used. --threads follows limits.cpu',
  gpu: 'GPUs of each server; 0: none. resource is what the device plugin calls them',
  'gpu.supplementalGroups':
    'groups of the nodes that own the devices (AMD, Intel): getent group video render',
  startSeconds: 'seconds that loading may take; 0: from the size of the files, on a slow disk',
  drainSeconds: 'seconds that a server which is to stop waits for running answers',
  persistence: 'where the files are kept',
  'persistence.kind':
    'pvc: a volume of its own, one for each of several servers; claim: existingClaim; emptydir: fetched by each new pod; image: an OCI image with the files at its root (Kubernetes 1.33)',
  'persistence.size': 'of the volume: the files and a tenth more',
  'persistence.storageClass': "empty: the cluster's default",
  'persistence.annotations':
    'of the volume; {helm.sh/resource-policy: keep} leaves it where helm uninstall takes the rest away',
  serviceAccount: 'an identity of its own, which may do nothing',
  service: 'LoadBalancer and NodePort let others in, and want a key',
  ingress: 'the way in from outside, by an ingress controller; wants a key',
  'ingress.tlsSecret': 'empty: the name of the release and -tls',
  httpRoute: 'the way in from outside, by the Gateway API; wants a key',
  networkPolicy: 'what is not named is denied, both ways',
  'networkPolicy.extraFrom': 'more peers that may ask: [{namespaceSelector: {}}]',
  podDisruptionBudget: 'nodes are drained one server at a time, where there are several',
  autoscaling: 'on the requests that are answered or wait. hpa needs prometheus-adapter',
  'autoscaling.prometheusUrl': 'what KEDA asks',
  monitoring:
    'alerts and a dashboard for the Prometheus operator; labels are those it looks for, such as release',
  nodeSelector: 'where pods may run',
  tolerations: 'beside the one of the GPU, which is there by itself',
  podLabels: 'more labels and annotations of the pods',
};
