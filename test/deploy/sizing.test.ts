import assert from 'node:assert/strict';
import { chooseContext } from '../../src/deploy/context.js';
import type { GgufModel } from '../../src/deploy/gguf.js';
import { contextPerSlot, kvCache, rowBytes, streamsOf } from '../../src/deploy/kv-cache.js';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { largestContext, type SizingOptions, sizeModels } from '../../src/deploy/sizing.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { measure, predictedTotal, SIZING_CASES } from './measured-sizing.js';
import { HUB_MODEL, QWEN3_4B } from './models.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const OPTIONS: SizingOptions = {
  contextSize: 32_768,
  slots: 4,
  unified: false,
  cacheTypeK: 'f16',
  cacheTypeV: 'f16',
  batch: 512,
  gpus: 0,
  gpuMemory: null,
  memory: null,
};

function withHeader(architecture: string, hyperparameters: Record<string, unknown>): GgufModel {
  return { ...QWEN3_4B, architecture, hyperparameters: { ...QWEN3_4B.hyperparameters, ...hyperparameters } };
}

function bytesOf(model: GgufModel, options: Partial<SizingOptions> = {}): number {
  const cache = kvCache(model, { ...OPTIONS, ...options });
  assert.ok(cache.kind === 'known', `the cache of ${model.architecture} is known`);
  return cache.bytes;
}

describe('the KV cache', () => {
  it('of Qwen3 4B with 32,768 tokens is 4.5 GiB', () => {
    assert.equal(bytesOf(QWEN3_4B), 4.5 * GIB);
  });

  it('is halved by 8 bits, but for their scales', () => {
    assert.equal(bytesOf(QWEN3_4B, { cacheTypeK: 'q8_0', cacheTypeV: 'q8_0' }), (4.5 * GIB * 34) / 64);
    assert.equal(rowBytes('q4_0', 64), 36);
    assert.equal(rowBytes('f32', 64), 256);
  });

  it('rounds every slot up to 256 tokens', () => {
    assert.deepEqual(streamsOf({ ...OPTIONS, contextSize: 1000, slots: 3 }), { streams: 3, cells: 512 });
    assert.deepEqual(streamsOf({ ...OPTIONS, contextSize: 1000, slots: 3, unified: true }), {
      streams: 1,
      cells: 1024,
    });
  });

  it('holds no more of a slot than the model was trained for', () => {
    assert.equal(contextPerSlot(QWEN3_4B, { ...OPTIONS, contextSize: 131_072, slots: 1 }), 40_960);
    assert.equal(contextPerSlot(QWEN3_4B, OPTIONS), 8192);
  });

  /** Bytes of one layer of Qwen3 4B for a token. */
  const ROW = 8 * 128 * 2 * 2;
  const sliding: readonly (readonly [what: string, model: GgufModel, bytes: number])[] = [
    [
      'Gemma 3: five windows, then a full layer',
      withHeader('gemma3', { 'attention.sliding_window': 1024, block_count: 12 }),
      ROW * 4 * (2 * 8192 + 10 * 1536),
    ],
    [
      'gpt-oss: every second layer',
      withHeader('gpt-oss', { 'attention.sliding_window': 128, block_count: 4 }),
      ROW * 4 * (2 * 8192 + 2 * 768),
    ],
    [
      'Llama 4: chunks of 8,192 whatever the header says',
      withHeader('llama4', { 'attention.sliding_window': 4096, block_count: 4 }),
      ROW * 4 * (4 * 8192),
    ],
    [
      'Llama 4 without chunks',
      withHeader('llama4', { 'attention.sliding_window': 0, block_count: 4 }),
      ROW * 4 * 4 * 8192,
    ],
    [
      'Cohere 2 MoE: the first of four is full',
      withHeader('cohere2moe', { 'attention.sliding_window': 256, block_count: 5 }),
      ROW * 4 * (2 * 8192 + 3 * 768),
    ],
    [
      'Gemma 4: a flag for each layer, shared layers, heads of their own size in windows',
      withHeader('gemma4', {
        'attention.sliding_window': 512,
        'attention.sliding_window_pattern': [true, true, true, false],
        'attention.key_length_swa': 64,
        'attention.value_length_swa': 64,
        'attention.shared_kv_layers': 1,
        block_count: 4,
      }),
      (ROW / 2) * 4 * 3 * 1024,
    ],
    [
      'Phi 3 names a window that llama.cpp does not use',
      withHeader('phi3', { 'attention.sliding_window': 2048, block_count: 2 }),
      ROW * 4 * 2 * 8192,
    ],
    [
      'DeepSeek 2: one latent row, keys alone',
      withHeader('deepseek2', {
        'attention.key_length_mla': 192,
        'attention.head_count_kv': 1,
        'attention.key_length': 576,
        'attention.value_length': 512,
        block_count: 2,
      }),
      576 * 2 * 4 * 2 * 8192,
    ],
    [
      'GLM 4.5: the layer for multi-token prediction keeps nothing',
      withHeader('glm4moe', { nextn_predict_layers: 1, block_count: 3 }),
      ROW * 4 * 2 * 8192,
    ],
    ['BERT keeps nothing', withHeader('bert', {}), 0],
  ];
  for (const [what, model, bytes] of sliding) it(what, () => assert.equal(bytesOf(model), bytes));

  for (const architecture of ['mamba2', 'qwen35', 'deepseek32', 'a-model-of-next-year']) {
    it(`of ${architecture} is not guessed at`, () => {
      const cache = kvCache(withHeader(architecture, {}), OPTIONS);
      assert.equal(cache.kind, 'unknown');
      assert.match(cache.kind === 'unknown' ? cache.why : '', new RegExp(architecture));
    });
  }
});

