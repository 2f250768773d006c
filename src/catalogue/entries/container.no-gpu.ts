import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'container.no-gpu',
  type: 'CONNECTION_ERROR',
  title: 'the container does not get the GPU',
  explanation:
    'The GPU of the host is not passed into the container. Docker needs the NVIDIA Container Toolkit and --gpus (or a device reservation in Compose); AMD and Intel devices are passed as files (/dev/kfd, /dev/dri).',
  causes: [
    'the NVIDIA Container Toolkit is not installed, or Docker was not configured for it',
    '--gpus all, or the reservation in Compose, is missing',
    '/dev/kfd or /dev/dri is not passed, or the group may not open it',
    'rootless Docker, Podman or Snap, which need CDI',
  ],
  remedies: [
    {
      text: 'Install the toolkit and let it configure Docker',
      commands: [
        'sudo apt-get install -y nvidia-container-toolkit',
        'sudo nvidia-ctk runtime configure --runtime=docker',
        'sudo systemctl restart docker',
      ],
    },
    {
      text: 'Pass the GPU',
      commands: [
        'docker run --gpus all -p {port}:8080 -v /path/to/models:/models ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/MODEL.gguf -ngl all',
      ],
    },
    {
      text: 'Pass an AMD GPU',
      commands: [
        'docker run --device /dev/kfd --device /dev/dri --group-add video -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server-rocm -m /models/MODEL.gguf -ngl all',
      ],
    },
    {
      text: 'Pass it with Podman',
      commands: [
        'sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml',
        'podman run --device nvidia.com/gpu=all ghcr.io/ggml-org/llama.cpp:server-cuda --list-devices',
      ],
    },
  ],
  diagnostics: {
    any: [
      'docker run --rm --gpus all ubuntu nvidia-smi',
      'docker run --rm --gpus all ghcr.io/ggml-org/llama.cpp:server-cuda --list-devices',
    ],
    linux: ['nvidia-smi', 'docker info --format "{{.Runtimes}}"'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/docker.md#docker-with-cuda',
  rules: [
    {
      pattern:
        /could not select device driver|unknown or invalid runtime name: nvidia|unknown runtime specified nvidia|nvidia-container-(?:cli|runtime)|NVIDIA Container Toolkit|NVIDIA Driver was not detected|libnvidia-ml\.so|Failed to initialize NVML: (?:Unknown|Not Supported|Insufficient)|unresolvable CDI devices|CDI device injection|failed to discover GPU vendor|nvidia\.com\/gpu=\w+.{0,40}(?:unresolvable|not found)/i,
      excludes: [/unsatisfied condition|requirement error|mismatch/i],
      rank: 92,
    },
    {
      pattern:
        /(?:gathering device information|custom device|error mounting).{0,80}\/dev\/(?:kfd|dri|nvidia)|\/dev\/(?:kfd|dri|nvidia\w{0,10}).{0,60}(?:no such file|not found|no such device)|adapters were found.{0,40}WSL|--gpus.{0,60}(?:not supported|unknown)/i,
      rank: 88,
    },
    {
      pattern: /libcuda\.so\.1: cannot open shared object|load_backend: failed to load .{1,300}libcuda\.so/i,
      rank: 87,
    },
  ],
};
