import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.not-found',
  type: 'MODEL_NOT_FOUND',
  title: 'the server has no model of that name',
  explanation:
    'The request asks for a model that the server does not list. A llama-server with one model ignores the name and answers with its own; a router (started without -m), llama-swap, Ollama and other servers refuse an unknown one.',
  causes: [
    'a typing error, or the name of another server or service in the configuration',
    "the model was not put into the router's folder or cache, or its alias changed",
    'the model is not pulled (Ollama) or not loaded (`--no-models-autoload`)',
    'loading failed, so it is not offered',
  ],
  remedies: [
    {
      text: 'List the names that the server has, and use one of them',
      commands: ['llamactl models --url {url}', 'curl {url}/v1/models'],
    },
    {
      text: 'Name the model of a single-model server as clients call it',
      commands: ['llama-server -m /path/to/model.gguf --alias {model} --port {port}'],
    },
    {
      text: 'Give the router a folder with models, or let it fetch one',
      commands: [
        'llama-server --models-dir /path/to/models --port {port}',
        'llamactl models pull USER/REPO:Q4_K_M --url {url}',
      ],
    },
    {
      text: "Look in the server's log why it could not be loaded",
      commands: ['llamactl explain server.log'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/v1/models', 'llamactl models --url {url} --json'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#routing-requests',
  rules: [
    {
      pattern:
        /\bmodel\b.{0,160}(?:not found|is not supported by any)|\bmodel\b ?.?[\x22'`].{1,160}(?:does not exist|not available)|model_not_found|no such model|unknown model\b(?! arch)|could not find (?:a )?(?:suitable )?(?:inference handler|model|real modelID)|model .{0,120}not loaded|model is (?:not running|not loaded|not found|unloaded)/i,
      excludes: [
        /No such file|file does not exist|\.gguf.{0,60}(?:not found|does not exist)|model[ _-]?(?:file|path)|probe failed|tensor|chat template|manifest|huggingface|key not found|\bFile Not Found\b|projector|mmproj|repository|not loaded, (?:loading|starting)|(?:backend|loader|library)[^.\n]{0,20} not found/i,
      ],
      rank: 68,
    },
    {
      pattern:
        /try pulling it first|multiple models are loaded|invalid model (?:name|identifier|id)\b|pull model manifest|no models? (?:are |is )?(?:loaded|available|found|configured|selected)|no (?:default|matching) models?\b|The model .{1,120} does not exist/i,
      rank: 70,
    },
    {
      pattern: /\bmodel\b.{0,160}(?:does not exist|not available|could not be pulled)/i,
      excludes: [
        /file does not exist|\.gguf|model[ _-]?(?:file|path)|repository|manifest|huggingface|gated/i,
      ],
      rank: 46,
    },
  ],
};
