import assert from 'node:assert/strict';
import {
  configuredModel,
  contextSizeOf,
  modelInfo,
  quantizationOfName,
  takesToolMessages,
} from '../../src/client/model-info.js';
import { firstUsable } from '../../src/client/server-facts.js';
import type { ModelInfo } from '../../src/client/types.js';
import { modelEntrySchema } from '../../src/wire/models.js';

const info = (entry: object) => modelInfo(modelEntrySchema.parse({ id: 'm', ...entry }));

describe('modelInfo', () => {
  it('names the model once, and its other names beside it', () => {
    assert.deepEqual(info({ aliases: ['m', 'n'] }).aliases, ['n']);
    assert.deepEqual(info({}).aliases, []);
  });

  it('is null in what the server does not tell, or tells as 0', () => {
    const { parameters, sizeBytes, contextPerSlot, contextTrained } = info({
      meta: { n_ctx: 0, n_ctx_train: 0 },
    });
    assert.deepEqual([parameters, sizeBytes, contextPerSlot, contextTrained], [null, null, null, null]);
  });

  it('reads the quantisation from the name where the build tells no file type', () => {
    assert.equal(info({ id: 'qwen3-4b-Q4_K_M.gguf' }).quantization, 'Q4_K_M');
    assert.equal(info({ id: 'qwen3-4b-Q4_K_M.gguf', meta: { ftype: 'Q5_K' } }).quantization, 'Q5_K');
    assert.equal(info({ id: 'qwen3-4b-Q4_K_M.gguf', meta: { ftype: '' } }).quantization, 'Q4_K_M');
  });

  for (const [status, expected] of [
    [undefined, 'ready'],
    [{ value: 'loaded' }, 'ready'],
    [{ value: 'loading' }, 'loading'],
    [{ value: 'sleeping' }, 'asleep'],
    [{ value: 'unloaded' }, 'unloaded'],
    [{ value: 'unloaded', failed: true, exit_code: 1 }, 'failed'],
    [{ value: 'downloading' }, 'downloading'],
    [{ value: 'made-of-cheese' }, 'unknown'],
  ] as const) {
    it(`calls a status of ${JSON.stringify(status)} ${expected}`, () =>
      assert.equal(info(status === undefined ? {} : { status }).status, expected));
  }
});

describe('quantizationOfName', () => {
  for (const [name, expected] of [
    ['qwen3-4b-Q4_K_M.gguf', 'Q4_K_M'],
    ['unsloth/Qwen3-4B-GGUF:Q4_K_M', 'Q4_K_M'],
    ['model.q8_0.gguf', 'Q8_0'],
    ['llama-3-8b-IQ2_XXS', 'IQ2_XXS'],
    ['gemma-3-BF16-00001-of-00002.gguf', 'BF16'],
    ['gpt-oss-20b-MXFP4.gguf', 'MXFP4'],
    ['tiny_F16', 'F16'],
    ['qwen3-4b', null],
    ['FAQ4', null],
    ['', null],
  ] as const) {
    it(`finds ${expected ?? 'none'} in ${JSON.stringify(name)}`, () =>
      assert.equal(quantizationOfName(name), expected));
  }
});

describe('contextSizeOf', () => {
  const model: ModelInfo = { ...configuredModel('m'), contextPerSlot: 1024, contextTrained: 8192 };
  const props = (n_ctx: number | null) => ({ default_generation_settings: { n_ctx } });

  it("takes the slot's, then the list's, and never what the model was trained for", () => {
    assert.deepEqual(contextSizeOf(props(512), model), { tokens: 512, source: 'slot' });
    assert.deepEqual(contextSizeOf(props(0), model), { tokens: 1024, source: 'model' });
    assert.deepEqual(contextSizeOf(null, model), { tokens: 1024, source: 'model' });
    assert.deepEqual(contextSizeOf(null, { ...model, contextPerSlot: null }), {
      tokens: 4096,
      source: 'fallback',
    });
    assert.deepEqual(contextSizeOf(props(null), undefined), { tokens: 4096, source: 'fallback' });
  });
});

describe('takesToolMessages', () => {
  for (const [name, props, expected] of [
    ['tool calls are told', { chat_template_caps: { supports_tool_calls: true } }, true],
    ['none are', { chat_template_caps: { supports_tool_calls: false, supports_tools: true } }, false],
    ['tools alone are told', { chat_template_caps: { supports_tools: false } }, false],
    ['the template names the role', { chat_template: "{% if m['role'] == 'tool' %}" }, true],
    ['the template knows users alone', { chat_template: "{% if m['role'] == 'user' %}" }, false],
    ['nothing is told', {}, null],
    ['there are no properties', null, null],
  ] as const) {
    it(`is ${expected} where ${name}`, () => assert.equal(takesToolMessages(props), expected));
  }
});

describe('firstUsable', () => {
  const of = (...statuses: ModelInfo['status'][]) =>
    firstUsable(statuses.map((status) => ({ ...configuredModel(status), status })))?.status;

  it('takes one that is loaded before one that would have to be, and none that failed', () => {
    assert.equal(of('failed', 'unloaded', 'loading', 'asleep', 'ready'), 'ready');
    assert.equal(of('failed', 'unloaded', 'asleep'), 'asleep');
    assert.equal(of('unloaded', 'loading'), 'loading');
    assert.equal(of('failed', 'unloaded'), 'unloaded');
    assert.equal(of('failed', 'downloading'), undefined);
    assert.equal(of(), undefined);
  });
});
