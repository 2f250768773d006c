import { boolean, integer, string } from '@oclif/core/flags';

/** The options of every target; what they may hold is checked with those of a values file. */
export const optionFlags = {
  model: string({
    char: 'm',
    description: 'a .gguf file, hf:USER/REPO[:QUANT] or a URL; several make a router',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'MODEL',
  }),
  alias: string({
    description: "what clients call the model; default the file's name",
    helpValue: 'NAME',
    helpGroup: 'MODEL',
  }),
  'ctx-size': integer({
    description: "tokens of context in all, as llama-server's own; default 8192 a slot, or what fits",
    helpValue: 'N',
    helpGroup: 'MODEL',
  }),
  parallel: integer({
    description: 'slots: requests answered at a time, each with its share of the context; default up to 4',
    helpValue: 'N',
    helpGroup: 'MODEL',
  }),
  'cache-type': string({
    description: 'data type of the KV cache: f16 (default), q8_0 (half of it), q4_0 …',
    helpValue: 'TYPE',
    helpGroup: 'MODEL',
  }),
  backend: string({
    description: 'cpu, cuda, cuda13, rocm, vulkan, intel or musa: which image',
    helpValue: 'NAME',
    helpGroup: 'MACHINE',
  }),
  gpus: integer({ description: 'GPUs of each replica', helpValue: 'N', helpGroup: 'MACHINE' }),
  'gpu-memory': string({
    description: 'memory of each GPU, such as 24GiB: what does not fit is refused',
    helpValue: 'SIZE',
    helpGroup: 'MACHINE',
  }),
  'gpu-vendor': string({
    description: 'nvidia, amd or intel, for --backend vulkan',
    helpValue: 'NAME',
    helpGroup: 'MACHINE',
  }),
  cpu: string({ description: 'CPUs of each replica, and its threads', helpValue: 'N', helpGroup: 'MACHINE' }),
  memory: string({
    description: 'memory of each replica, such as 8GiB; default what the sizing says',
    helpValue: 'SIZE',
    helpGroup: 'MACHINE',
  }),
  replicas: integer({ description: 'servers', helpValue: 'N', helpGroup: 'MACHINE' }),
  autoscale: string({
    description: 'replicas by load, such as 1..4 (Kubernetes)',
    helpValue: 'MIN..MAX',
    helpGroup: 'MACHINE',
  }),
  autoscaler: string({ description: 'keda (default) or hpa', helpValue: 'NAME', helpGroup: 'MACHINE' }),
  'prometheus-url': string({
    description: 'what KEDA asks; default http://prometheus-operated.monitoring.svc:9090',
    helpValue: 'URL',
    helpGroup: 'MACHINE',
  }),
  name: string({ description: 'what everything is called; default llama', helpGroup: 'SERVER' }),
  namespace: string({ char: 'n', description: 'namespace (Kubernetes)', helpGroup: 'SERVER' }),
  port: integer({ description: 'port; default 8080', helpValue: 'N', helpGroup: 'SERVER' }),
  'api-prefix': string({
    description: 'path that every address begins with',
    helpValue: 'PATH',
    helpGroup: 'SERVER',
  }),
  'api-key-secret': string({
    description: 'the secret that holds the key that clients give: NAME, or NAME/KEY of it',
    helpValue: 'NAME',
    helpGroup: 'SERVER',
  }),
  'generate-secret': boolean({
    description:
      'write that secret too, its key from env LLAMACTL_API_KEY or random (Kubernetes, in a folder)',
    allowNo: true,
    helpGroup: 'SERVER',
  }),
  'hf-token-secret': string({
    description: 'the secret with a token of Hugging Face, for gated models',
    helpValue: 'NAME',
    helpGroup: 'SERVER',
  }),
  host: string({
    description: 'name that others reach it by (Ingress, HTTPRoute), or address to publish on (Compose)',
    helpValue: 'NAME',
    helpGroup: 'SERVER',
  }),
  gateway: string({
    description: 'NAME or NAMESPACE/NAME of a Gateway: an HTTPRoute instead of an Ingress',
    helpValue: 'NAME',
    helpGroup: 'SERVER',
  }),
  'ingress-class': string({ description: 'class of the Ingress', helpValue: 'NAME', helpGroup: 'SERVER' }),
  'load-balancer': string({
    description: 'before several replicas (Compose): haproxy (default) or nginx',
    helpValue: 'NAME',
    helpGroup: 'SERVER',
  }),
  build: string({
    description: 'build of llama.cpp, such as b11434',
    helpValue: 'BUILD',
    helpGroup: 'SERVER',
  }),
  image: string({
    description: 'another image, best by its digest: NAME@sha256:…',
    helpValue: 'REF',
    helpGroup: 'SERVER',
  }),
  storage: string({
    description: 'where the model is kept: pvc (default), pvc:CLAIM, emptydir or image:REF',
    helpValue: 'KIND',
    helpGroup: 'SERVER',
  }),
  'storage-class': string({ description: 'class of the volume', helpValue: 'NAME', helpGroup: 'SERVER' }),
  monitoring: boolean({
    description: 'alerts and a dashboard; with Compose Prometheus and Grafana too',
    allowNo: true,
    helpGroup: 'SERVER',
  }),
};

/** Where the options are from, and where the files go. */
export const outputFlags = {
  values: string({
    description: 'options from a file, YAML or JSON: the flags as keys, such as ctxSize: 8192',
    helpValue: 'FILE',
  }),
  'from-server': string({
    description: 'options from a running server (key from env LLAMACTL_API_KEY)',
    helpValue: 'URL',
  }),
  output: string({
    char: 'o',
    description: 'folder to write to; - is stdout',
    helpValue: 'DIR',
    default: '-',
  }),
  force: boolean({ description: 'overwrite files that are different' }),
  'dry-run': boolean({ description: 'say what would be written, and write nothing', exclusive: ['diff'] }),
  diff: boolean({ description: 'show what would change, and write nothing; exit 1 where something would' }),
  explain: boolean({ description: 'give every line its reason, as a comment' }),
};

/** Parsed flags as options: `--gpu-memory` → `gpuMemory`. */
export function optionsOf(
  flags: Readonly<Record<string, unknown>>,
  extraArgs: readonly string[],
): Readonly<Record<string, unknown>> {
  const options = Object.keys(optionFlags).map((flag) => [
    flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    flags[flag],
  ]);
  return {
    ...Object.fromEntries(options),
    ...(extraArgs.length === 0 ? {} : { extraArgs: [...extraArgs] }),
  };
}
