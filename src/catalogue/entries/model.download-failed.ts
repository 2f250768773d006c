import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.download-failed',
  type: 'MODEL_NOT_FOUND',
  title: 'the model could not be downloaded',
  explanation:
    'llama-server was to fetch the model itself (-hf, -mu, --docker-repo) and could not. While it downloads, its port is not open. Some builds have no HTTPS at all, and gated repositories need a token and an accepted licence.',
  causes: [
    'no way to the internet, or a proxy that must be named',
    'the repository, file or quantization does not exist',
    'the repository is gated or private, and no valid HF_TOKEN is set',
    'the build was made without HTTPS support',
    'the disk is full, or --offline is set',
  ],
  remedies: [
    {
      text: 'Try the address by hand',
      commands: ['curl -sIL https://huggingface.co/USER/REPO/resolve/main/FILE.gguf'],
    },
    {
      text: 'For gated models, accept the licence on the page and give a token',
      commands: ['export HF_TOKEN=TOKEN'],
    },
    { text: 'Check name and quantization', commands: ['llama-server -hf USER/REPO:Q4_K_M --port {port}'] },
    {
      text: 'Build with HTTPS, or fetch the file with another program',
      commands: [
        'cmake -B build -DLLAMA_OPENSSL=ON',
        'hf download USER/REPO FILE.gguf --local-dir .',
        'llama-server -m FILE.gguf --port {port}',
      ],
    },
  ],
  diagnostics: {
    any: ['curl -v https://huggingface.co/api/models/USER/REPO', 'llama-server --cache-list'],
    linux: ['df -h ~/.cache', 'env | grep -iE "proxy|HF_|LLAMA_CACHE"'],
    darwin: ['df -h ~/.cache', 'env | grep -iE "proxy|HF_|LLAMA_CACHE"'],
    win32: ['set | findstr /i "proxy HF_ LLAMA_CACHE"'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#model-sources',
  rules: [
    {
      pattern:
        /HTTPS is not supported|https.{0,3} scheme is not supported|CPPHTTPLIB_OPENSSL_SUPPORT is not defined|built without (?:lib)?curl|LLAMA_CURL|was not built with (?:curl|SSL)/i,
      excludes: [/-DLLAMA_CURL=(?:ON|OFF) .{0,80}cmake|cmake .{0,200}-DLLAMA_CURL/i],
      rank: 82,
    },
    {
      pattern:
        /failed to download|download(?:ing)? (?:of .{1,120} )?failed|download failed|error downloading|could not download|unable to download|cannot download|failed to (?:fetch|pull) model|failed to pull .{0,60}model|curl_easy_perform\(\) failed|failed to fetch model metadata/i,
      excludes: [/image|favicon|ui assets|webui|manifest unknown/i],
      rank: 76,
    },
    {
      pattern:
        /(?:common_(?:download|get|pull|hf|remote)|get_repo_(?:files|commit|refs)|get_hf_plan).{0,200}(?:HEAD failed|failed|error|invalid http status|status: -?\d+)|common_params_handle_model.{0,120}(?:error|failed)|error: (?:HF API|model is private or does not exist)/i,
      excludes: [/HEAD failed, status: 404|ETag|using cached|read .{0,20}meta/i],
      rank: 74,
    },
    {
      pattern:
        /(?:huggingface\.co|hf\.co).{0,300}(?:\b40[134]\b|\b429\b|\b50\d\b|unauthorized|forbidden|not found|resolve host|timed out|refused|unreachable|gated|denied|x509)|(?:\b40[134]\b|unauthorized|forbidden|gated|resolve|lookup).{0,300}(?:huggingface\.co|hf\.co)/i,
      rank: 78,
    },
    {
      pattern:
        /GatedRepo|gated repo|access to (?:model|this repo).{0,120}restricted|RepositoryNotFoundError|EntryNotFoundError|LocalEntryNotFoundError|HfHubHTTPError|no GGUF files? found in (?:the )?repository|not found in repository|not available in cache \(offline|offline mode|repository not found|invalid username or password|tag .{0,60}not found in (?:the )?repo/i,
      rank: 82,
    },
    {
      pattern:
        /exactly one out metadata, path_model, and file must be defined|model validation failed, unable to download|Docker Model download failed|failed to get manifest|get_hf_file|invalid HF repo format|Docker registry token|No GGUF layer found|Failed to get Docker manifest|HTTPLIB failed|error (?:opening local file for writing|writing to file|closing file)|failed to create cache directory|HF cache directory|cannot make GET request|awaiting response\.\.\. [45]\d\d|max retries exceeded.{0,300}huggingface|pull model manifest/i,
      rank: 74,
    },
    { pattern: /No space left on device/i, rank: 68 },
  ],
};
