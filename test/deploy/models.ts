import type { GgufModel } from '../../src/deploy/gguf.js';
import type { DeployModel, ModelFile } from '../../src/deploy/model-source.js';

/** The header of Qwen3 4B, as its file has it. */
export const QWEN3_4B: GgufModel = {
  name: 'Qwen3 4B',
  architecture: 'qwen3',
  quantization: 'Q4_K_M',
  parameters: 4_022_468_096,
  weightsBytes: 2_491_323_392,
  fileBytes: 2_497_280_256,
  files: [],
  vocabulary: 151_936,
  hyperparameters: {
    block_count: 36,
    context_length: 40_960,
    embedding_length: 2560,
    feed_forward_length: 9728,
    'attention.head_count': 32,
    'attention.head_count_kv': 8,
    'attention.key_length': 128,
    'attention.value_length': 128,
  },
};

const SHA256 = '7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

function model(given: string, files: readonly ModelFile[], rest: Partial<DeployModel> = {}): DeployModel {
  const alias = (files[0]?.name ?? '').replace(/(-00001-of-\d+)?\.gguf$/, '').toLowerCase();
  return {
    given,
    alias,
    files,
    folder: null,
    header: QWEN3_4B,
    alternatives: [],
    warnings: [],
    ...rest,
  };
}

const hubFile = (name: string, sizeBytes = QWEN3_4B.fileBytes): ModelFile => ({
  name,
  sizeBytes,
  url: `https://huggingface.co/Qwen/Qwen3-4B-GGUF/resolve/${COMMIT}/${name}`,
  sha256: SHA256,
});

/** One repository of the hub: length and SHA-256 of the file are known. */
export const HUB_MODEL = model('hf:Qwen/Qwen3-4B-GGUF:Q4_K_M', [hubFile('Qwen3-4B-Q4_K_M.gguf')], {
  alternatives: [{ quantization: 'Q2_K', bytes: 1.7e9, model: 'hf:Qwen/Qwen3-4B-GGUF:Q2_K' }],
});

/** Another, so that the two make a router. */
export const SECOND_HUB_MODEL = model('hf:Qwen/Qwen3-4B-GGUF:Q8_0', [hubFile('Qwen3-4B-Q8_0.gguf')]);

/** A model of three files. */
export const SPLIT_HUB_MODEL = model(
  'hf:Qwen/Qwen3-4B-GGUF:BF16',
  [1, 2, 3].map((index) => hubFile(`Qwen3-4B-BF16-0000${index}-of-00003.gguf`, 1e9)),
);

/** Somebody's own web server, on a port of its own, who tells no SHA-256. */
export const URL_MODEL = model('http://models.example.com:8081/a.gguf', [
  { name: 'a.gguf', sizeBytes: 2_497_280_256, url: 'http://models.example.com:8081/a.gguf', sha256: null },
]);

/** A file of this machine, with a name that shells would take apart. */
export const LOCAL_MODEL = model(
  "/srv/my models/it's $5.gguf",
  [{ name: "it's $5.gguf", sizeBytes: 2_497_280_256, url: null, sha256: SHA256 }],
  { folder: '/srv/my models', alias: 'five' },
);
