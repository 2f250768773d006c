import { usageError } from '../errors/llamactl-error.js';
import { type ContextChoice, sharesPool } from './context.js';
import type { DeployModel } from './model-source.js';
import type { DeployOptions } from './options.js';
import { checkFlags } from './server-flags/check.js';
import { type FlagTable, tableFor } from './server-flags/tables.js';
import { cacheRamOnTrust } from './sizing.js';

/** One of llama-server's flags, and why it is given. */
export interface ServerFlag {
  readonly flag: string;
  /** Null for a flag that stands alone. */
  readonly value: string | null;
  readonly why: string;
}

/** Where things are in the container, the same for every target. */
export const PATHS = {
  models: '/models',
  preset: '/etc/llama/models.ini',
  secrets: '/run/secrets/llama',
  apiKey: '/run/secrets/llama/api-key',
} as const;

const MIB = 1024 ** 2;

/** Other spellings of what llamactl sets by itself, and of what must not stand in a manifest. */
const OURS: Readonly<Record<string, string>> = {
  '-m': '--model',
  '--model': '--model',
  '-mu': '--model',
  '--model-url': '--model',
  '-hf': '--model',
  '-hfr': '--model',
  '--hf-repo': '--model',
  '--models-dir': '--model',
  '--models-preset': '--model',
  '--models-max': '--model',
  '-a': '--alias',
  '--alias': '--alias',
  '-c': '--ctx-size',
  '--ctx-size': '--ctx-size',
  '-np': '--parallel',
  '--parallel': '--parallel',
  '-ctk': '--cache-type',
  '--cache-type-k': '--cache-type',
  '-ctv': '--cache-type',
  '--cache-type-v': '--cache-type',
  '-ngl': '--gpus',
  '--gpu-layers': '--gpus',
  '--n-gpu-layers': '--gpus',
  '-t': '--cpu',
  '--threads': '--cpu',
  '-cram': '--memory',
  '--cache-ram': '--memory',
  '--port': '--port',
  '--api-prefix': '--api-prefix',
  '--api-key': '--api-key-secret',
  '--api-key-file': '--api-key-secret',
  '-hft': '--hf-token-secret',
  '--hf-token': '--hf-token-secret',
};

/** The flags that llamactl sets by itself, in all their spellings. */
export function flagsOfOurs(): readonly string[] {
  return Object.keys(OURS);
}

/**
 * What llama-server is started with: the same whatever the target, since targets only write it down.
 * @throws LlamactlError (usage) where a flag of the user's own is one of ours
 */
export function serverFlags(
  options: DeployOptions,
  models: readonly DeployModel[],
  context: ContextChoice,
): ServerFlag[] {
  const flags: ServerFlag[] = [];
  const add = (flag: string, value: string | number | null, why: string) =>
    flags.push({ flag, value: value === null ? null : String(value), why });

  const [first] = models;
  if (models.length > 1) {
    add('--models-preset', PATHS.preset, 'router mode: names the models, and loads them at the start');
    add('--models-max', models.length, 'all of them stay loaded; the memory is counted for that');
  } else if (first !== undefined) {
    add('--model', modelPath(first), 'the first file; its other shards are found beside it');
    add('--alias', first.alias, 'what clients ask for, and what metrics and logs call it');
  }
  add('--host', '0.0.0.0', 'inside the container; who may reach it is decided outside');
  add('--port', options.port, 'the same inside and outside, and in every probe');
  if (options.apiPrefix !== undefined) add('--api-prefix', options.apiPrefix, 'every path begins with it');
  if (options.apiKeySecret !== undefined)
    add(
      '--api-key-file',
      PATHS.apiKey,
      'read from a mounted secret: a key as a flag shows in the process list',
    );
  add(
    '--ctx-size',
    context.contextSize,
    sharesPool(options)
      ? 'tokens in all, a pool that the slots share; the default is all that the model was trained for'
      : `tokens in all, ${Math.floor(context.contextSize / context.slots).toLocaleString('en-US')} for each slot; the default is all that the model was trained for`,
  );
  add(
    '--parallel',
    context.slots,
    'slots: requests answered at the same time, each with its share of the context',
  );
  if (options.cacheType !== 'f16') {
    add('--cache-type-k', options.cacheType, 'a smaller KV cache');
    add('--cache-type-v', options.cacheType, 'a smaller KV cache');
    add('--flash-attn', 'on', 'a quantised cache needs it');
  }
  if (options.gpus > 0)
    add('--n-gpu-layers', 'all', 'the sizing has shown that every layer fits the GPU memory');
  add(
    '--threads',
    Math.max(1, Math.floor(options.cpu)),
    'the CPU limit as a whole number: llama-server does not see the limit, and with more threads is 4 to 40 times slower',
  );
  add(
    '--cache-ram',
    Math.floor(cacheRam(options, context) / MIB),
    'MiB of host memory for prompts that were read before; the default of 8192 is more than the limit leaves',
  );
  add('--metrics', null, 'counters for Prometheus, and for the drain before a stop');
  return [...flags, ...ownFlags(options)];
}

