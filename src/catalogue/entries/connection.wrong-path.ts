import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.wrong-path',
  type: 'CONNECTION_ERROR',
  title: 'the server has no such route',
  explanation:
    'llama-server answered 404: the path is not one of its routes. Mostly the `/v1` of the base URL is missing or doubled, or the server was started with --api-prefix and the prefix is missing. Router routes (`/models/load`) exist only when llama-server was started without -m, and old builds lack the newer routes.',
  causes: [
    '`/v1` is missing (`/chat/completions` is asked) or doubled (`/v1/v1/…`)',
    'the server was started with --api-prefix, which the URL does not have',
    'GET was used where the route takes POST, or the reverse',
    'the route is newer than the build, or exists only in router mode',
  ],
  remedies: [
    {
      text: 'Use the base URL with /v1 exactly once in OpenAI clients, and without it in llamactl',
      commands: ['curl {url}/v1/models', 'llamactl models --url {url}'],
    },
    { text: 'Put the prefix of --api-prefix into the URL', commands: ['llamactl health --url {url}/PREFIX'] },
    {
      text: 'See which build it is, and update it if the route is newer',
      commands: ['llamactl props --url {url}', 'llama-server --version'],
    },
  ],
  diagnostics: {
    any: ['curl -si {url}{path}', 'curl -s {url}/v1/models', 'curl -s {url}/props'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#api-endpoints',
  rules: [
    {
      pattern:
        /File Not Found.{0,60}not_found_error|not_found_error.{0,60}File Not Found|\\?"message\\?": ?\\?"File Not Found/i,
      rank: 66,
    },
    { pattern: /\/v1\/v1\/|\/v1\/\/?chat\/completions\/chat|\/v1\/chat\/completions\/v1/i, rank: 70 },
    {
      pattern:
        /404.{0,12}Not Found|Not Found.{0,30}for url|404 page not found|status(?:[ _]?code)?[ =:]{1,3}404|HTTP 404|HTTP404|HTTP\/\d(?:\.\d)? 404|Error code: 404|statuscode: 404|NotFoundError|Resource not found|\b404, message=|\[404\]|\(404\)|Error\]?: (?:404 )?Not Found\b|(?:error|returned|responded|failed|answered)[^\d\n]{0,20}\b404\b/i,
      excludes: [
        /model .{0,80}(?:not found|does not exist)|huggingface|hf\.co|manifest|favicon|HEAD failed|download|probe failed|ghcr|docker\.io/i,
      ],
      rank: 50,
    },
    {
      pattern: /(?:request: |"|\b)(?:GET|POST|PUT|OPTIONS) \/\S{1,200} \S{0,60}[ :]{0,2} 404\b/i,
      excludes: [
        /favicon|robots\.txt|apple-touch|\.well-known|cors-proxy|\.(?:png|js|css|ico|map|json|webmanifest|svg|txt|php)\b/i,
      ],
      rank: 52,
    },
    {
      pattern: / 404\b.{0,60}\b(?:GET|POST) {1,5}\\?"?\/\S{1,200}/i,
      excludes: [/favicon|robots\.txt|\.well-known/i],
      rank: 48,
    },
    {
      pattern:
        /405 Method Not Allowed|Method Not Allowed|Invalid URL \((?:GET|POST)|unknown (?:endpoint|route|path)|no route (?:matches|for)|endpoint not found|route not found/i,
      rank: 48,
    },
  ],
};
