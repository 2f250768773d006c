import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'stream.malformed',
  type: 'STREAMING_ERROR',
  title: 'events of the stream cannot be parsed',
  explanation:
    'A stream is lines of `data:` and a JSON object, with an empty line after each, and comments that begin with a colon. Something arrived that is not that: a page of a proxy, an event cut in two by a client that parses network chunks instead of lines, or chunks of another shape than the client expects.',
  causes: [
    'the client parses each network chunk by itself, and events are split among chunks',
    'the client does not skip comments (`:`) or `[DONE]`',
    'a proxy rewrites, merges or compresses the stream',
    "an error object came in the stream, or another API's shape (`/completion` against `/v1/…`)",
  ],
  remedies: [
    {
      text: 'Look at the raw stream',
      commands: [
        'curl -sN {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"messages":[{"role":"user","content":"hi"}]}\' | head',
      ],
    },
    {
      text: 'Compare with llamactl, which reads the same route',
      commands: ['llamactl chat "hi" --url {url} --verbose'],
    },
    { text: 'Fall back to a plain reply', commands: ['llamactl chat "hi" --url {url} --no-stream'] },
  ],
  diagnostics: {
    any: [
      'curl -sN {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"messages":[{"role":"user","content":"hi"}]}\' | od -c | head -n 40',
    ],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-v1chatcompletions-openai-compatible-chat-completions-api',
  rules: [
    {
      pattern:
        /(?:could.?n.?t|could not|failed to|unable to|cannot|error|invalid|malformed|bad)[ :](?:to )?(?:parse|parsing|decode|decoding|deserialize|deserializing|read)?.{0,40}(?: SSE\b|server.sent event|stream(?:ing|ed)? (?:chunk|response|event|data|line|message|completion)|event.?stream|chunk)|Unexpected token .{0,12}data: ?|Could not parse message into JSON|data did not match any variant(?! of untagged enum ModelWrapper)|invalid (?:SSE|chunk|event) |malformed (?:SSE|chunk|event|stream)|AI_TypeValidationError|Type validation failed|AI_JSONParseError|JSON parsing failed|text\/event-stream.{0,80}(?:got|received|but)/i,
      excludes: [/InvalidChunkLength|chunked|mtmd chunk|idle timeout|error decoding response body/i],
      rank: 72,
    },
    {
      pattern:
        /(?:JSONDecodeError|Unterminated string|Expecting (?:value|property name|.,. delimiter)|Unexpected end of JSON input|Extra data: line|Unexpected non-whitespace character after JSON|invalid character .{1,6} (?:looking for|after|in)|EOF while parsing|expected value at line|unexpected end of JSON|Bad control character)/i,
      excludes: [/tool|config|argument|request body/i, /invalid character .{0,4}<|Unexpected token .{0,4}</i],
      excludesAnywhere: [/<!doctype|<html/i, /agents\.config/i],
      rank: 54,
    },
    {
      pattern: /^\{\\?"(?:choices|id|object|created|model)\\?":.{0,3000}chat\.completion\.chunk/i,
      requires: [/data: \{/i],
      rank: 50,
    },
    {
      pattern:
        /chunk has no choices|no choices in (?:chunk|response)|cannot unmarshal .{1,60} into Go (?:struct field \w*Response|value)|choices.{0,20}(?:undefined|is empty|not iterable)|Cannot read propert\w+ (?:of undefined )?\(reading .(?:choices|delta|content|0).\)|NoneType.{0,40}(?:delta|choices)|Expected .id. to be a string|(?:list|str|dict|tuple|NoneType).{0,3}object has no attribute .(?:data|choices|message|content|delta|usage)\b/i,
      excludes: [/Loading model/i],
      rank: 46,
    },
  ],
};
