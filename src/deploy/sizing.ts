import type { GgufModel } from './gguf.js';
import { type ContextOptions, contextPerSlot, integer, kvCache, largest, streamsOf } from './kv-cache.js';

/** Bytes, at least and at most. */
export interface ByteRange {
  readonly min: number;
  readonly max: number;
}

export interface SizingOptions extends ContextOptions {
  /** 0: everything stays in the host's memory. */
  readonly gpus: number;
  /** Bytes of each GPU; null where that is not known. */
  readonly gpuMemory: number | null;
  /** Bytes that the container may have, where the user said so. */
  readonly memory: number | null;
}

/** What one model needs. Null: llamactl will not guess. */
export interface ModelSizing {
  readonly name: string;
  readonly architecture: string;
  readonly quantization: string | null;
  readonly parameters: number;
  /** Exact. */
  readonly weightsBytes: number;
  /** Exact. */
  readonly kvCacheBytes: number | null;
  /** Layers that keep something, and tokens that each keeps. */
  readonly kvCache: { readonly layers: number; readonly cells: number; readonly windowCells: number } | null;
  /** Why the KV cache is not known; null where it is. */
  readonly unknown: string | null;
  readonly computeBytes: ByteRange | null;
  readonly outputBytes: number;
}

/** The figures that a deployment stands on. */
export interface Sizing {
  readonly models: readonly ModelSizing[];
  readonly contextSize: number;
  readonly slots: number;
  readonly contextPerSlot: number;
  readonly unified: boolean;
  readonly cacheTypeK: string;
  readonly cacheTypeV: string;
  /** Where the model runs: in the GPUs' memory or in the host's. */
  readonly device: {
    readonly kind: 'gpu' | 'host';
    readonly gpus: number;
    readonly totalBytes: ByteRange | null;
    /** What there is: all GPUs together, or the container's limit where it was given. */
    readonly capacityBytes: number | null;
    readonly fits: boolean | null;
  };
  /** The container's memory. */
  readonly host: {
    /** As `--cache-ram`, of each model. */
    readonly cacheRamBytes: number;
    /** All that the container needs, at most; null where it is not known. */
    readonly totalBytes: number | null;
    /** Its limit; null where it is not known. */
    readonly limitBytes: number | null;
  };
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Beside its buffers: code, vocabulary, HTTP threads, request bodies (measured: 60 to 150 MB on small models). */
const HOST_OVERHEAD = 0.5 * GIB;
/** Of the driver and its libraries, on each GPU and again in the host: not measured here, a margin. */
const GPU_OVERHEAD = 1 * GIB;
const GPU_HOST_OVERHEAD = 0.5 * GIB;
/** What is estimated may be so much more. */
const DENSE_MARGIN = 1.1;
const OTHER_MARGIN = 1.5;

const LIMIT_STEP = 64 * MIB;
const CACHE_RAM_STEP = 256 * MIB;
/** llama-server's own default. */
const LARGEST_CACHE_RAM = 8192 * MIB;
const USUAL_CACHE_RAM = { min: 256 * MIB, max: 2048 * MIB, unknown: 1024 * MIB };

/** Computes what models need together, each with a context of its own. Pure. */
export function sizeModels(models: readonly GgufModel[], options: SizingOptions): Sizing {
  const sized = models.map((model) => sizeModel(model, options));
  const onGpu = options.gpus > 0;
  const inUse = sumOrNull(sized.map((model) => inUseBytes(model, options.gpus)));
  const hostParts = onGpu
    ? hostBesideGpu(sized, options.gpus)
    : inUse === null
      ? null
      : inUse.max + HOST_OVERHEAD * models.length;
  const cacheRamBytes = chooseCacheRam(sized, hostParts, options.memory);
  const hostTotal = hostParts === null ? null : hostParts + cacheRamBytes * models.length;
  const deviceTotal = onGpu
    ? inUse === null
      ? null
      : { min: inUse.min, max: inUse.max * DENSE_MARGIN + GPU_OVERHEAD * options.gpus }
    : inUse === null || hostTotal === null
      ? null
      : { min: inUse.min, max: hostTotal };
  const capacityBytes = onGpu
    ? options.gpuMemory === null
      ? null
      : options.gpuMemory * options.gpus
    : options.memory;
  const limitBytes =
    options.memory ?? (hostTotal === null ? null : Math.ceil(hostTotal / LIMIT_STEP) * LIMIT_STEP);
  return {
    models: sized,
    contextSize: options.contextSize,
    slots: options.slots,
    contextPerSlot: Math.min(...models.map((model) => contextPerSlot(model, options))),
    unified: options.unified,
    cacheTypeK: options.cacheTypeK,
    cacheTypeV: options.cacheTypeV,
    device: {
      kind: onGpu ? 'gpu' : 'host',
      gpus: options.gpus,
      totalBytes: deviceTotal,
      capacityBytes,
      fits: capacityBytes === null || deviceTotal === null ? null : deviceTotal.max <= capacityBytes,
    },
    host: { cacheRamBytes, totalBytes: hostTotal, limitBytes },
  };
}

/**
 * The largest context, for the same slots, with which everything fits.
 * @param contextTrained tokens that a slot may hold at most
 * @returns null where no context fits, or where it cannot be told
 */
export function largestContext(
  models: readonly GgufModel[],
  options: SizingOptions,
  contextTrained: number,
): number | null {
  const step = 256 * (options.unified ? 1 : options.slots);
  const fits = (steps: number) => {
    const sizing = sizeModels(models, { ...options, contextSize: steps * step });
    return sizing.device.fits === true && !isOverMemory(sizing, options);
  };
  let low = 0;
  let high = Math.max(1, Math.floor((contextTrained * (options.unified ? 1 : options.slots)) / step));
  if (!fits(1)) return null;
  if (fits(high)) return high * step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low * step;
}

/** Whether the container's given limit is under what it needs. */
export function isOverMemory(sizing: Sizing, { memory }: Pick<SizingOptions, 'memory'>): boolean {
  return memory !== null && sizing.host.totalBytes !== null && sizing.host.totalBytes > memory;
}

function sizeModel(model: GgufModel, options: SizingOptions): ModelSizing {
  const cache = kvCache(model, options);
  const known = cache.kind === 'known' ? cache : null;
  const compute = known === null ? null : computeBytes(model, options, known.windowCells > 0);
  const margin = isDense(model) && known?.windowCells === 0 ? DENSE_MARGIN : OTHER_MARGIN;
  return {
    name: model.name,
    architecture: model.architecture,
    quantization: model.quantization,
    parameters: model.parameters,
    weightsBytes: model.weightsBytes,
    kvCacheBytes: known?.bytes ?? null,
    kvCache:
      known === null ? null : { layers: known.layers, cells: known.cells, windowCells: known.windowCells },
    unknown: cache.kind === 'unknown' ? cache.why : null,
    computeBytes: compute === null ? null : { min: compute, max: Math.ceil(compute * margin) },
    // One row of logits for each slot (`llama_context::output_reserve`).
    outputBytes: options.slots * model.vocabulary * 4,
  };
}

/**
 * Bytes of the compute buffer with flash attention on: the mask (16-bit, of one stream) and the widest step of a layer, each
 * for a batch of tokens. Fitted to llama-server v0.6.0 on the CPU with 24 shapes (test/bench/sizing.ts): within 5 % where the
 * feed-forward layer is the widest step, which it is in real dense models; too much, never too little, elsewhere.
 */
export function computeBytes(model: GgufModel, options: ContextOptions, hasWindow: boolean): number | null {
  const embedding = integer(model, 'embedding_length');
  const heads = largest(model, 'attention.head_count');
  if (embedding === null || heads === null) return null;
  const headSize = integer(model, 'attention.key_length') ?? Math.floor(embedding / Math.max(1, heads));
  const headsKv = largest(model, 'attention.head_count_kv') ?? heads;
  const experts = integer(model, 'expert_used_count') ?? 0;
  const expertWidth = largest(model, 'expert_feed_forward_length') ?? 0;
  const feedForward = 3 * (largest(model, 'feed_forward_length') ?? 0) + 5 * embedding;
  const mixture = experts * (3 * expertWidth + embedding) + 5 * embedding;
  const attention = 2 * heads * headSize + 2 * headsKv * headSize + embedding;
  const widest = Math.max(feedForward, mixture, attention, 7 * embedding);
  const { cells } = streamsOf(options);
  const window = hasWindow ? windowCellsOfStream(model, options) : 0;
  const batch = Math.min(options.batch, options.contextSize);
  return batch * (2 * (cells + window) + 4 * widest);
}

function windowCellsOfStream(model: GgufModel, options: ContextOptions): number {
  const cache = kvCache(model, options);
  return cache.kind === 'known' ? cache.windowCells / streamsOf(options).streams : 0;
}

function isDense(model: GgufModel): boolean {
  return integer(model, 'expert_count') === null || integer(model, 'expert_count') === 0;
}

/** Weights, KV cache, output and compute: what is allocated where the model runs. Each GPU has compute buffers of its own. */
function inUseBytes(model: ModelSizing, gpus: number): ByteRange | null {
  if (model.kvCacheBytes === null || model.computeBytes === null) return null;
  const fixed = model.weightsBytes + model.kvCacheBytes + model.outputBytes;
  const copies = Math.max(1, gpus);
  return {
    min: fixed + model.computeBytes.min * copies,
    max: fixed + model.computeBytes.max * copies,
  };
}

/** Weights are mapped, not copied, so they do not count once they are on the GPU. */
function hostBesideGpu(models: readonly ModelSizing[], gpus: number): number | null {
  const parts = models.map(({ computeBytes, outputBytes }) =>
    computeBytes === null ? null : computeBytes.max + outputBytes + HOST_OVERHEAD + GPU_HOST_OVERHEAD * gpus,
  );
  return parts.every((part) => part !== null) ? parts.reduce<number>((sum, part) => sum + part, 0) : null;
}

/**
 * Host memory for prompts that were read before, of each model: what the given limit leaves; where there is none, room for
 * the whole KV cache once, from 256 MiB to 2 GiB.
 */
function chooseCacheRam(
  models: readonly ModelSizing[],
  hostParts: number | null,
  memory: number | null,
): number {
  if (memory !== null && hostParts === null) return cacheRamOnTrust(memory);
  if (memory !== null && hostParts !== null) {
    const left = Math.floor((memory - hostParts) / models.length / LIMIT_STEP) * LIMIT_STEP;
    return Math.min(LARGEST_CACHE_RAM, Math.max(0, left));
  }
  const largestCache = Math.max(...models.map(({ kvCacheBytes }) => kvCacheBytes ?? 0));
  if (largestCache === 0) return USUAL_CACHE_RAM.unknown;
  const wanted = Math.ceil(largestCache / CACHE_RAM_STEP) * CACHE_RAM_STEP;
  return Math.min(USUAL_CACHE_RAM.max, Math.max(USUAL_CACHE_RAM.min, wanted));
}

/** Bytes for `--cache-ram` where nothing is known but the container's limit: an eighth, at most 1 GiB. */
export function cacheRamOnTrust(memory: number): number {
  return Math.min(USUAL_CACHE_RAM.unknown, Math.floor(memory / 8 / LIMIT_STEP) * LIMIT_STEP);
}

function sumOrNull(ranges: readonly (ByteRange | null)[]): ByteRange | null {
  let min = 0;
  let max = 0;
  for (const range of ranges) {
    if (range === null) return null;
    min += range.min;
    max += range.max;
  }
  return { min, max };
}
