import { cacheLayoutOf, type SlidingPattern } from './architectures.js';
import type { GgufModel } from './gguf.js';

/** Data types that the KV cache can have. */
export const CACHE_TYPES = ['f16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl', 'bf16', 'f32'] as const;
export type CacheType = (typeof CACHE_TYPES)[number];

/** Bytes of a block of each, and its elements (`ggml_type_size`, `ggml_blck_size` of ggml.c). */
const BLOCKS: Readonly<Record<CacheType, readonly [bytes: number, elements: number]>> = {
  f32: [4, 1],
  f16: [2, 1],
  bf16: [2, 1],
  q8_0: [34, 32],
  q5_1: [24, 32],
  q5_0: [22, 32],
  q4_1: [20, 32],
  q4_0: [18, 32],
  iq4_nl: [18, 32],
};

/** What llama-server is started with that decides the size of its context. */
export interface ContextOptions {
  /** Tokens in all, as `--ctx-size`. */
  readonly contextSize: number;
  /** As `--parallel`. */
  readonly slots: number;
  /** One pool for all slots (the default where `--parallel` is not given), else an equal part for each. */
  readonly unified: boolean;
  readonly cacheTypeK: CacheType;
  readonly cacheTypeV: CacheType;
  /** Tokens of a physical batch, as `--ubatch-size`. */
  readonly batch: number;
}

export interface KvCache {
  readonly kind: 'known';
  readonly bytes: number;
  /** Tokens that a full layer keeps, all streams together. */
  readonly cells: number;
  /** The same of a sliding-window layer; 0 where there is none. */
  readonly windowCells: number;
  /** Layers that keep something. */
  readonly layers: number;
}

/** `llama_context` rounds up to this. */
const CELL_MULTIPLE = 256;

function padCells(cells: number): number {
  return Math.ceil(cells / CELL_MULTIPLE) * CELL_MULTIPLE;
}

/** Separate caches, and the tokens in each (`n_ctx_seq` of `llama-context.cpp`). */
export function streamsOf({
  contextSize,
  slots,
  unified,
}: Pick<ContextOptions, 'contextSize' | 'slots' | 'unified'>): {
  readonly streams: number;
  readonly cells: number;
} {
  const padded = padCells(contextSize);
  return unified
    ? { streams: 1, cells: padded }
    : { streams: slots, cells: padCells(Math.floor(padded / slots)) };
}

/** Tokens that one slot can hold; no more than the model was trained for. */
export function contextPerSlot(model: GgufModel, options: ContextOptions): number {
  return Math.min(streamsOf(options).cells, contextTrained(model) ?? Number.POSITIVE_INFINITY);
}

/** Tokens the model was trained for; null where the header does not say. */
export function contextTrained(model: GgufModel): number | null {
  return integer(model, 'context_length');
}

/**
 * Bytes of the KV cache, exactly as llama-server logs them: `llama_kv_cache` and `llama_kv_cache_iswa`.
 * For each layer: streams × cells × (bytes of the keys of a token + bytes of its values), with cells =
 * pad256(min(cells, window × (unified ? slots : 1) + batch)) where the layer sees a window only.
 * @returns why it is not known, for architectures whose cache is laid out otherwise
 */
