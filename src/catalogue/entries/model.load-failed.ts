import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.load-failed',
  type: 'MODEL_NOT_FOUND',
  title: 'the model could not be loaded',
  explanation:
    "Loading started and ended with an error. The lines before this one say why: the file, memory, the architecture, or an adapter or projector that does not belong to the model. In router mode the reason is in the child's lines, and `/models` keeps its exit code and arguments.",
  causes: [
    'one of the precise causes of this catalogue, in the lines above',
    'an adapter (LoRA), projector or draft model that does not fit the model',
    'an impossible combination of options, such as a quantized V cache without flash attention',
  ],
  remedies: [
    {
      text: 'Start it by hand and let llamactl read the whole log',
      commands: ['llama-server -m {model} --port {port} -lv 4 2>&1 | llamactl explain -'],
    },
    {
      text: 'Start with as few options as possible, then add one after the other',
      commands: ['llama-server -m {model} --port {port} -c 4096 -ngl 0'],
    },
    { text: 'In router mode, see the exit code and the arguments', commands: ['curl -s {url}/models'] },
  ],
  diagnostics: {
    any: ['llama-server -m {model} --port {port} -lv 4', 'gguf-dump --no-tensors {model}'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#common-params',
  rules: [
    {
      pattern:
        /model name=.{1,200} failed to load|failed to load model|error loading model|unable to load (?:the )?model|exiting due to model loading error|failed to create.{0,6}context with model|model (?:load(?:ing)?|initiali[sz]ation) (?:failed|error)|(?:could not|cannot|couldn.?t|error|failed|unable) (?:to )?load(?:ing)? (?:the |a |your |this )?(?:\w+ ){0,2}model\b|failed to create (?:a )?llama_context|failed to reload model|failed to initialize (?:the )?(?:model|context)|load_model: .{0,40}fail|unable to init model|loading model .{0,60}failed|model failed to load/i,
      excludes: [/HEAD failed|normal during memory fitting/i],
      rank: 40,
    },
    {
      pattern:
        /failed to (?:load|apply) (?:the )?(?:LoRA|lora adapter|draft model|multimodal model|mmproj|vision model|control vector)|model arch and LoRA arch mismatch|incorrect shape \(hint: maybe wrong base model|failed to create MTP context|vocabs are not compatible|draft model is not|failed to init(?:ialize)? (?:the )?(?:speculative|decision)|failed to load CLIP|mismatch between text model .{0,80}mmproj|draft model .{0,60}(?:vocab|not compatible)/i,
      rank: 66,
    },
    {
      pattern:
        /quantized V cache was requested|V cache quantization requires flash_attn|requires Flash Attention|invalid value for main_gpu|(?:K|V) cache type .{1,40} does not divide|SPLIT_MODE_TENSOR (?:requires|needs|not implemented)|does not support (?:split buffers|different K)/i,
      rank: 68,
    },
  ],
};
