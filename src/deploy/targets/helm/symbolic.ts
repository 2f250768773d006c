import type { DeployModel } from '../../model-source.js';
import { parseOptions } from '../../options.js';
import { type DeployPlan, planDeployment } from '../../plan.js';
import { awaitScript, downloadScript } from '../../scripts.js';
import { MODEL_CONTAINER, type ModelStorage } from '../k8s/storage.js';
import { type Condition, is, negated } from './condition.js';
import { marker, NUMBERS } from './markup.js';
import { PAIR } from './merge.js';

/** What a deployment may be in ways that change the shape of its objects. */
export interface Shape {
  readonly key: boolean;
  readonly prefix: boolean;
  readonly token: boolean;
  readonly gpu: boolean;
  readonly quantizedCache: boolean;
  readonly router: boolean;
  readonly replicated: boolean;
  readonly autoscale: 'keda' | 'hpa' | null;
  readonly monitoring: boolean;
  readonly route: 'ingress' | 'gateway' | null;
  readonly ingressClass: boolean;
  readonly gatewayNamespace: boolean;
  readonly storageClass: boolean;
  readonly storage: ModelStorage['kind'];
  /** How the model comes into the volume. */
  readonly bring: 'fetch' | 'await' | 'none';
}

/** Most of what there is, so that one option at a time can be taken away. */
const BASE: Shape = {
  key: true,
  prefix: true,
  token: true,
  gpu: true,
  quantizedCache: true,
  router: false,
  replicated: false,
  autoscale: null,
  monitoring: true,
  route: 'ingress',
  ingressClass: true,
  gatewayNamespace: true,
  storageClass: true,
  storage: 'own',
  bring: 'fetch',
};

const V = '$.Values';
/** Conditions of a chart's values. */
export const WHEN = {
  key: is(`${V}.apiKey.existingSecret`),
  prefix: is(`${V}.apiPrefix`),
  token: is(`${V}.hfToken.existingSecret`),
  gpu: is(`${V}.gpu.count`),
  quantizedCache: is(`ne ${V}.cacheType "f16"`),
  router: is(`gt (len ${V}.models) 1`),
  replicated: is('include "llamactl.replicated" $'),
  perReplica: is('include "llamactl.perReplica" $'),
  autoscaling: is(`${V}.autoscaling.enabled`),
  scraped: is(`or ${V}.monitoring.enabled ${V}.autoscaling.enabled`),
  ingress: is(`${V}.ingress.enabled`),
  httpRoute: is(`${V}.httpRoute.enabled`),
  ingressClass: is(`${V}.ingress.className`),
  gatewayNamespace: is(`${V}.httpRoute.gateway.namespace`),
  storageClass: is(`${V}.persistence.storageClass`),
} as const satisfies Readonly<Record<string, Condition>>;

/** The storage kinds, by the name that values give them. */
export function isStorage(kind: 'pvc' | 'claim' | 'emptydir' | 'image'): Condition {
  return is(`eq ${V}.persistence.kind "${kind}"`);
}

export function brings(how: 'fetch' | 'await'): Condition {
  return is(`eq (include "llamactl.bring" $) "${how}"`);
}

/** What is told apart from the base by one option: its conditions, and what it changes. */
export type Change = readonly [base: Condition, ...(readonly [when: Condition, change: Partial<Shape>])[]];

const off = (name: keyof Shape & keyof typeof WHEN): Change => [
  WHEN[name],
  [negated(WHEN[name]), { [name]: false }],
];
const on = (name: 'router' | 'replicated'): Change => [negated(WHEN[name]), [WHEN[name], { [name]: true }]];

export const CHANGES = {
  key: off('key'),
  prefix: off('prefix'),
  token: off('token'),
  gpu: off('gpu'),
  quantizedCache: off('quantizedCache'),
  ingressClass: off('ingressClass'),
  gatewayNamespace: off('gatewayNamespace'),
  storageClass: off('storageClass'),
  router: on('router'),
  replicated: on('replicated'),
  autoscale: [negated(WHEN.autoscaling), [WHEN.autoscaling, { autoscale: 'keda' }]],
  scraped: [WHEN.scraped, [negated(WHEN.scraped), { monitoring: false }]],
  route: [
    WHEN.ingress,
    [WHEN.httpRoute, { route: 'gateway' }],
    [negated(is(`or ${V}.ingress.enabled ${V}.httpRoute.enabled`)), { route: null }],
  ],
  storage: [
    isStorage('pvc'),
    [isStorage('claim'), { storage: 'claim' }],
    [isStorage('emptydir'), { storage: 'emptydir' }],
    [isStorage('image'), { storage: 'image' }],
  ],
  perReplica: [negated(WHEN.perReplica), [WHEN.perReplica, { storage: 'own-each' }]],
  bring: [
    brings('fetch'),
    [brings('await'), { bring: 'await' }],
    [negated(is('include "llamactl.bring" $')), { bring: 'none' }],
  ],
} as const satisfies Readonly<Record<string, Change>>;

/** A plan whose values are markers. */
export interface SymbolicPlan {
  readonly plan: DeployPlan;
  readonly storage: ModelStorage;
}

/**
 * The plan that templates are made from.
 * @param change what is not as in the base, which has most of what there is
 */
export function symbolicPlan(change: Partial<Shape> = {}): SymbolicPlan {
  const shape = { ...BASE, ...change };
  const name = JSON.stringify(shape);
  const known = PLANS.get(name);
  if (known !== undefined) return known;
  const plan = planOf(shape);
  const made = { plan, storage: storageIn(shape, plan.models) };
  PLANS.set(name, made);
  return made;
}

/** Those that were made already: every template asks for the same few. */
const PLANS = new Map<string, SymbolicPlan>();

