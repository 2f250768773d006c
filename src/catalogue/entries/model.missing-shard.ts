import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.missing-shard',
  type: 'MODEL_NOT_FOUND',
  title: 'a part of a split model is missing',
  explanation:
    'Large models come as several files, `…-00001-of-00003.gguf` and so on. llama-server is given the first part and finds the others beside it by name, so all must lie in one folder under their original names.',
  causes: [
    'not all parts were downloaded',
    '-m names another part than the first',
    'a part was renamed or put into another folder',
    'parts of two different downloads are mixed',
  ],
  remedies: [
    { text: 'Look whether all parts are there, each of full size', commands: ['ls -l *-of-*.gguf'] },
    {
      text: 'Start with the first part',
      commands: ['llama-server -m MODEL-00001-of-00003.gguf --port {port}'],
    },
    {
      text: 'Fetch what is missing',
      commands: ['hf download USER/REPO --include "*Q4_K_M*" --local-dir .'],
    },
    {
      text: 'Or make one file of them',
      commands: ['llama-gguf-split --merge MODEL-00001-of-00003.gguf MODEL.gguf'],
    },
  ],
  diagnostics: {
    any: ['llama-gguf-split --merge MODEL-00001-of-00003.gguf merged.gguf'],
    linux: ['ls -l *-of-*.gguf'],
    darwin: ['ls -l *-of-*.gguf'],
    win32: ['dir *-of-*.gguf'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/tree/master/tools/gguf-split',
  rules: [
    {
      pattern:
        /illegal split file|must be loaded with the first split|invalid split (?:file|count|prefix)|failed to load GGUF split|invalid GGUF split|missing key split\.|split file .{0,80}(?:missing|not found)|missing split/i,
      rank: 92,
    },
    {
      pattern:
        /(?:failed to open|No such file|cannot find|missing|not found|unable to open|error opening|failed to load).{0,300}-\d{5}-of-\d{5}\.gguf|-\d{5}-of-\d{5}\.gguf.{0,80}(?:No such file|not found|missing|does not exist)/i,
      excludes: [/failed to load model,? |-00001-of-|common_init/i],
      rank: 88,
    },
    {
      pattern:
        /(?:tensors|splits|shards?|parts?) (?:expected|missing).{0,60}(?:split|shard)|incomplete (?:split|shard)|(?:missing|incomplete) (?:model )?shards?|not all (?:splits|shards|parts)/i,
      rank: 80,
    },
  ],
};
