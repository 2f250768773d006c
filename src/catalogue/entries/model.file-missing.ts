import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.file-missing',
  type: 'MODEL_NOT_FOUND',
  title: 'the model file is not there',
  explanation:
    "llama-server could not open the path that it was given with -m. A relative path is looked up from where the server was started, `~` is not replaced inside quotes or in unit files, and the server's user needs the right to read the file.",
  causes: [
    'a typing error in the path, or another working directory than thought',
    '`~` or a variable that no shell replaced (systemd, Compose, JSON)',
    'the download is not complete, or went to another folder',
    'the user that runs the server may not read it',
  ],
  remedies: [
    { text: 'Look whether it is there and readable', commands: ['ls -lh {model}'] },
    { text: 'Start with the full path', commands: ['llama-server -m "$(realpath {model})" --port {port}'] },
    {
      text: 'Or let llama-server fetch a model',
      commands: ['llama-server -hf ggml-org/gemma-3-1b-it-GGUF --port {port}'],
    },
  ],
  diagnostics: {
    linux: ['namei -l {model}', 'find / -name "*.gguf" -size +1M 2>/dev/null'],
    darwin: ['ls -le {model}', 'mdfind -name .gguf'],
    win32: ['dir {model}', 'where /r C:\\ *.gguf'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#common-params',
  rules: [
    {
      pattern:
        /failed to open GGUF file .{1,500}(?:No such file|not found|cannot find|errno)|failed to open .{1,500}\.(?:gguf|bin|ggml)\b.{0,20}No such file/i,
      rank: 82,
    },
    {
      pattern:
        /(?:model|gguf).{0,300}(?:No such file or directory|file does not exist|cannot find the (?:file|path)|path not found|file not found|not found at)|(?:model|gguf).{0,60}(?:path|file|\.gguf)\b.{0,200}does not exist/i,
      excludes: [
        /mmproj.{0,40}(?:option|flag)|models? .{0,80} (?:not found|does not exist),? (?:try|or you|on server)|manifest|shared object|model_not_found|slot|state file|session file|lora/i,
        /File Not Found/,
      ],
      rank: 72,
    },
    {
      pattern:
        /(?:No such file or directory|FileNotFoundError|cannot find the file|ENOENT).{0,300}\.gguf|(?:model|gguf)[ _-]?(?:file|path).{0,200}(?:not found|does not exist|doesn.?t exist|is missing|is not a file)|error: unable to open (?:model|file)|could not (?:open|find) (?:the )?model file|no (?:gguf|model) files? (?:were |was )?(?:found|in )/i,
      rank: 72,
    },
    {
      pattern:
        /llama_model_load.{0,80}failed to open|error loading model: failed to open|failed to open \S{1,400}\.gguf/i,
      excludes: [/permission denied/i],
      rank: 70,
    },
    { pattern: /\bopen .{1,400}\.gguf.{0,60}permission denied|permission denied.{0,200}\.gguf/i, rank: 70 },
    {
      pattern: /(?:llama_model_loader: )?failed to load model from \S{1,400}/i,
      excludes: [/hf\.co|huggingface|https?:/i],
      excludesAnywhere: [
        /invalid magic|corrupt|unknown model architecture|out of memory|not within the file bounds|unknown \(magic|bad_alloc|bad GGUF version|GGUF version|missing tensor|wrong number of tensors|invalid split|failed to read|unable to allocate|is this really a GGML|unsupported|key not found|file bounds|unknown tensor|loaded meta data with|ggml ctx size|tensor '/i,
      ],
      rank: 44,
    },
    {
      // Builds until 2026 say it without the reason; a file that is there and cannot be read is as missing.
      pattern: /failed to open GGUF file/i,
      excludes: [/-\d{5}-of-\d{5}\.gguf/i],
      rank: 70,
    },
    {
      pattern:
        /(?:file not found|not found|cannot find|could not find|no such file)[: ].{0,200}(?:\.gguf|\.safetensors|tokenizer\.(?:model|json)|\/models?\/)/i,
      excludes: [/huggingface|hf\.co|https?:|manifest|shared object/i],
      rank: 42,
    },
  ],
};