/** Where a model is fetched from, beside 443. */
export const URL_PORT = 61_999;

const MODEL: DeployModel = {
  given: 'model.gguf',
  alias: marker('alias'),
  files: [
    {
      name: marker('file.name'),
      sizeBytes: null,
      url: `https://models.invalid:${URL_PORT}/`,
      sha256: marker('file.sha256'),
    },
  ],
  folder: null,
  header: null,
  alternatives: [],
  warnings: [],
};

function planOf(shape: Shape): DeployPlan {
  const settled = parseOptions({
    model: MODEL.given,
    memory: '1GiB',
    ...(shape.gpu ? { backend: 'cuda' } : {}),
    ...(shape.quantizedCache ? { cacheType: 'q8_0' } : {}),
    ...(shape.key ? { apiKeySecret: 'key' } : {}),
    ...(shape.prefix ? { apiPrefix: '/prefix' } : {}),
    ...(shape.replicated ? { replicas: 2 } : {}),
  });
  const real = planDeployment(settled, [MODEL]);
  const options: DeployPlan['options'] = {
    ...settled,
    name: marker('fullname'),
    namespace: marker('namespace'),
    port: NUMBERS.port,
    apiPrefix: shape.prefix ? marker('apiPrefix') : undefined,
    apiKeySecret: shape.key ? { name: marker('apiKeySecret'), key: marker('apiKeyKey') } : undefined,
    hfTokenSecret: shape.token ? { name: marker('hfTokenSecret'), key: marker('hfTokenKey') } : undefined,
    host: shape.route === null ? undefined : marker(shape.route === 'ingress' ? 'host' : 'routeHost'),
    gateway:
      shape.route === 'gateway'
        ? {
            name: marker('gatewayName'),
            ...(shape.gatewayNamespace ? { namespace: marker('gatewayNamespace') } : {}),
          }
        : undefined,
    ingressClass: shape.ingressClass ? marker('className') : undefined,
    storageClass: shape.storageClass ? marker('storageClass') : undefined,
    storage:
      shape.storage === 'claim'
        ? { kind: 'claim', name: marker('existingClaim') }
        : shape.storage === 'image'
          ? { kind: 'image', reference: marker('imageVolume') }
          : undefined,
    monitoring: shape.monitoring,
    autoscale:
      shape.autoscale === null ? undefined : { min: NUMBERS.autoscaleMin, max: NUMBERS.autoscaleMax },
    autoscaler: shape.autoscale ?? 'keda',
    prometheusUrl: marker('prometheusUrl'),
  };
  const prefix = options.apiPrefix ?? '';
  return {
    ...real,
    options,
    models: [MODEL],
    routed: shape.router ? [marker('eachAlias')] : [],
    contextSize: NUMBERS.parallel * NUMBERS.contextPerSlot,
    slots: NUMBERS.parallel,
    image: { reference: marker('image'), pinned: true },
    args: argsIn(real.args, shape),
    preset: shape.router ? marker('preset') : null,
    health: { path: `${prefix}/health`, needsKey: shape.prefix && shape.key },
    startSeconds: NUMBERS.startSeconds,
    drainSeconds: NUMBERS.drainSeconds,
  };
}

/** Flags, each with its marker. What has none here stands in a template as it is. */
const FLAG_VALUES: Readonly<Record<string, string>> = {
  '--model': marker('modelPath'),
  '--alias': marker('alias'),
  '--models-max': marker('modelCount'),
  '--port': String(NUMBERS.port),
  '--api-prefix': marker('apiPrefix'),
  '--ctx-size': String(NUMBERS.parallel * NUMBERS.contextPerSlot),
  '--parallel': String(NUMBERS.parallel),
  '--cache-type-k': marker('cacheType'),
  '--cache-type-v': marker('cacheType'),
  '--threads': marker('threads'),
  '--cache-ram': marker('cacheRam'),
};

/** The arguments, each flag together with its value, so that it is found again in other shapes. */
function argsIn(args: readonly string[], { router }: Shape): string[] {
  const real = router ? planDeployment(parseOptions({ model: ['a', 'b'], memory: '1GiB' }), ROUTER).args : [];
  const own = ['--models-preset', '--models-max', '--model', '--alias'];
  const paired = pairs(args).filter(([flag = '']) => !router || !own.includes(flag));
  const first = pairs(real).filter(([flag = '']) => own.includes(flag));
  return [...first, ...paired, [marker('extraArg')]].map(([flag = '', value]) =>
    value === undefined ? flag : `${flag}${PAIR}${FLAG_VALUES[flag] ?? value}`,
  );
}

const ROUTER: readonly DeployModel[] = ['a', 'b'].map((alias) => ({ ...MODEL, alias }));

/** Flags with their values. */
function pairs(args: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const word of args) {
    if (word.startsWith('--')) found.push([word]);
    else found.at(-1)?.push(word);
  }
  return found;
}

function storageIn({ storage, bring, token }: Shape, models: readonly DeployModel[]): ModelStorage {
  // A file's length is a number, which scripts quote no less.
  const sized = (script: string) => script.replaceAll(/(⟦file\.url⟧'?) ''/g, `$1 ${marker('file.bytes')}`);
  const marked = models.map((model) => ({
    ...model,
    files: model.files.map((file) => ({ ...file, url: marker('file.url') })),
  }));
  const script = {
    fetch: () => sized(downloadScript(marked, token)),
    await: () =>
      awaitScript(marked, MODEL_CONTAINER).replaceAll(/(⟦file\.name⟧'?) ''/g, `$1 ${marker('file.bytes')}`),
    none: () => null,
  }[bring]();
  return { kind: storage, script, fetches: bring === 'fetch' };
}
