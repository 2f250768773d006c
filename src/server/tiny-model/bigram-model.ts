import { encodeGguf, type GgufTensor, type GgufValue, TensorType, toHalf } from '../gguf-writer.js';
import { buildVocabulary, type Vocabulary } from './vocabulary.js';

/** What the model says, at temperature 0 to every prompt. */
export const TINY_ANSWER =
  'The server is ready . It loads one small model , keeps two slots open and answers each request in order , so every reply you read here was produced token by token .';

/** Tokens. */
export const TINY_CONTEXT_LENGTH = 8192;

/** Elements of the one attention head for keys and values, and of the feed-forward layer: as small as they may be. */
const HEAD_SIZE = 32;
const FEED_FORWARD = 32;

/**
 * A model of 2 MB that a real llama-server loads in milliseconds, made from nothing, under no licence but ours.
 *
 * Its one transformer block is there but adds nothing (all its projections are zero), and embeddings are one-hot, so the
 * logits depend on the last token alone: the model is a chain of bigrams whose transition table is `output.weight`. At
 * temperature 0 it always answers with {@link TINY_ANSWER} and stops; where a grammar or a tool's schema holds it, it fills
 * strings with that text and closes them. Chat, streams, tools, JSON schemas, infill and embeddings all work on it.
 * @param contextLength tokens that the model claims to be trained for
 */
export function encodeTinyModel(contextLength: number = TINY_CONTEXT_LENGTH): Buffer {
  const vocabulary = buildVocabulary(TINY_ANSWER);
  return encodeGguf(metadataOf(vocabulary, contextLength), tensorsOf(vocabulary));
}

/** Logits by `next * width + current`: what follows what. Zero is the default, so whatever is named here is preferred. */
function transitionsOf(vocabulary: Vocabulary): Float32Array {
  const { answer, endOfTurn, toolCall, byte, character } = vocabulary;
  const width = vocabulary.tokens.length;
  const transitions = new Float32Array(width * width);
  const follow = (current: number, next: number, logit: number) => {
    transitions[next * width + current] = logit;
  };
  const first = answer[0] ?? endOfTurn;
  const last = answer.at(-1) ?? endOfTurn;
  // Wherever it is, the model begins its answer …
  for (let current = 0; current < width; current++) follow(current, first, 8);
  // … and from there goes on word by word, to the end of its turn.
  for (const [index, current] of answer.entries()) {
    follow(current, first, 0);
    const next = answer[index + 1];
    if (next !== undefined) follow(current, next, 12);
  }
  follow(last, endOfTurn, 12);
  // Taken only where a tool call is required, when ending is not allowed.
  follow(last, toolCall, 3);
  follow(toolCall, first, 0);
  follow(toolCall, byte('\n'), 10);
  follow(toolCall, character('"'), 9);
  // JSON under a grammar closes as soon as it may.
  for (const brace of [character('}'), byte('}')]) {
    follow(brace, character('}'), 7);
    follow(brace, character('<'), 6);
  }
  for (const close of [character('>'), byte('>')]) follow(close, endOfTurn, 9);
  return transitions;
}

