import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'container.volume-missing',
  type: 'CONNECTION_ERROR',
  title: 'the model is not mounted into the container',
  explanation:
    'The path given to -m is one inside the container. Without a volume, or with one that points at another folder, nothing lies there; Docker even makes a missing host folder anew, empty and owned by root.',
  causes: [
    '-v or `volumes:` is missing, or its two sides are mixed up',
    'the path after -m is the one of the host',
    'the host path is relative, misspelt, or not shared with Docker Desktop',
    'SELinux or permissions forbid reading it',
  ],
  remedies: [
    {
      text: 'Mount the folder and use the path inside',
      commands: [
        'docker run -v /path/to/models:/models:ro -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf',
      ],
    },
    {
      text: 'Look what the container sees',
      commands: [
        'docker run --rm --entrypoint ls -v /path/to/models:/models:ro ghcr.io/ggml-org/llama.cpp:server -l /models',
      ],
    },
    {
      text: 'With SELinux, let the container read it',
      commands: [
        'docker run -v /path/to/models:/models:ro,Z -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf',
      ],
    },
  ],
  diagnostics: {
    any: ['docker inspect --format "{{json .Mounts}}" CONTAINER', 'kubectl describe pod POD'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/docker.md#usage',
  rules: [
    {
      pattern:
        /(?:failed to open|failed to load model|No such file|does not exist|not found|cannot find|unable to open).{0,300}[ '"(]\/(?:models?|app\/models?|data|mnt|workspace|root\/\.cache|gguf|weights)\/\S{0,300}\.gguf|[ '"(]\/(?:models?|app\/models?|data|mnt|workspace|gguf|weights)\/\S{0,300}\.gguf.{0,60}(?:No such file|not found|does not exist)/i,
      excludes: [/failed to load model,? '|common_init|srv |permission denied/i],
      excludesAnywhere: [
        /invalid magic|corrupted or incomplete|unknown model architecture|out of memory|not within the file/i,
      ],
      rank: 74,
    },
    {
      pattern:
        /Mounts denied|invalid mount config|bind source path does not exist|error while creating mount source path|is not shared from the host|MountVolume\.\w+ failed|FailedMount|FailedAttachVolume|unable to attach or mount volumes|Multi-Attach error|persistentvolumeclaim .{1,120}not found|unbound immediate PersistentVolumeClaims|not a directory: .{0,40}Are you trying to mount|failed to (?:mount|create shim task).{0,200}mount|error mounting .{1,300}(?:to rootfs|no such file)/i,
      excludes: [/\/dev\/(?:kfd|dri|nvidia)/i],
      rank: 84,
    },
  ],
};
