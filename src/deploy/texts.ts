import { shellQuote } from '../catalogue/fill.js';
import { sharesPool } from './context.js';
import { type DeployOptions, flagOf, USUAL_PROMETHEUS, VENDOR_OF } from './options.js';
import { contextPerSlotOf, type DeployPlan } from './plan.js';
import { bytesText, countText, rangeText } from './units.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** What a token of the hub is for is not done. */
export const TOKEN_UNUSED = 'nothing is fetched, so that --hf-token-secret is of no use';

/** The figures that a deployment stands on, in one line. */
export function sizingText(plan: DeployPlan): string {
  const context = `${plan.slots} slot${plan.slots === 1 ? '' : 's'} ${sharesPool(plan.options) ? 'sharing' : 'of'} ${countText(contextPerSlotOf(plan))} tokens`;
  const { sizing } = plan;
  if (sizing === null) return `${context}, memory as given`;
  const weights = sizing.models.reduce((sum, { weightsBytes }) => sum + weightsBytes, 0);
  const caches = sizing.models.map(({ kvCacheBytes }) => kvCacheBytes);
  const cache = caches.includes(null) ? null : caches.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  const total = sizing.device.totalBytes;
  return [
    context,
    `weights ${bytesText(weights)}`,
    `KV cache ${cache === null ? 'unknown' : `${bytesText(cache)} (${sizing.cacheTypeK})`}`,
    ...(total === null ? [] : [`total ${rangeText(total)}`]),
  ].join(', ');
}

/**
 * The command that gives the same files again: only what differs from the defaults, in a fixed order.
 * @param target as the command is called: `k8s`
 * @param kind flags that say in which form the files are: `--helm`
 */
export function commandText(
  { options, models }: DeployPlan,
  target: string,
  kind: readonly string[] = [],
): string {
  const words = models.flatMap(({ given }) => ['--model', given]);
  const add = (option: keyof DeployOptions, value: string | number | undefined) => {
    if (value !== undefined) words.push(flagOf(option), String(value));
  };
  add('backend', options.backend === 'cpu' ? undefined : options.backend);
  add('gpus', options.gpus > 1 ? options.gpus : undefined);
  add('gpuMemory', sizeWord(options.gpuMemory));
  add('gpuVendor', options.gpuVendor === VENDOR_OF[options.backend] ? undefined : options.gpuVendor);
  add('alias', options.alias);
  add('ctxSize', options.ctxSize);
  add('parallel', options.parallel);
  add('cacheType', options.cacheType === 'f16' ? undefined : options.cacheType);
  add('replicas', options.replicas === 1 ? undefined : options.replicas);
  add('cpu', options.cpu === (options.backend === 'cpu' ? 4 : 2) ? undefined : options.cpu);
  add('memory', sizeWord(options.memory));
  add('apiKeySecret', secretWord(options.apiKeySecret, 'api-key'));
  if (options.generateSecret) words.push(flagOf('generateSecret'));
  add('hfTokenSecret', secretWord(options.hfTokenSecret, 'token'));
  add('port', options.port === 8080 ? undefined : options.port);
  add('apiPrefix', options.apiPrefix);
  add('name', options.name === 'llama' ? undefined : options.name);
  add('namespace', options.namespace);
  add('build', options.build);
  add('image', options.image);
  add('host', options.host);
  add(
    'gateway',
    options.gateway && [options.gateway.namespace, options.gateway.name].filter(Boolean).join('/'),
  );
  add('ingressClass', options.ingressClass);
  add('storage', storageWord(options.storage));
  add('storageClass', options.storageClass);
  if (options.monitoring) words.push(flagOf('monitoring'));
  add('autoscale', options.autoscale && `${options.autoscale.min}..${options.autoscale.max}`);
  add('autoscaler', options.autoscale && options.autoscaler !== 'keda' ? options.autoscaler : undefined);
  add(
    'prometheusUrl',
    options.autoscale && options.prometheusUrl !== USUAL_PROMETHEUS ? options.prometheusUrl : undefined,
  );
  add('loadBalancer', options.loadBalancer === 'haproxy' ? undefined : options.loadBalancer);
  const extra = options.extraArgs.length === 0 ? [] : ['--', ...options.extraArgs];
  return ['llamactl', 'deploy-gen', target, ...kind, ...words, ...extra].map(shellQuote).join(' ');
}

function sizeWord(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  return bytes % GIB === 0 ? `${bytes / GIB}GiB` : `${Number((bytes / MIB).toFixed(3))}MiB`;
}

function secretWord(secret: DeployOptions['apiKeySecret'], usual: string): string | undefined {
  return secret === undefined || secret.key === usual ? secret?.name : `${secret.name}/${secret.key}`;
}

function storageWord(storage: DeployOptions['storage']): string | undefined {
  switch (storage?.kind) {
    case undefined:
      return undefined;
    case 'image':
      return `image:${storage.reference}`;
    case 'claim':
      return `pvc:${storage.name}`;
    default:
      return storage?.kind;
  }
}
