import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'stream.truncated',
  type: 'STREAMING_ERROR',
  title: 'the stream ended before the answer did',
  explanation:
    'Tokens came, and then the connection closed without `finish_reason` and `data: [DONE]`. llama-server ends a stream so when it is killed, and when it is stopped: it then sends no more tokens, and closes after up to 30 seconds. What arrived is incomplete, whatever the status says.',
  causes: [
    'the server was stopped, restarted, crashed or killed for memory',
    'a proxy or load balancer cut a long response',
    'the network was interrupted',
    'the client gave up and closed its own connection',
  ],
  remedies: [
    {
      text: 'See whether the server is up, and read the end of its log',
      commands: ['llamactl health --url {url}', 'journalctl -u llama-server -n 200 | llamactl explain -'],
    },
    {
      text: 'Ask again, without streaming if a proxy cuts streams',
      commands: ['llamactl chat "hello" --url {url} --no-stream'],
    },
    {
      text: 'Ask the server directly, without the proxy, to see which of them cuts',
      commands: [
        'curl -N http://127.0.0.1:{port}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"messages":[{"role":"user","content":"hi"}]}\'',
      ],
    },
  ],
  diagnostics: {
    any: [
      'curl -Nv {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"messages":[{"role":"user","content":"hi"}]}\'',
    ],
    linux: ['journalctl -u llama-server -n 200', 'dmesg -T | tail'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-completion-given-a-prompt-it-returns-the-predicted-completion',
  rules: [
    {
      pattern:
        /incomplete chunked read|without sending complete message body|IncompleteRead|ChunkedEncodingError|Response ended prematurely|ERR_INCOMPLETE_CHUNKED_ENCODING|outstanding read data remaining|curl: \(18\)|InvalidChunkLength|ClientPayloadError|TransferEncodingError|ERR_STREAM_PREMATURE_CLOSE|Premature close|error decoding response body|IncompleteBody|NS_ERROR_NET_PARTIAL_TRANSFER/i,
      rank: 72,
    },
    {
      pattern:
        /TypeError: terminated|stream (?:was |has |is |disconnected |closed |ended |terminated |aborted |interrupted |cut |error: )?(?:disconnected|closed|ended|terminated|aborted|interrupted|cut|stopped)? ?(?:before|without|prematurely|unexpectedly|early|mid)|stream (?:disconnected|interrupted|broken)\b|(?:error|fail\w*|warning)\b.{0,60}\bstream (?:was )?(?:closed|ended)|stream (?:closed|ended):? (?:with|by|after|due|while)|connection (?:lost|closed|dropped|reset) (?:during|while|in the middle of|mid).{0,10}(?:stream|response|generation)|unexpected end of (?:stream|file while reading)|unexpected EOF|premature (?:end|EOF|close)|without (?:a )?finish_reason|(?:missing|no|without|never (?:sent|received)) (?:a |the )?(?:finish_reason|\[DONE\]|terminal|final (?:chunk|event))|response (?:was )?(?:truncated|cut off|incomplete)|streaming (?:response )?(?:was )?interrupted|network connection was lost|stream connection lost|Error in input stream/i,
      excludes: [
        /idle timeout|ended with error|file while reading model|manifest|gguf|while parsing|JSON input|parse error/i,
      ],
      rank: 66,
    },
    {
      pattern:
        /AbortError|request (?:was )?aborted|The user aborted|BodyStreamBuffer was aborted|aborted by (?:the )?client|client (?:disconnected|closed)/i,
      excludes: [/timeout|slot|cancel task/i],
      rank: 30,
    },
  ],
};
