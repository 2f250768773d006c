import type { DeployModel } from '../../src/deploy/model-source.js';
import { type DeployOptions, parseOptions } from '../../src/deploy/options.js';
import { type DeployPlan, planDeployment } from '../../src/deploy/plan.js';
import { HUB_MODEL, LOCAL_MODEL, SECOND_HUB_MODEL, SPLIT_HUB_MODEL, URL_MODEL } from './models.js';

/** Values of each option; `undefined` is not given. */
const DIMENSIONS = {
  model: ['hub', 'url', 'local', 'split', 'router'],
  backend: [undefined, 'cuda', 'cuda13', 'rocm', 'vulkan', 'intel', 'musa'],
  gpus: [undefined, 2],
  gpuMemory: [undefined, '24GiB'],
  context: [undefined, 'small', 'one-slot'],
  cacheType: [undefined, 'q8_0'],
  scale: [undefined, 'three', 'keda', 'hpa'],
  cpu: [undefined, '500m', '6'],
  memory: [undefined, '20GiB'],
  apiKeySecret: [undefined, 'llama-key', 'team.secrets/llm_key'],
  apiPrefix: [undefined, '/llm'],
  port: [undefined, 9090],
  name: [undefined, 'qwen-3-coder-of-the-platform-team'],
  namespace: [undefined, 'ai'],
  image: [undefined, 'build', 'digest'],
  host: [undefined, 'ingress', 'gateway'],
  storage: [undefined, 'pvc:shared', 'emptydir', 'image:registry.example.com/models/qwen:1'],
  storageClass: [undefined, 'fast'],
  monitoring: [undefined, true],
  loadBalancer: [undefined, 'nginx'],
  hfTokenSecret: [undefined, 'hub-token'],
  extraArgs: [undefined, ['--jinja', '--temp', '0.2']],
} as const;

type Dimension = keyof typeof DIMENSIONS;
type Choice = { readonly [Name in Dimension]: (typeof DIMENSIONS)[Name][number] };

const MODELS: Readonly<Record<Choice['model'], readonly DeployModel[]>> = {
  hub: [HUB_MODEL],
  url: [URL_MODEL],
  local: [LOCAL_MODEL],
  split: [SPLIT_HUB_MODEL],
  router: [HUB_MODEL, SECOND_HUB_MODEL],
};

/** A set of options that a user could give. */
export interface MatrixCase {
  /** What is not the default, for test names. */
  readonly name: string;
  readonly options: DeployOptions;
  readonly plan: DeployPlan;
}

/** Enough that every pair of values comes together at least once, and more. */
const CASES = 128;

/** Option sets in which every two values of any two options come together, as far as they go together; always the same. */
export function optionMatrix(): MatrixCase[] {
  const random = seeded(20_261_124);
  const rows = pairwise(random);
  while (rows.length < CASES) rows.push(randomRow(random));
  return rows.map((row, index) => caseOf(row, index));
}

/** The sets that show most. */
export function sample(cases: readonly MatrixCase[], count: number): MatrixCase[] {
  // A default is a value too: storage of its own is what makes a StatefulSet.
  const valuesOf = ({ name }: MatrixCase) =>
    Object.keys(DIMENSIONS).map(
      (option) => name.split(' ').find((word) => word.startsWith(`${option}=`)) ?? option,
    );
  return sampleBy(cases, valuesOf, count);
}

/**
 * The items that show most: each the one in which most values meet for the first time.
 * @param valuesOf what is in an item
 */
export function sampleBy<T>(
  items: readonly T[],
  valuesOf: (item: T) => readonly string[],
  count: number,
): T[] {
  const seen = new Set<string>();
  const rest = items.map((item) => {
    const values = valuesOf(item);
    return { item, pairs: values.flatMap((one, at) => values.slice(at).map((other) => `${one} ${other}`)) };
  });
  return Array.from({ length: Math.min(count, items.length) }, () => {
    const gain = ({ pairs }: { readonly pairs: readonly string[] }) =>
      pairs.filter((pair) => !seen.has(pair)).length;
    const best = rest.reduce((sofar, each) => (gain(each) > gain(sofar) ? each : sofar));
    for (const pair of best.pairs) seen.add(pair);
    return best.item;
  });
}

