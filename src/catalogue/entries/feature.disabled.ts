import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'feature.disabled',
  type: 'UNSUPPORTED_FEATURE',
  title: 'the server was started without what this request needs',
  explanation:
    'The route or ability exists, but it is off on this server; it answers 501 (or 403) and names the option. `/metrics`, saving slots, embeddings, reranking and changing properties are off unless asked for; older builds need --jinja for tools and --slots for `/slots`.',
  causes: [
    'the option that switches it on was not given at start',
    'the build is so old that it has other defaults',
    'a proxy or hosting layer does not allow the route for this model',
  ],
  remedies: [
    {
      text: 'Restart the server with the option that the message names',
      commands: ['llama-server -m {model} --port {port} {flag}'],
    },
    {
      text: 'The usual ones',
      commands: [
        'llama-server -m {model} --port {port} --metrics --slots --props --slot-save-path ./slots/',
        'llama-server -m {model} --port {port} --embeddings --pooling mean',
        'llama-server -m {model} --port {port} --reranking',
        'llama-server -m {model} --port {port} --jinja',
      ],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props', 'curl -si {url}/metrics'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#api-errors',
  rules: [
    {
      pattern:
        /server does not support .{1,80}(?:endpoint|action|metrics|slots|embeddings|reranking|infill|properties)|Start it with .{0,4}--|not_supported_error|feature_disabled/i,
      excludes: [/image input|audio input|multimodal|--mmproj|video input|Infill is not supported/i],
      rank: 78,
    },
    {
      pattern:
        /requires? (?:the )?--jinja|--jinja (?:flag )?(?:is )?(?:required|must be)|(?:start|run|launch).{0,40} with.{0,10}--jinja/i,
      rank: 80,
    },
    {
      pattern:
        /endpoint (?:is )?disabled|disabled (?:for this model|by (?:API )?config)|(?:feature|tools?|metrics|embeddings?|reranking|slots|function calling) (?:is |are |endpoint )?(?:disabled|not enabled|turned off)|must be (?:started|run|launched) with .{0,4}--|(?:add|use|pass|set|enable|with) (?:the )?.?--(?:metrics|embeddings?|reranking|slots|props|slot-save-path)\b.{0,60}(?:to|flag|enable|option)/i,
      excludes: [/context shift is disabled|slot save|no slots/i],
      rank: 66,
    },
    {
      pattern:
        /Pooling type .none. is not|embedding.{0,60}(?:not supported|not enabled)|context does not support (?:logits|embeddings)|does not support (?:embeddings|reranking|logits)|failed to get embeddings|created with embedding=True|logits_all=False|HTTP 501|501 Not Implemented| 501\b.{0,30}(?:metrics|slots|props)|(?:GET|POST) \/\S{1,60} \S{0,60}[ :]{0,2} 501\b/i,
      excludes: [/padding V cache/i],
      rank: 62,
    },
  ],
};
