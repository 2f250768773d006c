import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { mergeOptions, readValues } from '../../src/deploy/values.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';

const parse = (input: OptionsInput) => parseOptions({ model: 'm.gguf', ...input });

describe('deploy options', () => {
  it('have defaults that are safe and small', () => {
    const { backend, gpus, replicas, cpu, port, name, monitoring, apiKeySecret } = parse({});
    assert.deepEqual(
      { backend, gpus, replicas, cpu, port, name, monitoring, apiKeySecret },
      {
        backend: 'cpu',
        gpus: 0,
        replicas: 1,
        cpu: 4,
        port: 8080,
        name: 'llama',
        monitoring: false,
        apiKeySecret: undefined,
      },
    );
  });

  it('read sizes, CPUs, ranges and names as people write them', () => {
    assert.equal(parse({ memory: '8GiB' }).memory, 8 * 1024 ** 3);
    assert.equal(parse({ memory: '8Gi' }).memory, 8 * 1024 ** 3);
    assert.equal(parse({ memory: '1.5 GB' }).memory, 1.5e9);
    assert.equal(parse({ cpu: '500m' }).cpu, 0.5);
    assert.equal(parse({ cpu: 6 }).cpu, 6);
    assert.deepEqual(parse({ autoscale: '1..4' }).autoscale, { min: 1, max: 4 });
    assert.deepEqual(parse({ apiKeySecret: 'a' }).apiKeySecret, { name: 'a', key: 'api-key' });
    assert.deepEqual(parse({ apiKeySecret: 'a/b' }).apiKeySecret, { name: 'a', key: 'b' });
    assert.equal(parse({ apiPrefix: 'llm/' }).apiPrefix, '/llm');
    assert.equal(parse({ build: 11434 }).build, 'b11434');
    assert.deepEqual(parse({ storage: 'pvc:shared' }).storage, { kind: 'claim', name: 'shared' });
  });

  it('take the GPU image where a GPU is meant', () => {
    assert.equal(parse({ gpus: 2 }).backend, 'cuda');
    assert.equal(parse({ gpuMemory: '24GiB' }).backend, 'cuda');
    assert.deepEqual([parse({ backend: 'rocm' }).gpus, parse({ backend: 'rocm' }).gpuVendor], [1, 'amd']);
  });

  const wrong: readonly (readonly [input: OptionsInput, message: RegExp])[] = [
    [{ memory: '8' }, /^--memory: "8" is no size: write 24GiB/],
    [{ memory: '8G' }, /^--memory: "8G" is no size/],
    [{ cpu: 'many' }, /^--cpu: "many" is no number of CPUs/],
    [{ autoscale: '0..3' }, /^--autoscale: the least is 1/],
    [{ autoscale: '4..1' }, /^--autoscale: "4\.\.1" is no range/],
    [{ apiKeySecret: 'sk-Very Secret' }, /^--api-key-secret: that looks like a key/],
    [{ apiKeySecret: 'f'.repeat(64) }, /^--api-key-secret: that looks like a key/],
    [{ apiKeySecret: 'sk-abc' }, /^--api-key-secret: that looks like a key/],
    [{ generateSecret: true }, /^--generate-secret needs --api-key-secret/],
    [{ replicas: 0 }, /^--replicas: a whole number from 1 to 100 is wanted/],
    [{ ctxSize: 128 }, /^--ctx-size: a whole number from 256 to 16,777,216 is wanted/],
    [{ port: 80 }, /^--port: .*1024 to 65535/],
    [{ name: 'My_Model' }, /^--name: .*lower-case/],
    [{ replicas: 101 }, /^--replicas: a whole number from 1 to 100 is wanted$/],
    [{ ctxSize: 1024.5 }, /^--ctx-size: a whole number from 256 to 16,777,216 is wanted$/],
    [{ memory: 8 }, /^--memory: a text is expected$/],
    [{ name: 'kubernetes' }, /^--name: .*cluster's own/],
    [{ apiKeySecret: 'Team' }, /^--api-key-secret: a secret is named NAME/],
    [{ apiKeySecret: 'a..b' }, /^--api-key-secret: a secret is named NAME/],
    [{ apiKeySecret: 'a/..' }, /^--api-key-secret: a secret is named NAME/],
    [{ apiKeySecret: 'a/b/c' }, /^--api-key-secret: a secret is named NAME/],
    [{ storage: 'pvc:a-.b' }, /^--storage: "pvc:a-\.b" is no storage/],
    [{ storage: 'image:a b' }, /^--storage: "image:a b" is no storage/],
    [{ storageClass: 'a..b' }, /^--storage-class: /],
    [{ apiPrefix: '/a/../b' }, /^--api-prefix: a prefix is a path without/],
    [{ host: `${'a'.repeat(64)}.example.com`, apiKeySecret: 'k' }, /^--host: a host is a name/],
    [{ gateway: '-/public', host: 'llm.example.com', apiKeySecret: 'k' }, /^--gateway: a gateway is named/],
    [{ namespace: 'a'.repeat(64) }, /^--namespace: a namespace has/],
    [{ build: 'v1' }, /^--build: a build is named b and a number/],
    [{ image: 'bad image' }, /^--image: an image is named/],
    [{ storage: 'nfs' }, /^--storage: "nfs" is no storage/],
    [{ backend: 'metal' }, /^--backend: it is one of cpu, cuda, /],
    [{ backend: 'cpu', gpus: 1 }, /^--backend cpu with a GPU/],
    [{ backend: 'cuda', gpus: 0 }, /^--gpus 0 with the cuda image/],
    [{ build: 'b11434', image: 'x/y:z' }, /both name the image/],
    [{ autoscale: '1..3', replicas: 2 }, /exclude each other/],
    [{ model: ['a.gguf', 'b.gguf'], alias: 'a' }, /^--alias names one model/],
    [{ alias: 'a,b' }, /^--alias: an alias has letters/],
    [{ gateway: 'public' }, /needs --host/],
    [{ host: 'llm.example.com' }, /without a key everybody may use/],
    [{ host: '0.0.0.0' }, /without a key everybody may use/],
    [{ ctxSise: 4096 }, /^--ctx-sise: there is no such option: did you mean ctxSize\?/],
    [{ model: undefined }, /^which model\? None was given/],
  ];
  for (const [input, message] of wrong) {
    it(`refuse ${JSON.stringify(input)}`, () => {
      assert.throws(
        () => parse(input),
        (error) => {
          assert.ok(error instanceof LlamactlError);
          assert.equal(error.exit, 2);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

describe('a values file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-values-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (text: string) => {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, text);
    return file;
  };
  const read = (text: string, flags: OptionsInput = {}) => {
    const { input, placeOf } = mergeOptions(flags, readValues(write(text)));
    return parseOptions(input, placeOf);
  };

  it('has the flags as its keys', () => {
    const options = read('model: [a.gguf, b.gguf]\nctxSize: 8192\nmonitoring: true\nmemory: 8GiB\n');
    assert.deepEqual(options.model, ['a.gguf', 'b.gguf']);
    assert.deepEqual([options.ctxSize, options.monitoring, options.memory], [8192, true, 8 * 1024 ** 3]);
  });

  it('gives way to flags', () => {
    const options = read('model: a.gguf\nreplicas: 3\nport: 9000\n', { replicas: 1, port: undefined });
    assert.deepEqual([options.replicas, options.port], [1, 9000]);
  });

  const wrong: readonly (readonly [text: string, message: RegExp])[] = [
    ['model: a.gguf\n\nmemory: much\n', /values\.yaml:3: memory: "much" is no size/],
    [
      'model: a.gguf\nreplica: 2\n',
      /values\.yaml:2: replica: there is no such option: did you mean replicas\?/,
    ],
    ['model: a.gguf\nmodel: b.gguf\n', /values\.yaml:2:1: it cannot be read/],
    ['- a\n', /holds no options/],
    ['model: [a.gguf\n', /it cannot be read/],
  ];
  for (const [text, message] of wrong) {
    it(`is wrong, and says where: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => read(text),
        (error) => error instanceof LlamactlError && error.exit === 2 && message.test(error.message),
      );
    });
  }

  it('that is not there is named', () => {
    assert.throws(() => readValues('/nowhere/values.yaml'), /\/nowhere\/values\.yaml cannot be read/);
  });
});
