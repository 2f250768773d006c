import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'stream.idle-timeout',
  type: 'STREAMING_ERROR',
  title: 'the stream fell silent for too long',
  explanation:
    'The stream is open, but no token came within the deadline. llama-server sends a comment (`:`) every 30 seconds to keep the connection alive, so a connection that looks alive proves no progress: a long prompt is being processed, the server is stopping, or it hangs.',
  causes: [
    'a long prompt is processed before the first token, longer than the client waits',
    'the server got SIGTERM: it stops generating and closes only 30 seconds later',
    'all slots are taken and the request waits',
    'the worker hangs (see server.wedged)',
  ],
  remedies: [
    {
      text: 'See whether the slots make progress',
      commands: ['llamactl slots --url {url}', 'llamactl diagnose --url {url}'],
    },
    { text: 'Increase the timeout', commands: ['llamactl chat "hello" --url {url} --timeout 10m'] },
    {
      text: 'Let the server say how far the prompt is (`return_progress`)',
      commands: [
        'curl -N {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"return_progress":true,"messages":[{"role":"user","content":"hi"}]}\'',
      ],
    },
    {
      text: 'Reduce concurrent requests, or fall back to a plain reply',
      commands: ['llamactl chat "hello" --url {url} --no-stream --timeout 10m'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/slots', 'curl -s {url}/metrics | grep requests_'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-completion-given-a-prompt-it-returns-the-predicted-completion',
  rules: [
    {
      pattern:
        /BodyTimeoutError|Body Timeout Error|UND_ERR_BODY_TIMEOUT|(?:stream|SSE|chunk|event|token)s?.{0,60}(?:idle|inactiv\w+).{0,20}(?:time.?out|timed out|exceeded|for)|idle.?timeout.{0,60}(?:SSE|stream|event|token|chunk)|(?:stream\w*|SSE) .{0,30}(?:timed out|timeout|time-out|stalled|stuck)|(?:timeout|time out) (?:waiting|while waiting|reading) .{0,40}(?:chunk|stream|event|token)|timed out (?:while )?(?:waiting for|reading) .{0,40}(?:chunk|stream|event|token|SSE)/i,
      excludes: [/upstream/i],
      rank: 76,
    },
    {
      pattern:
        /(?:no data|no chunks?|no tokens?|no events?|no output|no new tokens?|no bytes?) (?:was |were |been )?(?:received|arrived|for|in|within|from stream).{0,40}\d+ ?(?:ms|s\b|sec|min)|silent for \d+|stream(?:ing)? (?:has )?stalled|first token.{0,40}(?:time.?out|timed out|not received)|waiting for (?:the )?first (?:token|chunk|event|byte)/i,
      rank: 66,
    },
    {
      pattern:
        /\bidle[ -]?time-?out\b|no (?:meaningful |visible )?progress for \d+ ?(?:s|ms|min|sec)|first[- ]token time-?out|no first (?:token|event|chunk|byte)|no response from (?:the )?(?:model|LLM)/i,
      excludes: [/keep-?alive (?:idle|time)|upstream|session|ssh|sleep|idle timeout = |worker/i],
      rank: 64,
    },
  ],
};
