import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'container.bind-localhost',
  type: 'CONNECTION_ERROR',
  title: 'the server listens inside its container only',
  explanation:
    'A container has a `localhost` of its own. A server that listens on 127.0.0.1 inside cannot be reached through a published port, and a client inside a container that asks localhost asks itself. The images of llama.cpp set LLAMA_ARG_HOST=0.0.0.0; --host on the command line overrides that.',
  causes: [
    '--host 127.0.0.1 inside the container, or an image without LLAMA_ARG_HOST',
    "the port is not published, or another than the server's is",
    'a client in a container asks localhost instead of the host or the service',
  ],
  remedies: [
    {
      text: 'Let it listen on all addresses inside, and publish it on this machine only',
      commands: [
        'docker run -p 127.0.0.1:{port}:8080 -v /path/to/models:/models ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf --host 0.0.0.0 --port 8080',
      ],
    },
    {
      text: 'From another container, use the name of the service',
      commands: ['curl http://llama:8080/health'],
    },
    {
      text: 'From a container to a server on the host',
      commands: [
        'docker run --add-host=host.docker.internal:host-gateway IMAGE',
        'curl http://host.docker.internal:{port}/health',
      ],
    },
  ],
  diagnostics: {
    any: [
      'docker port CONTAINER',
      'docker exec CONTAINER curl -s http://localhost:8080/health',
      'docker logs CONTAINER 2>&1 | grep listening',
    ],
  },
  link: 'https://docs.docker.com/engine/network/port-publishing/',
  rules: [
    {
      pattern:
        /\bECONNREFUSED\b|connection refused|failed to connect|Empty reply from server|reset by peer|couldn.?t connect/i,
      requires: [/listening (?:on|at) .{0,20}(?:127\.0\.0\.1|localhost)/i, /hostname: 127\.0\.0\.1/i],
      excludesAnywhere: [/not a container/i, /couldn.?t bind/i],
      rank: 64,
    },
    {
      pattern:
        /(?:connection refused|ECONNREFUSED|failed to connect|connect call failed|Failed to establish).{0,200}(?:host\.docker\.internal|172\.1[7-9]\.|172\.2\d\.)|(?:host\.docker\.internal|172\.1[7-9]\.|172\.2\d\.).{0,300}(?:connection refused|ECONNREFUSED|connect call failed|actively refused)/i,
      rank: 66,
    },
    {
      pattern:
        /ECONNREFUSED (?!127\.|::1|localhost|0\.0\.0\.0)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:(?:11434|8080|8000|1234)\b/i,
      rank: 52,
    },
    {
      pattern:
        /(?:docker|container|compose|pod).{0,200}(?:ECONNREFUSED|connection refused).{0,60}(?:127\.0\.0\.1|localhost|::1)|(?:127\.0\.0\.1|localhost).{0,80}(?:inside|within|from) (?:the |a )?(?:docker )?container/i,
      excludes: [/docker daemon|docker\.sock/i],
      rank: 62,
    },
  ],
};
