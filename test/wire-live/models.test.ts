import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeGguf, type GgufTensor, TensorType } from '../../src/server/gguf-writer.js';
import { loraAdaptersSchema } from '../../src/wire/lora.js';
import { modelListSchema } from '../../src/wire/models.js';
import { shareServer, startServer, tinyModel } from '../support/real-server.js';
import { ANSWER, assertOnBuild, hello, useClients, useFolder } from './support.js';

describe('models and context of a real llama-server', () => {
  const connect = useClients();

  describe('started with -c 1024 -np 2', () => {
    const server = shareServer({ args: ['-c', '1024', '-np', '2', '--metrics', '--alias', 'tiny,another'] });
    const ask = async (path: string) =>
      JSON.parse((await connect(server.current.url).client.request({ method: 'GET', path })).body);

    it('/v1/models tells id, aliases, parameters, size, quantization and both context sizes', async () => {
      const [model, ...others] = await connect(server.current.url).client.models();
      assert.deepEqual(others, []);
      assert.deepEqual(model, {
        id: 'another',
        aliases: ['tiny'],
        parameters: 999_840,
        sizeBytes: 2_002_560,
        quantization: 'F16',
        contextPerSlot: 512,
        contextTrained: 8192,
        status: 'ready',
      });
    });

    it('its meta has the vocabulary and the embedding size too', async () => {
      const { data } = modelListSchema.parse(await ask('/v1/models'));
      assert.deepEqual([data[0]?.meta?.n_vocab, data[0]?.meta?.n_embd, data[0]?.tags], [480, 480, []]);
    });

    it('/models lists the same, and both a copy in Ollama’s shape', async () => {
      const [short, long] = [await ask('/models'), await ask('/v1/models')];
      assert.deepEqual(short.data[0].meta, long.data[0].meta);
      assert.equal(long.models[0].name, 'another');
    });

    it('what goes in and out of the model is told by new builds only', async () => {
      const { data } = await ask('/v1/models');
      assertOnBuild(data[0].architecture ?? null, {
        'v0.6.0': { input_modalities: ['text'], output_modalities: ['text'] },
        'v0.1.0': null,
      });
    });

    it('the context is that of a slot, half of -c, wherever it is told', async () => {
      const { client } = connect(server.current.url);
      const [slots, props, [model]] = await Promise.all([client.slots(), client.props(), client.models()]);
      assert.deepEqual(
        slots.map(({ n_ctx }) => n_ctx),
        [512, 512],
      );
      assert.equal(props.default_generation_settings?.n_ctx, 512);
      assert.equal(model?.contextPerSlot, 512);
      await client.initialize();
      assert.deepEqual(client.contextSize, { tokens: 512, source: 'slot' });
    });

    it('/props tells slots, path, alias, template and its abilities, endpoints and build', async () => {
      const props = await connect(server.current.url).client.props();
      assert.deepEqual([props.total_slots, props.model_alias], [2, 'another']);
      assert.equal(props.model_path, await tinyModel());
      assert.match(props.chat_template ?? '', /<\|im_start\|>/);
      assert.equal(props.chat_template_caps?.['supports_tools'], true);
      assert.equal(props.chat_template_caps?.['supports_tool_calls'], true);
      assert.deepEqual(
        [props.endpoint_slots, props.endpoint_props, props.endpoint_metrics, props.is_sleeping],
        [true, false, true, false],
      );
      assert.equal(props.modalities?.['vision'], false);
      assert.match(props.build_info ?? '', /^b\d+-\w+/);
    });

    it('every alias answers, and the reply names the first', async () => {
      const { client } = connect(server.current.url);
      for (const model of ['tiny', 'another', undefined]) {
        const options = { temperature: 0, ...(model === undefined ? {} : { model }) };
        const answer = await client.chat(hello, [], options);
        assert.deepEqual([ANSWER.test(answer.content), answer.model], [true, 'another'], model);
      }
    });
  });

  it('without -np four slots share one pool: each holds all of it', async () => {
    const server = await startServer({ args: ['-c', '2048'] });
    const { client } = connect(server.url);
    assert.deepEqual(
      (await client.slots()).map(({ n_ctx }) => n_ctx),
      [2048, 2048, 2048, 2048],
    );
    await client.initialize();
    assert.equal(client.getContextSize(), 2048);
    await server.stop();
  });

  it('without --alias the model is called by its path', async () => {
    const server = await startServer({ args: ['-c', '512'] });
    const { client } = connect(server.url);
    assert.deepEqual(await client.getAvailableModels(), [await tinyModel()]);
    assert.equal((await client.chat(hello, [], { maxTokens: 1 })).model, await tinyModel());
    await server.stop();
  });

  it('-c above what the model was trained for is cut down to that', async () => {
    const server = await startServer({ args: ['-c', '32768', '-np', '1'] });
    const { client } = connect(server.url);
    await client.initialize();
    assert.equal(client.getContextSize(), 8192);
    await server.stop();
  });
});

describe('LoRA adapters of a real llama-server', () => {
  const connect = useClients();
  const folder = useFolder();
  const list = async (url: string) => {
    const { body } = await connect(url).client.request({ method: 'GET', path: '/lora-adapters' });
    return loraAdaptersSchema.parse(JSON.parse(body));
  };

  it('none: an empty list', async () => {
    const server = await startServer({ args: ['-c', '512'] });
    assert.deepEqual(await list(server.url), []);
    await server.stop();
  });

  it('one: its id, path and scale; the scale can be set', async () => {
    const path = join(folder.path, 'adapter.gguf');
    writeFileSync(path, encodeAdapter());
    const server = await startServer({ args: ['-c', '512', '--lora', path] });
    const [adapter, ...others] = await list(server.url);
    assert.deepEqual([adapter?.id, adapter?.path, adapter?.scale, others], [0, path, 1, []]);
    const { client } = connect(server.url);
    await client.request({ method: 'POST', path: '/lora-adapters', body: [{ id: 0, scale: 0.5 }] });
    assert.equal((await list(server.url))[0]?.scale, 0.5);
    assert.match((await client.chat(hello, [], { temperature: 0 })).content, ANSWER);
    await server.stop();
  });
});

/** An adapter of rank 1 for the tiny model's attention that changes nothing. */
function encodeAdapter(): Buffer {
  const zeros = (name: string, columns: number, rows: number): GgufTensor => ({
    name,
    dimensions: [columns, rows],
    type: TensorType.F16,
    data: new Uint16Array(columns * rows),
  });
  return encodeGguf(
    {
      'general.type': { type: 'string', value: 'adapter' },
      'general.architecture': { type: 'string', value: 'llama' },
      'adapter.type': { type: 'string', value: 'lora' },
      'adapter.lora.alpha': { type: 'float32', value: 1 },
    },
    [zeros('blk.0.attn_q.weight.lora_a', 480, 1), zeros('blk.0.attn_q.weight.lora_b', 1, 480)],
  );
}
