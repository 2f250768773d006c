/**
 * How llama.cpp lays out the KV cache of each architecture: `load_arch_hparams` in `src/models/*.cpp` and
 * `llama_model::create_memory` in `src/llama-model.cpp`, read at b11434. What is not named here is not guessed at.
 */

/** Which layers see only a window of the context. */
export interface SlidingPattern {
  /** Every so many layers one sees everything, where the header does not say otherwise. */
  readonly period: number;
  /** Whether that one is the first of them (else the last). */
  readonly fullFirst?: boolean;
  /** Tokens of the window where the header names none. Without it there is then no window, and every layer is full. */
  readonly window?: number;
  /** The window whatever the header says, where it names one at all. */
  readonly fixedWindow?: number;
  /** Only models of this many layers have windows. */
  readonly onlyLayers?: number;
  /** Layers, from the first, that keep keys and values; later ones use theirs. Default all, less the header's shared ones. */
  readonly keepingLayers?: number;
}

export type CacheLayout =
  /** Every layer keeps keys and values of every token. */
  | { readonly kind: 'full' }
  | { readonly kind: 'sliding'; readonly pattern: SlidingPattern }
  /** Multi-head latent attention: where the header has `key_length_mla`, one row of keys alone. */
  | { readonly kind: 'latent' }
  /** Encoders and diffusion models keep nothing. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string };

const FULL =
  `apertus arcee arctic baichuan bailingmoe bailingmoe2 bitnet bloom chameleon chatglm codeshell cogvlm
 command-r dbrx deepseek dots1 ernie4_5 ernie4_5-moe exaone falcon gemma glm4 glm4moe gpt2 gptj gptneox granite granitemoe
 grok grovemoe hunyuan-dense hunyuan-moe hunyuan_vl hy_v3 internlm2 jais jais2 llama llama-embed maincoder minicpm
 minimax-m2 mistral3 mpt nemotron olmo olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe plamo qwen qwen2
 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe refact seed_oss smollm3 stablelm starcoder starcoder2 talkie
 xverse`.split(/\s+/);

const NONE =
  `bert clef dream eurobert gemma-embedding jina-bert-v2 jina-bert-v3 llada llada-moe modern-bert neo-bert
 nomic-bert nomic-bert-moe rnd1 t5encoder wavtokenizer-dec`.split(/\s+/);

const RECURRENT =
  `arwkv7 bailingmoe3 falcon-h1 glm5-next granitehybrid jamba kimi-k3 kimi-linear lfm2 lfm2moe mamba
 mamba2 minimax-01 nemotron_h nemotron_h_moe plamo2 qwen35 qwen35moe qwen3next qwen4exp rwkv6 rwkv6qwen2 rwkv7`.split(
    /\s+/,
  );

const SPARSE = 'deepseek32 deepseek4 dots3note glm-dsa hy_v4 minimax-m3'.split(' ');

const SLIDING: Readonly<Record<string, SlidingPattern>> = {
  afmoe: { period: 4 },
  cohere2: { period: 4 },
  cohere2moe: { period: 4, fullFirst: true },
  'exaone-moe': { period: 4, window: 128 },
  exaone4: { period: 4, window: 4096, onlyLayers: 64 },
  gemma2: { period: 2, window: 4096 },
  gemma3: { period: 6 },
  gemma3n: { period: 5, keepingLayers: 20 },
  gemma4: { period: 6 },
  'gpt-oss': { period: 2 },
  llama4: { period: 4, window: 8192, fixedWindow: 8192 },
  mellum: { period: 4 },
  olmo2: { period: 4 },
  plamo3: { period: 8 },
  smallthinker: { period: 4, fullFirst: true, fixedWindow: 4096 },
};

/** How an architecture's KV cache is laid out. */
export function cacheLayoutOf(architecture: string): CacheLayout {
  const pattern = SLIDING[architecture];
  if (pattern !== undefined) return { kind: 'sliding', pattern };
  if (FULL.includes(architecture)) return { kind: 'full' };
  if (architecture === 'deepseek2') return { kind: 'latent' };
  if (NONE.includes(architecture)) return { kind: 'none' };
  if (RECURRENT.includes(architecture))
    return { kind: 'unknown', why: `${architecture} keeps a recurrent state, which is not modelled` };
  if (SPARSE.includes(architecture))
    return { kind: 'unknown', why: `${architecture} has sparse latent attention, which is not modelled` };
  return { kind: 'unknown', why: `${architecture} is an architecture that llamactl does not know` };
}
