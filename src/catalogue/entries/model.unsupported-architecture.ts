import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.unsupported-architecture',
  type: 'MODEL_NOT_FOUND',
  title: "this build does not know the model's architecture or format",
  explanation:
    'The file is sound, but newer than the program: its architecture, tokenizer or tensor type was added to llama.cpp later. New model families usually need a build of the last days, and bundled copies (Ollama, llama-cpp-python, LM Studio) follow later.',
  causes: [
    'the build of llama.cpp is older than the model',
    'the GGUF was made with a fork, or before the support was finished',
    'it is no language model (a projector, an adapter, a diffusion model)',
  ],
  remedies: [
    {
      text: 'See which build runs, then update it',
      commands: [
        'llama-server --version',
        'brew upgrade llama.cpp',
        'docker pull ghcr.io/ggml-org/llama.cpp:server',
      ],
    },
    {
      text: 'A projector goes with --mmproj beside its model, not with -m',
      commands: ['llama-server -m MODEL.gguf --mmproj mmproj-MODEL.gguf --port {port}'],
    },
    {
      text: 'Take a GGUF made for upstream llama.cpp',
      commands: ['llama-server -hf ggml-org/gemma-3-1b-it-GGUF --port {port}'],
    },
  ],
  diagnostics: {
    any: ['llama-server --version', 'gguf-dump --no-tensors {model}'],
  },
  link: 'https://github.com/ggml-org/llama.cpp#description',
  rules: [
    {
      pattern:
        /unknown model architecture|unknown (?:model )?arch\b|unsupported (?:model )?architecture|architecture .{1,60}(?:is )?not (?:supported|implemented|recogni[sz]ed)|model type .{1,60}not (?:supported|recogni[sz]ed)|unsupported model type/i,
      rank: 90,
    },
    {
      pattern:
        /unknown pre-tokenizer type|pre-tokenizer was not recogni[sz]ed|untagged enum ModelWrapper|unknown tokenizer|unsupported tokenizer|(?:unknown|unrecogni[sz]ed) (?:ggml|tensor|quantization|quant) type|only supports up to version|invalid ggml type|unsupported (?:quantization|tensor type|file type)|unknown projector type|CLIP cannot be used as main model/i,
      rank: 88,
    },
    {
      pattern:
        /key not found in model|error loading model hyperparameters|error loading model vocabulary|wrong model arch|missing tensor '|wrong number of tensors|wrong shape|has wrong shape|unsupported vocab type|failed to find a compatible buffer type|Model architecture.{0,40}not|unsupported model/i,
      rank: 70,
    },
    {
      pattern:
        /this model (?:requires|needs) a newer|newer version of (?:llama\.cpp|ollama)|please (?:update|upgrade) (?:llama\.cpp|ollama)/i,
      rank: 82,
    },
  ],
};