/** The flags as words. */
export function argsOf(flags: readonly ServerFlag[]): string[] {
  return flags.flatMap(({ flag, value }) => (value === null ? [flag] : [flag, value]));
}

/** Where llama-server finds a model. */
export function modelPath({ files }: DeployModel): string {
  return `${PATHS.models}/${files[0]?.name ?? ''}`;
}

/** The presets of a router (`tools/server/README.md`, "Model presets"). */
export function modelsPreset(models: readonly DeployModel[]): string {
  const sections = models.map(
    (model) => `[${model.alias}]\nmodel = ${modelPath(model)}\nload-on-startup = true\n`,
  );
  return ['version = 1\n', ...sections].join('\n');
}

function cacheRam(options: DeployOptions, { sizing }: ContextChoice): number {
  return sizing?.host.cacheRamBytes ?? cacheRamOnTrust(options.memory ?? 0);
}

/** The table of the build whose image is deployed. */
function tableOf({ build, image }: DeployOptions): FlagTable {
  const [, number] = /-?b(\d+)(?:@|$)/.exec(build ?? image ?? '') ?? [];
  return tableFor(number === undefined ? null : Number(number));
}

/** What the build says of the user's own flags, where it takes them all the same. */
export function flagWarnings(options: DeployOptions): string[] {
  return checkFlags(options.extraArgs, tableOf(options))
    .filter(({ severity }) => severity === 'warning')
    .map(({ word, message, instead }) => `${word} ${message}${instead === null ? '' : `: ${instead}`}`);
}

function ownFlags(options: DeployOptions): ServerFlag[] {
  const words = options.extraArgs;
  const wrong = checkFlags(words, tableOf(options)).find(({ severity }) => severity === 'error');
  const flags: ServerFlag[] = [];
  for (const word of words) {
    const ours = OURS[word.split('=', 1)[0] ?? ''];
    if (ours !== undefined) {
      throw usageError(`${word} after --: llamactl sets it, so that the manifests agree with it`, [
        { text: 'Give it as a flag of this command:', commands: [ours] },
      ]);
    }
    const previous = flags.at(-1);
    if (word.startsWith('-') && !/^-\d/.test(word))
      flags.push({ flag: word, value: null, why: 'as you asked' });
    else if (previous !== undefined && previous.value === null)
      flags[flags.length - 1] = { ...previous, value: word };
    else throw usageError(`${word} after --: a flag of llama-server is expected, such as --jinja`);
  }
  if (wrong !== undefined) {
    const { word, message, instead } = wrong;
    throw usageError(
      `${word} after --: it ${message}`,
      instead === null ? [] : [{ text: 'Write instead:', commands: [instead] }],
    );
  }
  return flags;
}
