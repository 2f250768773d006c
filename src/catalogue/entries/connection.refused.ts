import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.refused',
  type: 'CONNECTION_ERROR',
  title: 'nothing listens where llama-server is expected',
  explanation:
    'The machine answered, but no program listens on that port, so the connection was refused at once. llama-server opens its port only after a model that it must download has arrived; while it loads the model the port is open already and answers 503.',
  causes: [
    'llama-server is not running, or it exited while it started',
    'it listens on another port or address than the one that was asked (the default is 8080)',
    'it runs in a container or on another machine and listens on 127.0.0.1 only',
    'the client runs in a container, where localhost is the container itself (see container.bind-localhost)',
    'localhost means ::1 to the client, and the server listens on 127.0.0.1 only',
    'a firewall rejects the port',
    'it is still downloading the model',
  ],
  remedies: [
    {
      text: 'Start the server, or read why it stopped in its log',
      commands: ['llama-server -m {model} --port {port}'],
    },
    { text: 'Without a model at hand, try a tiny one', commands: ['llamactl up --tiny'] },
    {
      text: 'Check that it is healthy, on the port that it really uses',
      commands: ['curl {url}/health', 'curl http://127.0.0.1:{port}/health', 'llamactl health --url {url}'],
    },
    {
      text: 'Correct the address in the configuration (`baseUrl` in agents.config.json or llamactl.config.json)',
      commands: ['llamactl config show'],
    },
    {
      text: 'From another machine or a container, let it listen on all addresses, with a key',
      commands: ['llama-server -m {model} --host 0.0.0.0 --port {port} --api-key-file keys.txt'],
    },
    { text: 'Let the firewall pass the port', commands: ['sudo ufw allow {port}/tcp'] },
  ],
  diagnostics: {
    any: ['curl -v {url}/health'],
    linux: ['pgrep -a llama-server', "ss -ltnp 'sport = :{port}'"],
    darwin: ['ps aux | grep llama-server', 'lsof -nP -iTCP:{port} -sTCP:LISTEN'],
    win32: ['tasklist | findstr llama-server', 'netstat -ano | findstr :{port}'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#quick-start',
  rules: [
    {
      pattern: /\bECONNREFUSED\b|ConnectionRefusedError|ERR_CONNECTION_REFUSED|NS_ERROR_CONNECTION_REFUSED/i,
      rank: 60,
    },
    {
      pattern:
        /connection refused|actively refused|refused the (?:network )?connection|connection to .{1,120} was refused|\[Errno (?:61|111|10061)\]|os error (?:61|111|10061)\b/i,
      // What asks whether a server that was just started is up is refused until it is.
      excludes: [/probe failed|upstream|proxyconnect|bad gateway|health check error on http/i],
      rank: 60,
    },
    {
      pattern:
        /failed to connect to .{1,120} port \d+.{0,60}(?:couldn.?t connect|could not connect)|curl: \(7\)/i,
      rank: 60,
    },
    {
      pattern: /could not connect to server|couldn.?t connect to server|WinError 10061|WSAECONNREFUSED/i,
      rank: 58,
    },
    {
      pattern: /all connection attempts failed|failed to establish a new connection/i,
      excludes: [/name or service|resolution|getaddrinfo|timed out|no route/i],
      rank: 50,
    },
    {
      pattern:
        /error trying to connect: tcp connect error|could not connect to a running (?:ollama|llama)|could not connect to (?:ollama|llama)/i,
      rank: 50,
    },
    { pattern: /cannot connect to host .{1,120} \[(?:connect call failed|none)/i, rank: 55 },
    {
      pattern:
        /APIConnectionError|Connection error\.|fetch failed|failed to fetch\b|TypeError: Load failed|ECONNFAILED/i,
      excludes: [/certificate|SSL|resolve/i],
      rank: 20,
    },
    { pattern: /cannot assign requested address/i, excludes: [/\bbind|listen/i], rank: 48 },
    {
      pattern:
        /(?:could not|couldn.?t|cannot|can.?t|unable to|failed to) (?:connect|reach) (?:to )?(?:the |your |a )?(?:local |running )?(?:\S{0,40}(?:server|api|endpoint|ollama|llama|lm.?studio|llm|https?:|localhost|127\.0\.0\.1))|(?:server|ollama|llama\S{0,20}|lm studio) (?:is not|isn.?t|not) (?:running|reachable|started)|(?:make sure|check (?:that|if)|is) (?:your |the )?(?:\S{1,30} )?(?:server|ollama|llama\S{0,20}) (?:is )?(?:up and )?running/i,
      excludes: [
        /time.?out|timed out|certificate|SSL|resolve|unexpected character|browser tab|nvidia|docker daemon|docker\.sock|buildkit/i,
      ],
      rank: 34,
    },
    {
      pattern:
        /NetworkError when attempting to fetch|network connection error|error sending request for url/i,
      excludes: [/time.?out|timed out|certificate|dns error|resolve/i],
      rank: 30,
    },
    {
      pattern:
        /unable to connect\b|computer able to access|(?:http client|proxy) error: Could not establish connection/i,
      excludes: [/time.?out|timed out|certificate|SSL|resolve|proxy\b(?! error)|docker daemon|docker\.sock/i],
      rank: 32,
    },
    {
      // The least that a client says: no reason, only that nothing answered.
      pattern:
        /\bconnection error\b|server connection\b|not yet available|(?:host|server|backend|endpoint|api) (?:is |was )?(?:unreachable|offline|not reachable|not responding to)/i,
      excludes: [
        /time.?out|timed out|certificate|SSL|resolve|reset|closed|proxy|upstream|database|redis|postgres|database/i,
      ],
      rank: 22,
    },
  ],
};