function caseOf(row: readonly number[], index: number): MatrixCase {
  const names = Object.keys(DIMENSIONS) as Dimension[];
  const choice = possible(
    Object.fromEntries(names.map((name, at) => [name, DIMENSIONS[name][row[at] ?? 0]])) as Choice,
  );
  const { model, context, scale, image, host, ...plain } = choice;
  const options = parseOptions({
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    model: MODELS[model].map(({ given }) => given),
    ...(context === 'small' ? { ctxSize: 8192, parallel: 2 } : {}),
    ...(context === 'one-slot' ? { ctxSize: 16_384, parallel: 1 } : {}),
    ...(scale === 'three' ? { replicas: 3 } : {}),
    ...(scale === 'keda' ? { autoscale: '1..4' } : {}),
    ...(scale === 'hpa' ? { autoscale: '2..4', autoscaler: 'hpa' } : {}),
    ...(image === 'build' ? { build: 'b11434' } : {}),
    ...(image === 'digest' ? { image: `registry.example.com/llama.cpp@sha256:${'0'.repeat(64)}` } : {}),
    ...(host === undefined ? {} : { host: 'llm.example.com' }),
    ...(host === 'gateway' ? { gateway: 'infra/public' } : {}),
    ...(host === 'ingress' ? { ingressClass: 'nginx' } : {}),
    ...(choice.backend === 'vulkan' ? { gpuVendor: 'amd' } : {}),
  });
  const given = Object.entries(choice).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
  return {
    name: `${String(index + 1).padStart(3, '0')} ${given.join(' ')}`,
    options,
    plan: planDeployment(options, MODELS[model]),
  };
}

/** What cannot be given together is put right, as the error messages tell users to. */
function possible(choice: Choice): Choice {
  return {
    ...choice,
    ...(choice.backend === undefined ? { gpus: undefined, gpuMemory: undefined } : {}),
    ...(choice.host !== undefined && choice.apiKeySecret === undefined
      ? { apiKeySecret: 'llama-key' as const }
      : {}),
    ...(choice.model === 'local' && choice.storage === 'emptydir' ? { storage: undefined } : {}),
    ...(choice.model === 'local' &&
    (choice.scale === 'keda' || choice.scale === 'hpa') &&
    (choice.storage === undefined || choice.storage === 'emptydir')
      ? { storage: 'pvc:shared' as const }
      : {}),
  };
}

/** Rows of value positions that hold every pair of values of every two dimensions: greedy, a row at a time. */
function pairwise(random: () => number): number[][] {
  const sizes = Object.values(DIMENSIONS).map((values) => values.length);
  const open = new Set<string>();
  const key = (a: number, x: number, b: number, y: number) =>
    a < b ? `${a}.${x}-${b}.${y}` : `${b}.${y}-${a}.${x}`;
  for (let a = 0; a < sizes.length; a++) {
    for (let b = a + 1; b < sizes.length; b++) {
      for (let x = 0; x < (sizes[a] ?? 0); x++)
        for (let y = 0; y < (sizes[b] ?? 0); y++) open.add(key(a, x, b, y));
    }
  }
  const rows: number[][] = [];
  while (open.size > 0) {
    const [first = ''] = open;
    const row = new Map<number, number>(
      first.split('-').map((part) => {
        const [dimension, value] = part.split('.').map(Number);
        return [dimension ?? 0, value ?? 0];
      }),
    );
    const rest = sizes.map((_, dimension) => dimension).filter((dimension) => !row.has(dimension));
    rest.sort(() => random() - 0.5);
    for (const dimension of rest) {
      const gains = Array.from({ length: sizes[dimension] ?? 0 }, (_, value) => ({
        value,
        gain: [...row].filter(([other, chosen]) => open.has(key(dimension, value, other, chosen))).length,
      }));
      const best = Math.max(...gains.map(({ gain }) => gain));
      const candidates = gains.filter(({ gain }) => gain === best);
      row.set(dimension, candidates[Math.floor(random() * candidates.length)]?.value ?? 0);
    }
    for (const [a, x] of row) for (const [b, y] of row) if (a < b) open.delete(key(a, x, b, y));
    rows.push(sizes.map((_, dimension) => row.get(dimension) ?? 0));
  }
  return rows;
}

function randomRow(random: () => number): number[] {
  return Object.values(DIMENSIONS).map((values) => Math.floor(random() * values.length));
}

/** Numbers from 0 to 1, the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
