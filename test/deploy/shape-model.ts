import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeGguf, type GgufTensor, type GgufValue, TensorType } from '../../src/server/gguf-writer.js';
import { buildVocabulary } from '../../src/server/tiny-model/vocabulary.js';

/** Architectures whose tensors this file knows. */
export type ShapeArchitecture = 'llama' | 'qwen3' | 'cohere2' | 'gemma3';

/** A model that says nothing, for measuring: its weights are zero, its shape is what a test wants. */
export interface Shape {
  readonly architecture: ShapeArchitecture;
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly heads: number;
  /** One number, or one a layer. */
  readonly headsKv: number | readonly number[];
  /** Elements of a head; default `embedding / heads`. */
  readonly headSize?: number;
  readonly vocabulary: number;
  readonly contextTrained?: number;
  /** Tokens that a sliding-window layer sees. */
  readonly slidingWindow?: number;
  /** Every so many layers one sees everything; absent: what llama.cpp supposes of the architecture. */
  readonly slidingPattern?: number;
}

/** The model's file in memory. */
export function encodeShape(shape: Shape): Buffer {
  const { architecture, layers, embedding, feedForward, heads, vocabulary } = shape;
  const headSize = shape.headSize ?? embedding / heads;
  const kvOf = (layer: number) =>
    typeof shape.headsKv === 'number' ? shape.headsKv : (shape.headsKv[layer] ?? 0);
  const tensors: GgufTensor[] = [
    half('token_embd.weight', embedding, vocabulary),
    ones('output_norm.weight', embedding),
    ...(architecture === 'cohere2' || architecture === 'gemma3'
      ? []
      : [half('output.weight', embedding, vocabulary)]),
    ...Array.from({ length: layers }, (_, layer) => {
      const name = (part: string) => `blk.${layer}.${part}.weight`;
      return [
        ones(name('attn_norm'), embedding),
        half(name('attn_q'), embedding, heads * headSize),
        half(name('attn_k'), embedding, kvOf(layer) * headSize),
        half(name('attn_v'), embedding, kvOf(layer) * headSize),
        half(name('attn_output'), heads * headSize, embedding),
        ...(architecture === 'qwen3' || architecture === 'gemma3'
          ? [ones(name('attn_q_norm'), headSize), ones(name('attn_k_norm'), headSize)]
          : []),
        ...(architecture === 'gemma3'
          ? [ones(name('post_attention_norm'), embedding), ones(name('post_ffw_norm'), embedding)]
          : []),
        ...(architecture === 'cohere2' ? [] : [ones(name('ffn_norm'), embedding)]),
        half(name('ffn_gate'), embedding, feedForward),
        half(name('ffn_up'), embedding, feedForward),
        half(name('ffn_down'), feedForward, embedding),
      ];
    }).flat(),
  ];
  return encodeGguf(metadataOf(shape, headSize), tensors);
}

/** The model's file on disk while `use` runs. */
export async function withShape<T>(shape: Shape, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'llamactl-shape-'));
  try {
    const path = join(folder, 'shape.gguf');
    await writeFile(path, encodeShape(shape));
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function metadataOf(shape: Shape, headSize: number): Record<string, GgufValue> {
  const { architecture } = shape;
  const tokens = [...buildVocabulary('yes').tokens];
  while (tokens.length < shape.vocabulary) tokens.push({ text: `<|r${tokens.length}|>`, type: 3, score: 0 });
  const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });
  const key = (name: string) => `${architecture}.${name}`;
  return {
    'general.architecture': { type: 'string', value: architecture },
    'general.name': { type: 'string', value: 'A shape' },
    'general.file_type': uint32(TensorType.F16),
    [key('context_length')]: uint32(shape.contextTrained ?? 32_768),
    [key('embedding_length')]: uint32(shape.embedding),
    [key('block_count')]: uint32(shape.layers),
    [key('feed_forward_length')]: uint32(shape.feedForward),
    [key('attention.head_count')]: uint32(shape.heads),
    [key('attention.head_count_kv')]:
      typeof shape.headsKv === 'number' ? uint32(shape.headsKv) : { type: 'int32s', value: shape.headsKv },
    ...(shape.headSize === undefined
      ? {}
      : {
          [key('attention.key_length')]: uint32(headSize),
          [key('attention.value_length')]: uint32(headSize),
        }),
    [key('attention.layer_norm_rms_epsilon')]: { type: 'float32', value: 1e-5 },
    [key('attention.layer_norm_epsilon')]: { type: 'float32', value: 1e-5 },
    [key('rope.dimension_count')]: uint32(headSize),
    ...(architecture === 'cohere2' ? { [key('logit_scale')]: { type: 'float32', value: 1 } as const } : {}),
    ...(shape.slidingWindow === undefined
      ? {}
      : { [key('attention.sliding_window')]: uint32(shape.slidingWindow) }),
    ...(shape.slidingPattern === undefined
      ? {}
      : { [key('attention.sliding_window_pattern')]: uint32(shape.slidingPattern) }),
    [key('vocab_size')]: uint32(shape.vocabulary),
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': {
      type: 'strings',
      value: tokens.slice(0, shape.vocabulary).map(({ text }) => text),
    },
    'tokenizer.ggml.scores': {
      type: 'float32s',
      value: tokens.slice(0, shape.vocabulary).map(({ score }) => score),
    },
    'tokenizer.ggml.token_type': {
      type: 'int32s',
      value: tokens.slice(0, shape.vocabulary).map(({ type }) => type),
    },
    'tokenizer.ggml.bos_token_id': uint32(1),
    'tokenizer.ggml.eos_token_id': uint32(4),
    'tokenizer.ggml.unknown_token_id': uint32(0),
  };
}

function half(name: string, columns: number, rows: number): GgufTensor {
  return { name, dimensions: [columns, rows], type: TensorType.F16, data: new Uint16Array(columns * rows) };
}

function ones(name: string, width: number): GgufTensor {
  return { name, dimensions: [width], type: TensorType.F32, data: new Float32Array(width).fill(1) };
}
