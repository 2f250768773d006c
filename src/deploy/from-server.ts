import { basename } from 'node:path';
import type { LlamaCppClient } from '../client/llama-client.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import type { Props } from '../wire/props.js';
import type { OptionsInput } from './options.js';
import { bytesText } from './units.js';

/** What a running server is started with, as far as it tells. */
export interface Adopted {
  readonly options: OptionsInput;
  /** What was read, and what it does not tell. */
  readonly notes: readonly string[];
}

/** What answers are drawn with where a request says nothing: as `/props` calls it, the flag, and llama-server's own default. */
const SAMPLING: readonly (readonly [name: string, flag: string, usual: number])[] = [
  ['temperature', '--temp', 0.8],
  ['top_k', '--top-k', 40],
  ['top_p', '--top-p', 0.95],
  ['min_p', '--min-p', 0.05],
  ['typical_p', '--typical', 1],
  ['xtc_probability', '--xtc-probability', 0],
  ['repeat_last_n', '--repeat-last-n', 64],
  ['repeat_penalty', '--repeat-penalty', 1],
  ['presence_penalty', '--presence-penalty', 0],
  ['frequency_penalty', '--frequency-penalty', 0],
  ['dry_multiplier', '--dry-multiplier', 0],
];

/** Where `--parallel` is not given; they share one pool then. */
const DEFAULT_SLOTS = 4;

/**
 * Reads a live server, so that a deployment of the same can be written. Wakes no sleeper and loads no model.
 * @throws LlamactlError where it cannot be asked, (usage) where it is a router
 */
export async function adoptServer(client: LlamaCppClient, signal?: AbortSignal): Promise<Adopted> {
  const call = signal === undefined ? {} : { signal };
  const props = await client.props(call);
  if (props.role === 'router') {
    throw usageError(`${client.baseUrl} is a router, which does not tell where its models are from`, [
      { text: 'Name them instead:', commands: ['--model FIRST.gguf --model SECOND.gguf'] },
    ]);
  }
  const slots = props.total_slots ?? null;
  const perSlot = props.default_generation_settings?.n_ctx ?? null;
  const [, build] = /^b(\d{4,6})-/.exec(props.build_info ?? '') ?? [];
  const { pathname, port, protocol } = new URL(client.baseUrl);
  const prefix = pathname.replace(/\/$/, '');
  const needsKey = await refusesWithoutKey(client, signal);
  const [model] = await client.models(call).catch(() => []);
  const path = props.model_path ?? null;
  // As llama-server has it by itself: four slots, each of which may have all that the model was trained for.
  const shares = slots === DEFAULT_SLOTS && perSlot !== null && perSlot === model?.contextTrained;
  const shown = argumentsOf(props);
  const extraArgs = [...shown, ...(shares ? ['--kv-unified'] : [])];
  return {
    options: {
      ...(path === null ? {} : { model: path }),
      ...(slots === null || perSlot === null
        ? {}
        : { parallel: slots, ctxSize: shares ? perSlot : slots * perSlot }),
      ...(build === undefined ? {} : { build: `b${build}` }),
      // Behind TLS is somebody else's port.
      ...(protocol === 'http:' && Number(port) >= 1024 ? { port: Number(port) } : {}),
      ...(prefix === '' ? {} : { apiPrefix: prefix }),
      ...(needsKey ? { apiKeySecret: 'llama-api-key' } : {}),
      ...aliasOf(props.model_alias, path),
      ...(extraArgs.length === 0 ? {} : { extraArgs }),
    },
    notes: [
      `read ${client.baseUrl}: ${path ?? 'a model it does not name'}${slots === null ? '' : `, ${slots} slots of ${perSlot ?? '?'} tokens`}${props.build_info ? `, ${props.build_info}` : ''}`,
      ...(needsKey ? ['it wants a key: the secret llama-api-key is to hold it'] : []),
      ...(model?.sizeBytes ? [`its weights take ${bytesText(model.sizeBytes)}`] : []),
      ...(shown.length === 0 ? [] : [`started with ${shown.join(' ')}`]),
      ...untold(props),
      'it does not tell its GPU layers, cache types and threads: give --backend, --gpus, --cache-type and --cpu',
      shares
        ? `its slots share one pool, as without -c and -np; where each has its own: --ctx-size ${slots * perSlot} -- --no-kv-unified`
        : 'where its slots share one pool (started without -np), give --ctx-size: it says the whole pool for each',
      ...(build === undefined ? ['its build has no number that an image could be named by'] : []),
    ],
  };
}

/** The name that its clients know; none where it is only the file's. */
function aliasOf(alias: string | null | undefined, path: string | null): OptionsInput {
  const [first = ''] = (alias ?? '').split(',');
  const isFile = first === '' || first === path || first === basename(path ?? '');
  return isFile ? {} : { alias: first };
}

/** Flags that show in what it tells. */
function argumentsOf(props: Props): string[] {
  const params = props.default_generation_settings?.params ?? {};
  const sampling = SAMPLING.flatMap(([name, flag, usual]) => {
    const value = params[name];
    if (typeof value !== 'number') return [];
    // Of 32 bits: 0.3 is told as 0.30000001192092896.
    const written = Number(value.toPrecision(6));
    return written === usual ? [] : [flag, String(written)];
  });
  return [
    ...sampling,
    ...(props.endpoint_slots === false ? ['--no-slots'] : []),
    ...(props.endpoint_props === true ? ['--props'] : []),
    ...(props['ui'] === false ? ['--no-ui'] : []),
  ];
}

/** What it has, and does not tell enough of to be written down. */
function untold(props: Props): string[] {
  const params = props.default_generation_settings?.params ?? {};
  const { lora, 'speculative.types': speculative } = params;
  const media = Object.entries(props.modalities ?? {}).flatMap(([kind, has]) => (has ? [kind] : []));
  return [
    ...(media.length === 0
      ? []
      : [`it takes ${media.join(' and ')}: the projector (--mmproj) is not written`]),
    ...(Array.isArray(lora) && lora.length > 0 ? ['its LoRA adapters (--lora) are not written'] : []),
    ...(typeof speculative === 'string' && !['', 'none'].includes(speculative)
      ? [`its speculative decoding (${speculative}) is not written`]
      : []),
  ];
}

/** Whether the same question without the key is refused. */
async function refusesWithoutKey(client: LlamaCppClient, signal?: AbortSignal): Promise<boolean> {
  const { LlamaCppClient: Client } = await import('../client/llama-client.js');
  const stranger = new Client({ baseUrl: client.baseUrl, maxRetries: 0 });
  try {
    await stranger.props(signal === undefined ? {} : { signal });
    return false;
  } catch (error) {
    return error instanceof LlamactlError && error.type === 'AUTHENTICATION_ERROR';
  } finally {
    await stranger.destroy();
  }
}
