import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'auth.wrong-key',
  type: 'AUTHENTICATION_ERROR',
  title: 'the API key is not one that the server knows',
  explanation:
    "A key was sent, and it is none of those that llama-server was started with. Keys are compared exactly: a quote, a space or a line break that came along makes another key. A cloud service's key is of no use here.",
  causes: [
    'the key was changed on one side only',
    'blanks, quotes or `Bearer ` got into the value, or a `$VARIABLE` was not replaced',
    'the key of another server or service was sent',
    'a key file has the key with blanks around it',
    'the account behind the key of a paid service has no credits left, or the key may not use that model (402, 403)',
  ],
  remedies: [
    {
      text: 'Verify the key in the configuration (`apiKey` in agents.config.json) against the one of the server',
      commands: ['llamactl config show', 'export LLAMACTL_API_KEY=KEY'],
    },
    {
      text: 'Restart the server with the key that you mean',
      commands: ['llama-server -m {model} --port {port} --api-key-file keys.txt'],
    },
    {
      text: 'If the server needs no key, remove `apiKey` from the configuration: a llama-server without `--api-key` accepts any',
      commands: ['llamactl diagnose --url {url}'],
    },
    {
      text: 'Of a paid service: see what the key may spend, and add credits (this is how OpenRouter is asked)',
      commands: ['curl -s -H "Authorization: Bearer KEY" {url}/v1/key'],
    },
  ],
  diagnostics: {
    any: [
      'curl -si -H "Authorization: Bearer KEY" {url}/props',
      'printf %s "$LLAMACTL_API_KEY" | od -c | head',
    ],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#server-specific-params',
  rules: [
    {
      pattern:
        /Incorrect API key|invalid_api_key|API key (?:is )?(?:invalid|not valid|incorrect|expired|revoked)|wrong API key|bad API key|API key not recogni[sz]ed|invalid (?:x-api-key|bearer token|access token|auth(?:entication)? (?:token|credentials))|could not validate credentials/i,
      rank: 70,
    },
    {
      pattern:
        /(?:AuthenticationError|Error code: 401|401).{0,200}Invalid API Key|Invalid API Key.{0,200}AuthenticationError/i,
      excludes: [/request: (?:GET|POST)/i],
      rank: 68,
    },
    {
      pattern: /Invalid API Key/i,
      requires: [
        /Authorization: Bearer (?!<)\S|api_key ?=|--api-key[= ]|AuthenticationError|Error code: 401/i,
      ],
      excludes: [/Incorrect API key/i],
      rank: 66,
    },
    { pattern: /Invalid API Key/i, rank: 50 },
    {
      pattern:
        /AuthenticationError|authentication failed|authentication_error|403 Forbidden|HTTP 403|status(?:[ _]?code)?[ =:]{1,3}403|\b403, message=|\[403\]|\(403\)/i,
      excludes: [/huggingface|hf\.co|ghcr|registry|proxy|tunnel|gated/i],
      excludesAnywhere: [/huggingface\.co|gated repo/i, /feature_disabled/i],
      rank: 40,
    },
  ],
};
