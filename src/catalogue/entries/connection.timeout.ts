import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.timeout',
  type: 'TIMEOUT_ERROR',
  title: 'no answer in time',
  explanation:
    'The connection could not be made, or the server did not answer before the deadline. Before the first token llama-server processes the whole prompt and sends nothing meanwhile, which on a CPU can take minutes, and many HTTP libraries give up after 30, 60 or 300 seconds.',
  causes: [
    'a firewall or security group drops the packets (the connection itself times out)',
    'a long prompt is still being processed, longer than the client waits',
    'the model waits for a free slot behind other requests',
    'the model has first to be loaded (router mode, waking from sleep)',
    'the server hangs',
  ],
  remedies: [
    {
      text: 'See whether the server is up and what it is doing',
      commands: ['llamactl health --url {url}', 'llamactl slots --url {url}'],
    },
    { text: 'Give the request more time', commands: ['llamactl chat "hello" --url {url} --timeout 5m'] },
    {
      text: 'Raise the timeout of the client at fault (`timeout` in agents.config.json; `headersTimeout` of undici; `timeout` of the OpenAI libraries), or stream, so that tokens keep the connection alive',
      commands: [
        'curl -N {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"stream":true,"messages":[{"role":"user","content":"hi"}]}\'',
      ],
    },
    {
      text: 'Make prompts faster: use the GPU, and a larger batch',
      commands: ['llama-server -m {model} --port {port} -ngl all -ub 1024'],
    },
    {
      text: 'If even connecting times out, let the firewall pass the port',
      commands: ['nc -vz -w 3 {host} {port}'],
    },
  ],
  diagnostics: {
    any: ['curl -v --connect-timeout 3 {url}/health'],
    linux: ['nc -vz -w 3 {host} {port}', 'tracepath {host}'],
    darwin: ['nc -vz -G 3 {host} {port}'],
    win32: ['powershell Test-NetConnection {host} -Port {port}'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#server-specific-params',
  rules: [
    {
      pattern:
        /HeadersTimeoutError|Headers Timeout Error|UND_ERR_HEADERS_TIMEOUT|UND_ERR_CONNECT_TIMEOUT|ConnectTimeoutError|Connect Timeout Error/i,
      rank: 62,
    },
    {
      pattern:
        /\bETIMEDOUT\b|\bESOCKETTIMEDOUT\b|ConnectTimeout\b|ReadTimeout\b|WriteTimeout\b|PoolTimeout\b|APITimeoutError|ERR_(?:CONNECTION_)?TIMED_OUT|SocketTimeoutException|WinError 10060/i,
      rank: 58,
    },
    {
      pattern:
        /connection timed out|connect(?:ion)? timeout|(?:read|operation|request|socket|call|job|query|response|handshake|invocation) timed out|timed out waiting for (?:a |the )?(?:response|reply|server|connection|completion)/i,
      excludes: [/upstream|SSE|stream|probe|download|huggingface|waiting for (?:server|llama runner)/i],
      rank: 55,
    },
    {
      pattern:
        /i\/o timeout|context deadline exceeded|Client\.Timeout exceeded|TLS handshake timeout|deadline has elapsed|request timeout|timeout of \d+ ?ms exceeded|timed? ?out after \d+|timeout exceeded|exceeded the timeout|(?:exceeded|missed|past) (?:the |its )?(?:[\w-]{1,20} ){0,2}(?:deadline|time limit)|HttpClient\.Timeout of|timeout error\b|TimeoutError\b|timeout was reached/i,
      excludes: [/probe failed|upstream|idle|stream|pull|registry|huggingface|manifest/i],
      rank: 54,
    },
    {
      pattern:
        /failed to connect to .{1,120}(?:timeout|timed out)|curl: \(28\)|no response from (?:the )?server/i,
      rank: 58,
    },
    {
      pattern:
        /\bEHOSTUNREACH\b|\bENETUNREACH\b|no route to host|network is unreachable|host is unreachable|ERR_ADDRESS_UNREACHABLE/i,
      rank: 60,
    },
    {
      pattern:
        /did not (?:properly )?respond after a period of time|did not respond (?:in time|within)|no response (?:received )?(?:within|after) \d+/i,
      rank: 54,
    },
    {
      pattern:
        /the operation was aborted due to timeout|request (?:was )?aborted.{0,40}timeout|HTTP 408|408 Request Time-?out/i,
      rank: 54,
    },
    {
      // What no rule above says better: a client that waited in vain.
      pattern:
        /\btimed[ -]out\b|\btime-?out (?:exceeded|reached|occurred|expired|waiting)|gave up (?:waiting )?after/i,
      excludes: [
        /probe|upstream|SSE|stream|idle|huggingface|hf\.co|registry|manifest|download|waiting for (?:llama|(?:the )?(?:server|model))|health ?check|sandbox|command/i,
      ],
      rank: 36,
    },
    { pattern: /no response headers received \(request cancelled/i, rank: 34 },
  ],
};
