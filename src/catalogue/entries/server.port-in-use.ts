import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.port-in-use',
  type: 'CONNECTION_ERROR',
  title: 'another process already listens on the port',
  explanation:
    'llama-server could not take its address and ended. Mostly an earlier server still runs, or another program likes port 8080. The same message comes when --host names an address that this machine does not have, or a port below 1024 is asked for without the right to it.',
  causes: [
    'an older llama-server still runs, perhaps in a container',
    'another program uses the port',
    '--host is not an address of this machine',
    'a port below 1024 without the right for it, or one that Windows has reserved',
  ],
  remedies: [
    {
      text: 'See who has it; where nobody has, `--host` is no address of this machine, or the port is under 1024',
      commands: ["ss -ltnp 'sport = :{port}'", 'lsof -nP -iTCP:{port} -sTCP:LISTEN'],
    },
    { text: 'Use another port', commands: ['llama-server -m {model} --port {nextPort}'] },
    {
      // Never by name: other llama-servers of the machine may be well.
      text: 'Stop the old server',
      commands: ['fuser -k -TERM {port}/tcp', 'docker ps --filter publish={port}'],
    },
  ],
  diagnostics: {
    linux: ["ss -ltnp 'sport = :{port}'", 'docker ps --filter publish={port}'],
    darwin: ['lsof -nP -iTCP:{port} -sTCP:LISTEN'],
    win32: ['netstat -ano | findstr :{port}', 'netsh interface ipv4 show excludedportrange protocol=tcp'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#server-specific-params',
  rules: [
    {
      pattern:
        /couldn.?t bind|could not bind|cannot bind|unable to bind|failed to bind|error (?:while )?(?:attempting to )?bind(?:ing)?\b|bind failed|bind\(\) .{0,20}failed|couldn.?t start HTTP listener|failed to initialize HTTP server/i,
      excludes: [/mount/i],
      excludesAnywhere: [/built without SSL support/i],
      rank: 90,
    },
    {
      pattern:
        /EADDRINUSE|address (?:is )?already in use|port (?:\d+ )?(?:is )?(?:already )?(?:in use|allocated|taken|occupied|being used)|Only one usage of each socket address|WinError 10048|WSAEADDRINUSE|Ports are not available|\[Errno (?:98|48)\]|bind: (?:permission denied|An attempt was made|cannot assign)|already listening on|another process .{0,40}(?:port|listening)/i,
      rank: 92,
    },
  ],
};
