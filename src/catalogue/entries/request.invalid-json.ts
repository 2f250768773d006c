import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.invalid-json',
  type: 'INVALID_REQUEST',
  title: 'the body of the request is not valid JSON',
  explanation:
    'The server could not parse what was sent; builds answer 400 or, in spite of the client\'s fault, 500, and older ones close the connection. The number after "column" says how far it got.',
  causes: [
    'quotes that a shell took away or doubled (PowerShell, cmd.exe)',
    'an empty body, or one that was cut off',
    'text put into JSON without escaping line breaks and quotes',
    'another encoding than UTF-8',
  ],
  remedies: [
    {
      text: 'Check the body by itself',
      commands: ["node -e \"JSON.parse(require('fs').readFileSync('body.json','utf8'))\"", 'jq . body.json'],
    },
    {
      text: 'Send it from a file, so that no shell touches it',
      commands: ['curl {url}/v1/chat/completions -H "Content-Type: application/json" -d @body.json'],
    },
  ],
  diagnostics: {
    any: ['jq . body.json', 'file body.json'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#api-errors',
  rules: [
    {
      pattern:
        /json\.exception\.parse_error|parse_error\.101|syntax error while parsing|attempting to parse an empty input/i,
      excludes: [/tool call|parse arguments|arguments as JSON|grammar/i],
      rank: 70,
    },
    {
      pattern:
        /(?:invalid|malformed|bad) JSON(?: body| in| payload| request)?|request body (?:is )?(?:not (?:valid )?|must be (?:valid )?)JSON|could not parse (?:the )?(?:JSON )?body|JSON decode error|json_invalid|failed to parse (?:the )?request body|We could not parse the JSON|Error parsing JSON|ill-formed UTF-8|json\.exception\.type_error\.316|invalid UTF-8 byte/i,
      excludes: [/response|data: |chunk|stream|SSE|tool call|schema/i],
      rank: 64,
    },
    {
      // The answer of a server in Go to a body that it could not read.
      pattern: /^\{\\?"error\\?": ?\\?"(?:.{0,40}: )?(?:invalid character|unexpected end of JSON)/i,
      rank: 60,
    },
  ],
};