function tensorsOf(vocabulary: Vocabulary): GgufTensor[] {
  // One-hot embeddings have one dimension a token.
  const width = vocabulary.tokens.length;
  const identity = new Uint16Array(width * width);
  for (let token = 0; token < width; token++) identity[token * width + token] = toHalf(1);
  // The RMS norm turns a one-hot row into sqrt(width), so the table is divided by that.
  const table = Uint16Array.from(transitionsOf(vocabulary), (logit) => toHalf(logit / Math.sqrt(width)));

  const half = (name: string, columns: number, rows: number, data: Uint16Array): GgufTensor => ({
    name,
    dimensions: [columns, rows],
    type: TensorType.F16,
    data,
  });
  const zeros = (name: string, columns: number, rows: number) =>
    half(name, columns, rows, new Uint16Array(columns * rows));
  const ones = (name: string): GgufTensor => ({
    name,
    dimensions: [width],
    type: TensorType.F32,
    data: new Float32Array(width).fill(1),
  });

  return [
    half('token_embd.weight', width, width, identity),
    ones('output_norm.weight'),
    half('output.weight', width, width, table),
    ones('blk.0.attn_norm.weight'),
    zeros('blk.0.attn_q.weight', width, width),
    zeros('blk.0.attn_k.weight', width, HEAD_SIZE),
    zeros('blk.0.attn_v.weight', width, HEAD_SIZE),
    zeros('blk.0.attn_output.weight', width, width),
    ones('blk.0.ffn_norm.weight'),
    zeros('blk.0.ffn_gate.weight', width, FEED_FORWARD),
    zeros('blk.0.ffn_up.weight', width, FEED_FORWARD),
    zeros('blk.0.ffn_down.weight', FEED_FORWARD, width),
  ];
}

function metadataOf(vocabulary: Vocabulary, contextLength: number): Record<string, GgufValue> {
  const { tokens } = vocabulary;
  const width = tokens.length;
  const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });
  const string = (value: string): GgufValue => ({ type: 'string', value });
  const bool = (value: boolean): GgufValue => ({ type: 'bool', value });
  return {
    'general.architecture': string('llama'),
    'general.name': string('Tiny Bigram'),
    'general.file_type': uint32(TensorType.F16),
    'llama.context_length': uint32(contextLength),
    'llama.embedding_length': uint32(width),
    'llama.block_count': uint32(1),
    'llama.feed_forward_length': uint32(FEED_FORWARD),
    'llama.attention.head_count': uint32(width / HEAD_SIZE),
    'llama.attention.head_count_kv': uint32(1),
    'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: 1e-5 },
    'llama.rope.dimension_count': uint32(HEAD_SIZE),
    'llama.vocab_size': uint32(width),
    'tokenizer.ggml.model': string('llama'),
    'tokenizer.ggml.pre': string('default'),
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens.map(({ text }) => text) },
    'tokenizer.ggml.scores': { type: 'float32s', value: tokens.map(({ score }) => score) },
    'tokenizer.ggml.token_type': { type: 'int32s', value: tokens.map(({ type }) => type) },
    'tokenizer.ggml.bos_token_id': uint32(vocabulary.beginOfText),
    'tokenizer.ggml.eos_token_id': uint32(vocabulary.endOfTurn),
    'tokenizer.ggml.unknown_token_id': uint32(vocabulary.unknown),
    'tokenizer.ggml.padding_token_id': uint32(vocabulary.unknown),
    'tokenizer.ggml.fim_pre_token_id': uint32(vocabulary.fillInPrefix),
    'tokenizer.ggml.fim_suf_token_id': uint32(vocabulary.fillInSuffix),
    'tokenizer.ggml.fim_mid_token_id': uint32(vocabulary.fillInMiddle),
    'tokenizer.ggml.add_bos_token': bool(true),
    'tokenizer.ggml.add_space_prefix': bool(false),
    'tokenizer.chat_template': string(CHAT_TEMPLATE),
  };
}

/** ChatML with tools in the manner of Hermes, which llama-server parses calls of. */
const CHAT_TEMPLATE = [
  "{%- if tools %}{{- '<|im_start|>system\\n' }}",
  '{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}',
  "{{- '<|im_end|>\\n' }}{%- endif %}",
  "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' }}",
  '{%- if message.content is string %}{{- message.content }}{%- endif %}',
  '{%- if message.tool_calls %}{%- for tool_call in message.tool_calls %}',
  '{{- \'<tool_call>\\n{"name": "\' + tool_call.function.name + \'", "arguments": \' }}',
  "{{- tool_call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}{%- endfor %}{%- endif %}",
  "{{- '<|im_end|>\\n' }}{%- endfor %}",
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
].join('');
