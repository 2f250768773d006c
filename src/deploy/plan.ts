import { usageError } from '../errors/llamactl-error.js';
import { chooseContext, sharesPool } from './context.js';
import { argsOf, flagWarnings, modelsPreset, PATHS, type ServerFlag, serverFlags } from './flags.js';
import { streamsOf } from './kv-cache.js';
import type { DeployModel } from './model-source.js';
import type { Backend, DeployOptions } from './options.js';
import type { Sizing } from './sizing.js';

/** A key that clients give. */
export interface ApiKey {
  readonly text: string;
  /** Whether it was made up, so that another that is there already serves as well. */
  readonly random: boolean;
}

/** Everything that is decided, before any target writes it down. */
export interface DeployPlan {
  readonly options: DeployOptions;
  /** The key itself, where the output is to hold it; null where a secret is only named. */
  readonly key: ApiKey | null;
  readonly models: readonly DeployModel[];
  /** The aliases that metrics have to be asked for one by one; empty with a single model. */
  readonly routed: readonly string[];
  /** Null where nothing is known of the model. */
  readonly sizing: Sizing | null;
  /** The largest `--ctx-size` that fits what was given; null where that is not known. */
  readonly largestContextSize: number | null;
  readonly contextSize: number;
  readonly slots: number;
  readonly image: { readonly reference: string; readonly pinned: boolean };
  readonly flags: readonly ServerFlag[];
  /** The flags as words. */
  readonly args: readonly string[];
  /** Contents of the router's presets; null with a single model. */
  readonly preset: string | null;
  readonly health: {
    readonly path: string;
    /** Whether it answers 401 without the key: with a prefix it does. */
    readonly needsKey: boolean;
  };
  /** Bytes that the container may have. */
  readonly memoryBytes: number;
  /** Bytes of the model's files; null where they are not known. */
  readonly modelBytes: number | null;
  /** Whether a step before the server fetches the files. */
  readonly downloads: boolean;
  /** Seconds that loading may take before it is given up. */
  readonly startSeconds: number;
  /** Seconds to wait for running answers before the server is told to stop. */
  readonly drainSeconds: number;
  readonly warnings: readonly string[];
}

const REPOSITORY = 'ghcr.io/ggml-org/llama.cpp';
/** Bytes a second: a network disk on a bad day. */
const SLOWEST_DISK = 100e6;
const LEAST_START = 60;
const UNKNOWN_START = 600;
/** An answer of some thousand tokens. */
const DRAIN = 120;
/** llama-server ends at the latest so long after SIGTERM (facts: measured with a request in flight). */
export const STOP_SECONDS = 30;

/**
 * Decides everything about a deployment. Pure.
 * @param key what the secret is to hold, where it is written too
 * @throws LlamactlError (memory.gpu, memory.host, usage; exit 2) where it cannot be done as asked
 */
export function planDeployment(
  options: DeployOptions,
  found: readonly DeployModel[],
  key: ApiKey | null = null,
): DeployPlan {
  const { alias } = options;
  const models = alias === undefined ? found : found.map((model) => ({ ...model, alias }));
  requireDistinct(models);
  const context = chooseContext(options, models);
  const flags = serverFlags(options, models, context);
  const image = imageOf(options);
  const modelBytes = totalBytes(models);
  const memoryBytes = options.memory ?? context.sizing?.host.limitBytes;
  if (memoryBytes === undefined || memoryBytes === null)
    throw usageError('the memory is not known: give --memory');
  const prefix = options.apiPrefix ?? '';
  return {
    options,
    key,
    models,
    routed: models.length > 1 ? models.map(({ alias }) => alias) : [],
    sizing: context.sizing,
    largestContextSize: context.largest,
    contextSize: context.contextSize,
    slots: context.slots,
    image,
    flags,
    args: argsOf(flags),
    preset: models.length > 1 ? modelsPreset(models) : null,
    health: { path: `${prefix}/health`, needsKey: prefix !== '' && options.apiKeySecret !== undefined },
    memoryBytes,
    modelBytes,
    downloads: models.some(({ folder }) => folder === null) && options.storage?.kind !== 'image',
    startSeconds: startSeconds(modelBytes),
    drainSeconds: DRAIN,
    warnings: [
      ...models.flatMap(({ warnings }) => warnings),
      ...context.notes,
      ...flagWarnings(options),
      ...(image.pinned
        ? []
        : [`${image.reference} moves on: pin it with --build bNNNN or --image NAME@sha256:DIGEST`]),
    ],
  };
}

/** Tokens that one slot holds; of a model that was not read what llama-server rounds its share to. */
export function contextPerSlotOf({ options, sizing, contextSize, slots }: DeployPlan): number {
  return sizing?.contextPerSlot ?? streamsOf({ contextSize, slots, unified: sharesPool(options) }).cells;
}

/** How llama-server's metrics are asked for, below the server's address: one path a model in router mode. */
export function metricsPaths({ options, routed }: DeployPlan): string[] {
  const path = `${options.apiPrefix ?? ''}/metrics`;
  // Without autoload=false a look at the metrics would load the model.
  return routed.length === 0
    ? [path]
    : routed.map((alias) => `${path}?model=${encodeURIComponent(alias)}&autoload=false`);
}

/** The tag of a backend's image. */
function imageTag(backend: Backend, build?: string): string {
  return ['server', ...(backend === 'cpu' ? [] : [backend]), ...(build === undefined ? [] : [build])].join(
    '-',
  );
}

function imageOf({ image, backend, build }: DeployOptions): DeployPlan['image'] {
  if (image !== undefined) return { reference: image, pinned: /@sha256:|-b\d+$/.test(image) };
  return { reference: `${REPOSITORY}:${imageTag(backend, build)}`, pinned: build !== undefined };
}

function requireDistinct(models: readonly DeployModel[]): void {
  const seen = new Map<string, string>();
  for (const { alias, given } of models) {
    const other = seen.get(alias);
    if (other !== undefined)
      throw usageError(`--model ${other} and --model ${given} would both be called ${alias}`);
    seen.set(alias, given);
  }
  const folders = new Set(models.map(({ folder }) => folder));
  if (folders.size > 1) {
    throw usageError(
      'the models are in different places: several models must share one folder, or all be fetched',
      [{ text: 'The server reads them from one volume:', commands: [`${PATHS.models}`] }],
    );
  }
}

function totalBytes(models: readonly DeployModel[]): number | null {
  let total = 0;
  for (const { sizeBytes } of models.flatMap(({ files }) => files)) {
    if (sizeBytes === null) return null;
    total += sizeBytes;
  }
  return total;
}

function startSeconds(bytes: number | null): number {
  return bytes === null ? UNKNOWN_START : LEAST_START + Math.ceil(bytes / SLOWEST_DISK / 10) * 10;
}
