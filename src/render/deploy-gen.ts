import type { Outcome } from '../deploy/deliver.js';
import type { DeployPlan } from '../deploy/plan.js';
import type { ModelSizing, Sizing } from '../deploy/sizing.js';
import type { NextStep } from '../deploy/target.js';
import type { PlannedFile } from '../deploy/write.js';
import { bytes, count, parameters, plural } from './format.js';
import { bold, mark } from './symbols.js';
import { wrap } from './width.js';

/** Files that are named; a chart has many more than anybody reads. */
const MOST_NAMES = 12;

/** What is deployed where, and the figures behind it. */
export function renderDeployment(plan: DeployPlan, width: number): string {
  const { options, sizing, models } = plan;
  const where =
    options.gpus === 0
      ? plural(options.cpu, 'CPU')
      : `${options.gpus} × ${options.gpuVendor ?? options.backend}${options.gpuMemory === undefined ? '' : ` (${bytes(options.gpuMemory)})`}`;
  const names = models.map(({ alias }) => alias).join(', ');
  if (sizing === null) return bold(`${names} on ${where}, ${bytes(plan.memoryBytes)} as given`);
  const head = `${names} on ${where}, ${plural(sizing.slots, 'slot')} ${sizing.unified ? 'sharing' : 'of'} ${count(sizing.contextPerSlot)} tokens`;
  const rows = [
    ...sizing.models.flatMap((model) => modelRows(model, sizing, sizing.models.length > 1)),
    ...totalRows(plan, sizing),
  ];
  const labels = Math.max(...rows.map(([label]) => label.length));
  const values = Math.max(...rows.filter(([label]) => label !== 'total').map(([, value]) => value.length));
  return [
    bold(wrap(head, width)),
    ...rows.map(([label, value, note]) =>
      `  ${label.padEnd(labels)}  ${note === '' ? value : `${value.padEnd(values)}  ${note}`}`.trimEnd(),
    ),
  ].join('\n');
}

type Row = readonly [label: string, value: string, note: string];

function modelRows(model: ModelSizing, sizing: Sizing, named: boolean): Row[] {
  const of = named ? ` of ${model.name}` : '';
  const facts = [
    model.architecture,
    model.quantization ?? '',
    `${parameters(model.parameters)} parameters`,
  ].filter((fact) => fact !== '');
  return [
    ['weights', bytes(model.weightsBytes), `exact${of}: ${facts.join(', ')}`],
    model.kvCacheBytes === null || model.kvCache === null
      ? ['KV cache', 'not known', model.unknown ?? '']
      : ['KV cache', bytes(model.kvCacheBytes), `exact${of}: ${cacheText(model.kvCache, sizing)}`],
    ...(model.computeBytes === null
      ? []
      : [['compute', range(model.computeBytes), named ? `of ${model.name}` : ''] as const]),
  ];
}

function cacheText(cache: NonNullable<ModelSizing['kvCache']>, sizing: Sizing): string {
  const window = cache.windowCells === 0 ? '' : `, ${count(cache.windowCells)} in windows`;
  return `${sizing.cacheTypeK}, ${plural(cache.layers, 'layer')} × ${count(cache.cells)} cells${window}`;
}

function totalRows(plan: DeployPlan, { device, host, contextSize }: Sizing): Row[] {
  const more = plan.largestContextSize === null ? 0 : plan.largestContextSize - contextSize;
  const room = more > 0 ? `room for ${count(more)} tokens more` : '';
  const total: Row[] =
    device.totalBytes === null
      ? []
      : [
          [
            'total',
            `${range(device.totalBytes)}${device.capacityBytes === null ? '' : ` of ${bytes(device.capacityBytes)}`}`,
            [device.fits === true ? mark('good') : '', room].filter((part) => part !== '').join('  '),
          ],
        ];
  return [
    ['prompts', `to ${bytes(host.cacheRamBytes)}`, 'kept in host memory for reuse (--cache-ram)'],
    ...total,
    ['memory', bytes(plan.memoryBytes), 'limit of the container'],
  ];
}

/** `0.60–0.90 GiB` */
function range({ min, max }: { readonly min: number; readonly max: number }): string {
  const [low, high] = [bytes(min), bytes(max)];
  if (low === high) return low;
  const [number = '', unit = ''] = low.split(' ');
  return high.endsWith(` ${unit}`) ? `${number}–${high}` : `${low}–${high}`;
}

/** What to know before relying on it, a mark before each. */
export function renderWarnings(warnings: readonly string[], width: number): string {
  return warnings.map((warning) => `! ${wrap(warning, width - 2).replaceAll('\n', '\n  ')}`).join('\n');
}

/** What became of the files, and what to type next. */
export function renderOutcome(outcome: Outcome, width: number): string {
  switch (outcome.kind) {
    case 'document':
      return '';
    case 'diff':
      return outcome.text === ''
        ? `${outcome.folder}/: nothing would change`
        : `${outcome.folder}/ would change: --force writes it`;
    case 'stream':
      return renderNext(outcome.next, width);
    case 'files':
      return outcome.written
        ? `${wrap(written(outcome.folder, outcome.files), width)}\n${renderNext(outcome.next, width)}`
        : [
            `would write to ${outcome.folder}/`,
            ...outcome.files.map(({ path, state }) => `  ${state.padEnd(9)}  ${path}`),
          ].join('\n');
  }
}

function written(folder: string, files: readonly PlannedFile[]): string {
  const changed = files.filter(({ state }) => state !== 'unchanged');
  if (changed.length === 0) return `${plural(files.length, 'file')} in ${folder}/: nothing to change`;
  const same = files.length - changed.length;
  const shown = changed.length > MOST_NAMES ? MOST_NAMES - 1 : changed.length;
  const names = [
    ...changed.slice(0, shown).map(({ path }) => path),
    ...(shown < changed.length ? [`${changed.length - shown} more`] : []),
  ].join(', ');
  return `wrote ${plural(changed.length, 'file')} to ${folder}/: ${names}${same === 0 ? '' : `; ${same} unchanged`}`;
}

/** Commands stand alone on their lines, to be copied. */
function renderNext(steps: readonly NextStep[], width: number): string {
  return [
    '',
    ...steps.flatMap(({ text, commands }) => [
      wrap(text, width, '  '),
      ...commands.map((command) => `    ${command}`),
    ]),
  ].join('\n');
}
