import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.batch-too-small',
  type: 'INVALID_REQUEST',
  title: 'the input is longer than the physical batch',
  explanation:
    'Embeddings and reranking need the whole input in one physical batch (-ub, 512 tokens unless set): it cannot be split as a prompt can. The server answers 500 and says so, although the request only needs a larger batch.',
  causes: ['a text of more tokens than --ubatch-size', '-b was raised and -ub was not'],
  remedies: [
    {
      text: 'Make both batches as large as the longest input, within the context the model was trained for',
      commands: ['llama-server -m {model} --port {port} --embeddings -c 8192 -b 8192 -ub 8192'],
    },
    {
      text: 'Or split the text into shorter pieces; count its tokens first',
      commands: ['llamactl tokenize --url {url} < text.txt'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props', 'llamactl tokenize --url {url} < text.txt'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-v1embeddings-openai-compatible-embeddings-api',
  rules: [
    {
      pattern:
        /too large to process|increase the physical batch size|physical batch size|larger than (?:the )?(?:physical )?batch size|n_ubatch.{0,60}(?:too small|increase|must be)|increase (?:n_)?ubatch|must fit in one batch|encoder requires n_ubatch|input (?:is )?too large.{0,60}batch|n_tokens <= n_batch|n_tokens_all <= cparams\.n_batch|n_ubatch >= n_tokens/i,
      excludes: [/vision token budget|image_max_tokens/i],
      rank: 88,
    },
  ],
};
