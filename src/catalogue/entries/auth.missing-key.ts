import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'auth.missing-key',
  type: 'AUTHENTICATION_ERROR',
  title: 'the server needs an API key and none was given',
  explanation:
    'llama-server was started with --api-key or --api-key-file, and the request carried no key. `/health` stays public without a prefix, so a good health check proves nothing about the key; `/v1/models` is public in older builds.',
  causes: [
    'no key is configured in the client',
    'the key is in an environment variable that this process does not have (service, container, cron)',
    'a proxy on the way takes the `Authorization` header off',
  ],
  remedies: [
    {
      text: 'Give the key that llama-server was started with',
      commands: ['export LLAMACTL_API_KEY=KEY', 'llamactl diagnose --url {url}'],
    },
    {
      text: 'Write it into the configuration by the name of a variable (`"apiKey": "$LLAMA_API_KEY"` in agents.config.json)',
      commands: ['llamactl config validate'],
    },
    { text: 'Send it with any client', commands: ['curl -H "Authorization: Bearer KEY" {url}/props'] },
    {
      text: 'Or start the server without a key, on a machine that only you can reach',
      commands: ['llama-server -m {model} --port {port}'],
    },
  ],
  diagnostics: {
    any: ['curl -si {url}/props', 'curl -si -H "Authorization: Bearer KEY" {url}/props'],
    linux: ['tr "\\0" "\\n" < /proc/$(pgrep -o llama-server)/cmdline | grep -A1 -e --api-key'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#server-specific-params',
  rules: [
    {
      pattern:
        /(?:missing|no|without an?|provide an?|provide your|must provide|required) (?:valid )?(?:api key|api_key|api-key|apikey|bearer|authorization|credentials|authentication header)/i,
      excludes: [/no api key is set/i, /OPENAI_API_KEY.{0,40}(?:openai|platform)/i],
      rank: 78,
    },
    {
      pattern:
        /api_key client option must be set|OPENAI_API_KEY environment variable is missing|api[ _-]?key (?:is )?(?:missing|required|not (?:set|provided|found|configured))|didn.?t provide an API key|Missing Authentication|LoadAPIKeyError|no (?:api )?keys? (?:was |were )?(?:found|configured|provided|given)|authorization header (?:is )?(?:missing|required)|missing .{0,20}authorization header|not authenticated/i,
      excludes: [/no api key is set/i],
      rank: 80,
    },
    { pattern: /unauthorized: Invalid API Key/i, rank: 60 },
    {
      pattern: /Invalid API Key.{0,80}authentication_error|authentication_error.{0,80}Invalid API Key/i,
      excludesAnywhere: [
        /AuthenticationError|Error code: 401|Authorization: Bearer (?!<)\S|api_key ?=|--api-key/i,
      ],
      rank: 62,
    },
    {
      pattern:
        /401 Unauthorized|HTTP 401|HTTP401|HTTP\/\d(?:\.\d)? 401|status(?:[ _]?code)?[ =:]{1,3}401|(?:GET|POST) \/\S{1,200} \S{0,60}[ :]{0,2} 401\b|\b401, message=|\[401\]|\(401\)|\b401 - (?:GET|POST)|(?:error|returned|responded|failed|answered)[^\d\n]{0,20}\b401\b|\\?[\x22']error\\?[\x22']: ?\\?[\x22']unauthorized\b/i,
      excludes: [/huggingface|hf\.co|ghcr|registry|docker/i],
      rank: 54,
    },
  ],
};
