import { countText } from '../../units.js';
import { toYaml } from '../../yaml.js';

/**
 * Objects that become templates hold markers: `⟦port⟧` where a value goes, `⟦#…⟧` for a line of the template itself, and
 * numbers that nothing else has where a number is wanted. Here they become what Go's templates understand.
 */

/** A value's place in a text. */
export function marker(name: keyof typeof TEXTS | keyof typeof PLAIN): string {
  return `⟦${name}⟧`;
}

/** A line of the template: `directive('end')` → `{{- end }}`. */
export function directive(text: string): string {
  return listLines(`{{- ${text} }}`);
}

/** Lines of the template, indented as the place where they stand; `<2>` is two columns more. As the name of an empty value. */
export function lines(...text: readonly string[]): Readonly<Record<string, null>> {
  return { [listLines(...text)]: null };
}

/** The same, as an item of a list. */
export function listLines(...text: readonly string[]): string {
  return `⟦#${encodeURIComponent(text.join('\n'))}⟧`;
}

const VALUES = '$.Values';
const helper = (name: string) => `include "llamactl.${name}" $`;

/** Texts of users, which are quoted where they stand alone. Those with a dot in front belong to a loop. */
const TEXTS = {
  apiKeySecret: `${VALUES}.apiKey.existingSecret`,
  apiKeyKey: `${VALUES}.apiKey.key`,
  hfTokenSecret: `${VALUES}.hfToken.existingSecret`,
  hfTokenKey: `${VALUES}.hfToken.key`,
  apiPrefix: `${VALUES}.apiPrefix`,
  alias: `(first ${VALUES}.models).alias`,
  modelPath: helper('modelPath'),
  cacheType: `${VALUES}.cacheType`,
  threads: helper('threads'),
  cacheRam: `int64 ${VALUES}.cacheRam`,
  modelCount: `len ${VALUES}.models`,
  existingClaim: `${VALUES}.persistence.existingClaim`,
  imageVolume: `${VALUES}.persistence.image`,
  storageClass: `${VALUES}.persistence.storageClass`,
  host: `${VALUES}.ingress.host`,
  routeHost: `${VALUES}.httpRoute.host`,
  routePath: `${VALUES}.apiPrefix | default "/"`,
  className: `${VALUES}.ingress.className`,
  gatewayName: `${VALUES}.httpRoute.gateway.name`,
  gatewayNamespace: `${VALUES}.httpRoute.gateway.namespace`,
  prometheusUrl: `${VALUES}.autoscaling.prometheusUrl`,
  cpuRequest: `${VALUES}.resources.requests.cpu`,
  cpuLimit: `${VALUES}.resources.limits.cpu`,
  tlsSecret: `${VALUES}.ingress.tlsSecret | default (printf "%s-tls" (${helper('fullname')}))`,
  extraArg: '.',
  eachAlias: '.alias',
  'file.name': `${'include "llamactl.shellWord" .name'}`,
  'file.url': `${'include "llamactl.shellWord" .url'}`,
  'file.bytes': `${'include "llamactl.shellWord" (.bytes | int64 | toString | trimPrefix "0")'}`,
  'file.sha256': `${'include "llamactl.shellWord" .sha256'}`,
} as const;

/** What needs no quotes, since the schema or Kubernetes sees to it. */
const PLAIN = {
  fullname: helper('fullname'),
  namespace: '$.Release.Namespace',
  releaseService: '$.Release.Service',
  serviceAccount: helper('serviceAccountName'),
  image: helper('image'),
  pullPolicy: helper('imagePullPolicy'),
  size: `${VALUES}.persistence.size`,
  ephemeralStorage: helper('ephemeralStorage'),
  memoryRequest: `${VALUES}.resources.requests.memory`,
  memoryLimit: `${VALUES}.resources.limits.memory`,
  gpuResource: `${VALUES}.gpu.resource`,
  replicas: `int64 ${VALUES}.replicas`,
  progressDeadline: helper('progressDeadline'),
  startFailures: helper('startFailures'),
  metricsUrls: helper('metricsUrls'),
  preset: helper('preset'),
  eachPort: '.',
  workloadKind: helper('workloadKind'),
} as const;

/** Numbers, far enough from each other that a sum with one of them is known by it. */
export const NUMBERS = {
  drainSeconds: 7_100_000,
  startSeconds: 7_200_000,
  parallel: 7_300_000,
  // A multiple of 256, to which contexts are rounded up.
  contextPerSlot: 7_400_192,
  autoscaleMin: 7_600_000,
  autoscaleMax: 7_700_000,
  port: 7_800_000,
  gpuCount: 7_900_000,
} as const;