export function kvCache(
  model: GgufModel,
  options: ContextOptions,
): KvCache | { readonly kind: 'unknown'; readonly why: string } {
  const layout = cacheLayoutOf(model.architecture);
  if (layout.kind === 'unknown') return layout;
  if (layout.kind === 'none') return { kind: 'known', bytes: 0, cells: 0, windowCells: 0, layers: 0 };
  const blocks = integer(model, 'block_count');
  const embedding = integer(model, 'embedding_length');
  const heads = perLayer(model, 'attention.head_count', blocks ?? 0);
  if (blocks === null || embedding === null || heads === null)
    return { kind: 'unknown', why: 'its header does not tell layers, heads or embedding size' };

  const { streams, cells } = streamsOf(options);
  const headsKv = perLayer(model, 'attention.head_count_kv', blocks) ?? heads;
  const headSize = Math.floor(embedding / (heads.find((count) => count > 0) ?? 1));
  const keySize = integer(model, 'attention.key_length') ?? headSize;
  const valueSize = integer(model, 'attention.value_length') ?? headSize;
  const isLatent = layout.kind === 'latent' && integer(model, 'attention.key_length_mla') !== null;
  const window = layout.kind === 'sliding' ? slidingLayers(model, layout.pattern, blocks) : null;
  const windowCells =
    window === null
      ? 0
      : padCells(Math.min(cells, window.tokens * (options.unified ? options.slots : 1) + options.batch));
  const keeping = keepingLayers(model, layout.kind === 'sliding' ? layout.pattern : null, blocks);

  let bytes = 0;
  for (let layer = 0; layer < keeping; layer++) {
    const isWindow = window?.layers[layer] === true;
    const count = headsKv[layer] ?? 0;
    const keys = isWindow ? (integer(model, 'attention.key_length_swa') ?? keySize) : keySize;
    const values = isWindow ? (integer(model, 'attention.value_length_swa') ?? valueSize) : valueSize;
    const perToken =
      rowBytes(options.cacheTypeK, count * keys) +
      (isLatent ? 0 : rowBytes(options.cacheTypeV, count * values));
    bytes += streams * (isWindow ? windowCells : cells) * perToken;
  }
  return {
    kind: 'known',
    bytes,
    cells: streams * cells,
    windowCells: streams * windowCells,
    layers: keeping,
  };
}

/** Bytes of so many elements in a row (`ggml_row_size`). */
export function rowBytes(type: CacheType, elements: number): number {
  const [bytes, block] = BLOCKS[type];
  return (elements / block) * bytes;
}

/** Which layers see a window, and how wide it is; null where none does. */
function slidingLayers(
  model: GgufModel,
  pattern: SlidingPattern,
  blocks: number,
): { readonly layers: readonly boolean[]; readonly tokens: number } | null {
  if (pattern.onlyLayers !== undefined && pattern.onlyLayers !== blocks) return null;
  const given = integer(model, 'attention.sliding_window');
  const tokens = given === null ? (pattern.window ?? 0) : given === 0 ? 0 : (pattern.fixedWindow ?? given);
  if (tokens === 0) return null;
  const named = model.hyperparameters['attention.sliding_window_pattern'];
  if (Array.isArray(named)) return { layers: named.map((value) => value === true || value === 1), tokens };
  const period = integer(model, 'attention.sliding_window_pattern') ?? pattern.period;
  const layers = Array.from({ length: blocks }, (_, layer) =>
    period === 0 ? true : pattern.fullFirst === true ? layer % period !== 0 : layer % period < period - 1,
  );
  return { layers, tokens };
}

/** Layers, from the first, with a cache of their own: not those for multi-token prediction, nor those that share. */
function keepingLayers(model: GgufModel, pattern: SlidingPattern | null, blocks: number): number {
  const prediction = integer(model, 'nextn_predict_layers') ?? 0;
  const shared = integer(model, 'attention.shared_kv_layers') ?? 0;
  return Math.min(blocks - prediction, pattern?.keepingLayers ?? blocks - shared);
}

/** A whole number of the header; null where it has none of this name. */
export function integer(model: GgufModel, name: string): number | null {
  const value = model.hyperparameters[name];
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A value that is the same for all layers, or one for each. */
function perLayer(model: GgufModel, name: string, blocks: number): readonly number[] | null {
  const value = model.hyperparameters[name];
  if (Array.isArray(value)) return value.map(Number);
  const one = integer(model, name);
  return one === null ? null : Array.from({ length: blocks }, () => one);
}

/** The largest of a value's layers. */
export function largest(model: GgufModel, name: string): number | null {
  const value = model.hyperparameters[name];
  return Array.isArray(value) && value.length > 0 ? Math.max(...value.map(Number)) : integer(model, name);
}
