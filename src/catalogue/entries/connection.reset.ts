import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.reset',
  type: 'CONNECTION_ERROR',
  title: 'the connection was cut before the answer came',
  explanation:
    'The connection was made and then closed by the other side, or by something on the way, without an answer. Either the server process died while it worked, or a client reused a kept-alive connection that llama-server had closed: it closes the connection after each streamed reply without announcing it.',
  causes: [
    'llama-server crashed or was killed while it handled the request',
    'a pooled connection was reused after a streamed reply, and had been closed meanwhile',
    'a proxy, load balancer or firewall cut an idle connection',
    'http was spoken to an https port, or the reverse',
  ],
  remedies: [
    { text: 'See whether the server is still the same process', commands: ['llamactl health --url {url}'] },
    {
      text: 'Read the end of its log; llamactl names the cause',
      commands: [
        'journalctl -u llama-server -n 200 | llamactl explain -',
        'docker logs --tail 200 CONTAINER 2>&1 | llamactl explain -',
      ],
    },
    {
      text: 'In your client, retry a reset once, and do not reuse a connection after a stream',
      commands: ['curl -H "Connection: close" {url}/health'],
    },
  ],
  diagnostics: {
    any: ['curl -v {url}/health'],
    linux: ['dmesg -T | tail -n 50', 'journalctl -u llama-server -n 200'],
    darwin: ['log show --last 10m --predicate \'process == "llama-server"\''],
    win32: ['powershell Get-WinEvent -LogName Application -MaxEvents 20'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#quick-start',
  rules: [
    {
      pattern:
        /\bECONNRESET\b|\bECONNABORTED\b|\bEPIPE\b|ConnectionResetError|ConnectionAbortedError|BrokenPipeError|UND_ERR_SOCKET|ERR_CONNECTION_(?:RESET|CLOSED)|ERR_EMPTY_RESPONSE|WinError 1005[34]/i,
      rank: 50,
    },
    {
      pattern:
        /connection reset|reset by peer|socket hang up|other side closed|broken pipe|forcibly closed|connection (?:was )?aborted|software caused connection abort/i,
      excludes: [/upstream|sparse|probe failed/i],
      rank: 50,
    },
    {
      pattern:
        /server disconnected|remote end closed connection without response|empty reply from server|curl: \((?:52|56)\)|connection closed before message completed|server closed the connection|closed the connection unexpectedly|connection closed unexpectedly/i,
      excludes: [/peer closed connection without sending complete|stream/i],
      rank: 52,
    },
    {
      pattern:
        /(?:Post|Get|Head) \\?"?https?:.{1,200}: (?:unexpected )?EOF\b|RemoteProtocolError|ServerDisconnectedError|(?:httpx|httpcore)\.(?:Read|Write)Error|header parser received no bytes|unexpected end of file from server/i,
      excludes: [/incomplete|complete message body/i, /manifests|registry/i],
      rank: 48,
    },
    {
      pattern:
        /IncompleteMessage|underlying connection was closed|connection (?:was )?closed by (?:the )?(?:remote|peer|server|foreign)|could not (?:receive|read) .{0,40}(?:server|connection)|(?:http client|proxy) error: (?:Failed to (?:read|write)|Connection)/i,
      rank: 46,
    },
  ],
};