const NUMBER_TEXTS: Readonly<Record<number, string>> = {
  [NUMBERS.drainSeconds]: `int64 ${VALUES}.drainSeconds`,
  [NUMBERS.startSeconds]: helper('startSeconds'),
  [NUMBERS.parallel]: `int64 ${VALUES}.parallel`,
  [NUMBERS.contextPerSlot]: helper('contextPerSlot'),
  [NUMBERS.autoscaleMin]: `int64 ${VALUES}.autoscaling.min`,
  [NUMBERS.autoscaleMax]: `int64 ${VALUES}.autoscaling.max`,
  [NUMBERS.port]: `int64 ${VALUES}.port`,
  [NUMBERS.gpuCount]: `int64 ${VALUES}.gpu.count`,
  [NUMBERS.parallel * NUMBERS.contextPerSlot]: `int64 ${VALUES}.ctxSize`,
  // What the alert on a full context and the scalers make of them.
  [Math.floor(NUMBERS.contextPerSlot * 0.98)]: `div (mul (${helper('contextPerSlot')}) 98) 100`,
  [Math.floor(NUMBERS.parallel * 0.75)]: helper('wantedRequests'),
};
/** The most that is added to one of the numbers. */
const LARGEST_SUM = 999;

/** What is repeated: items of a list, and lines of a script, and over what. */
const LOOPS: readonly (readonly [isRepeated: (item: unknown) => boolean, begin: readonly string[]])[] = [
  [(item) => typeof item === 'string' && item.includes('⟦file.'), [`range ${VALUES}.models`, 'range .files']],
  [(item) => item === marker('extraArg'), [`range ${VALUES}.extraArgs`]],
  [
    (item) => hasField(item, 'params') && JSON.stringify(item).includes(marker('eachAlias')),
    [`range ${VALUES}.models`],
  ],
  [
    (item) => hasField(item, 'port') && JSON.stringify(item).includes(marker('eachPort')),
    [`range ${helper('egressPorts')} | fromJsonArray`],
  ],
];

function hasField(item: unknown, name: string): boolean {
  return typeof item === 'object' && item !== null && name in item;
}

/** Puts what is repeated between `{{- range }}` and `{{- end }}`. */
function withLoops(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.flatMap((item) => looped(withLoops(item)));
  if (typeof tree === 'string' && tree.includes('\n')) return tree.split('\n').flatMap(looped).join('\n');
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, withLoops(value)]));
}

function looped(item: unknown): unknown[] {
  if (typeof item === 'string' && item.includes('\n')) return [item];
  const [, begin = []] = LOOPS.find(([isRepeated]) => isRepeated(item)) ?? [];
  return [...begin.map(directive), item, ...begin.map(() => directive('end'))];
}

/**
 * An object as a template.
 * @throws Error where a number of a symbolic plan is left that nothing is known of: a bug
 */
export function templateOf(tree: unknown, options: Parameters<typeof toYaml>[1] = {}): string {
  const text = toYaml(withLoops(tree), options)
    .replace(/\{\{[^`\n]*?\}\}/g, (literal) => `{{\`${literal}\`}}`)
    .replaceAll(/⟦~\d+⟧/g, '')
    .split('\n')
    .flatMap(templateLines)
    .join('\n')
    .replaceAll(/'⟦(file\.\w+)⟧'/g, '⟦$1⟧')
    .replaceAll(/(?<=(?:: |- ))"?⟦([\w.]+)⟧"?$/gm, (_, name: string) => wholeValue(name))
    .replaceAll(/⟦([\w.]+)⟧/g, (_, name: string) => `{{ ${expressionOf(name)} }}`)
    .replaceAll(/(?<!\d)(?:[57]\d{6}|54\d{12})(?!\d)/g, (digits) => numberText(Number(digits)));
  if (text.includes('⟦')) throw new Error(`a marker is left: ${/.*⟦.*/.exec(text)?.[0]}`);
  return text;
}

const DIRECTIVE = /^(\s*)(?:- )?"?⟦#([^⟧]+)⟧"?(?::(?: null)?)?$/;

function templateLines(line: string, index: number, all: readonly string[]): string[] {
  const [, indent = '', encoded] = DIRECTIVE.exec(line) ?? [];
  if (encoded === undefined) return [line];
  // The dash of a list's item must not go with it.
  if (line.startsWith(`${indent}- `) && all[index + 1]?.startsWith(`${indent}  `) === true)
    throw new Error(`an item begins with a condition: ${all[index + 1]}`);
  return decodeURIComponent(encoded)
    .split('\n')
    .map(
      (part) => indent + part.replace(/<(\d+)>/g, (_, more: string) => String(indent.length + Number(more))),
    );
}

function wholeValue(name: string): string {
  return name in TEXTS ? `{{ ${expressionOf(name)} | quote }}` : `{{ ${expressionOf(name)} }}`;
}

function expressionOf(name: string): string {
  const known: Readonly<Record<string, string>> = { ...TEXTS, ...PLAIN };
  const expression = known[name];
  if (expression === undefined) throw new Error(`no such marker: ${name}`);
  return expression;
}

function numberText(value: number): string {
  const exact = NUMBER_TEXTS[value];
  if (exact !== undefined) return `{{ ${exact} }}`;
  const [base, more] = Object.keys(NUMBER_TEXTS)
    .map((each): [number, number] => [Number(each), value - Number(each)])
    .find(([, difference]) => difference > 0 && difference <= LARGEST_SUM) ?? [0, 0];
  const expression = NUMBER_TEXTS[base];
  if (expression === undefined) throw new Error(`a number that no value gives: ${countText(value)}`);
  return `{{ add (${expression}) ${more} }}`;
}