describe('the sizing against a real llama-server', () => {
  for (const test of SIZING_CASES.slice(0, 3)) {
    it(`${test.name}: weights and KV cache exact, the total within 10 %`, async () => {
      const measured = await measure(test);
      const { predicted, log } = measured;
      // The log rounds each of its figures to 0.01 MiB.
      assert.ok(Math.abs(predicted.weightsBytes - log.weights) < 0.02 * MIB, 'weights');
      assert.ok(Math.abs((predicted.kvCacheBytes ?? 0) - log.kvCache) < 0.02 * MIB, 'KV cache');
      const total = log.weights + log.kvCache + log.compute + log.output;
      const { min, max } = predictedTotal(measured);
      assert.ok(Math.abs(min / total - 1) < 0.1, `${min} predicted, ${total} in the log`);
      assert.ok(total <= max * 1.001, 'what is allocated is not over the range');
      // Beside the buffers: the program, the vocabulary, threads.
      assert.ok(measured.residentBytes < max + 100 * MIB, `${measured.residentBytes} bytes are resident`);
      assert.ok(measured.residentBytes > (log.weights + log.kvCache) * 0.9);
    });
  }
});

describe('what a deployment is given', () => {
  const choose = (input: OptionsInput, model = HUB_MODEL) =>
    chooseContext(parseOptions({ model: model.given, ...input }), [model]);

  it('is 8,192 tokens for each of four slots, where nothing is said', () => {
    const { contextSize, slots, sizing } = choose({});
    assert.deepEqual([contextSize, slots, sizing?.contextPerSlot], [32_768, 4, 8192]);
  });

  it('is as many slots as a given context has room for', () => {
    assert.deepEqual(
      [4096, 8192, 16_384, 65_536].map((ctxSize) => choose({ ctxSize }).slots),
      [1, 1, 2, 4],
    );
  });

  it('is one pool where that is asked for, and each slot may have all of it', () => {
    const given = { ctxSize: 16_384, parallel: 4 };
    const apart = choose(given).sizing;
    for (const extraArgs of [['--kv-unified'], ['-no-kvu', '-kvu']]) {
      const { sizing } = choose({ ...given, extraArgs });
      assert.deepEqual([sizing?.unified, sizing?.contextPerSlot], [true, 16_384]);
      assert.equal(sizing?.models[0]?.kvCacheBytes, apart?.models[0]?.kvCacheBytes, 'as large as its parts');
    }
    for (const extraArgs of [[], ['--kv-unified', '--no-kv-unified']]) {
      const { sizing } = choose({ ...given, extraArgs });
      assert.deepEqual([sizing?.unified, sizing?.contextPerSlot], [false, 4096]);
    }
  });

  it('is the largest context that fits, where none was asked for', () => {
    const { contextSize, sizing } = choose({ gpuMemory: '6GiB' });
    assert.equal(sizing?.device.fits, true);
    assert.ok(contextSize < 32_768 && contextSize % 1024 === 0, String(contextSize));
    assert.ok((sizing?.device.totalBytes?.max ?? 0) <= 6 * GIB);
  });

  it('leaves no room unused: a step more would not fit', () => {
    const options = { ...OPTIONS, gpus: 1, gpuMemory: 6 * GIB };
    const largest = largestContext([QWEN3_4B], options, 40_960) ?? 0;
    const fits = (contextSize: number) => sizeModels([QWEN3_4B], { ...options, contextSize }).device.fits;
    assert.equal(fits(largest), true);
    assert.equal(fits(largest + 256 * options.slots), false);
  });

  it('keeps the cache for prompts within a given memory', () => {
    const { sizing } = choose({ memory: '9GiB' });
    assert.ok((sizing?.host.totalBytes ?? 0) <= 9 * GIB);
    assert.equal(sizing?.host.limitBytes, 9 * GIB);
  });

  it('is refused where it does not fit the GPU, with what would', () => {
    assert.throws(
      () => choose({ gpuMemory: '6GiB', ctxSize: 131_072 }),
      (error) => {
        assert.ok(error instanceof LlamactlError);
        assert.equal(error.code, 'memory.gpu');
        assert.equal(error.exit, 2);
        assert.match(error.message, /131,072 tokens.* needs .* and 1 GPU of 6 GiB has less/);
        const commands = error.remedies.flatMap((remedy) => remedy.commands);
        const [, context] = /--ctx-size (\d+)/.exec(commands[0] ?? '') ?? [];
        assert.equal(choose({ gpuMemory: '6GiB', ctxSize: Number(context) }).sizing?.device.fits, true);
        return true;
      },
    );
  });

  it('names so many GPUs that it would fit', () => {
    assert.throws(
      () => choose({ gpuMemory: '6GiB', ctxSize: 65_536 }),
      (error) => {
        assert.ok(error instanceof LlamactlError);
        const [, gpus] = /--gpus (\d+)/.exec(error.suggestions.join('\n')) ?? [];
        const { sizing } = choose({ gpuMemory: '6GiB', ctxSize: 65_536, gpus: Number(gpus) });
        assert.equal(sizing?.device.fits, true);
        return true;
      },
    );
  });

  it('names a smaller quantisation of the same repository, where that would fit', () => {
    assert.throws(
      () => choose({ gpuMemory: '4GiB', ctxSize: 4096 }),
      (error) =>
        error instanceof LlamactlError &&
        /--model hf:Qwen\/Qwen3-4B-GGUF:Q2_K/.test(error.suggestions.join('\n')),
    );
  });

  it('is refused where the memory that was given is too small', () => {
    assert.throws(
      () => choose({ memory: '2GiB', ctxSize: 8192 }),
      (error) => error instanceof LlamactlError && error.code === 'memory.host',
    );
  });

  it('is not guessed at for an unknown architecture: --memory must say it', () => {
    const model = { ...HUB_MODEL, header: withHeader('qwen35', {}) };
    assert.throws(
      () => choose({}, model),
      (error) =>
        error instanceof LlamactlError &&
        /cannot be computed: qwen35 keeps a recurrent state/.test(error.message) &&
        /--memory \d+GiB/.test(error.suggestions.join('\n')),
    );
    const { sizing, notes } = choose({ memory: '8GiB' }, model);
    assert.equal(sizing?.device.totalBytes, null);
    assert.match(notes.join('\n'), /not known/);
  });
});
