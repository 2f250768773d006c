import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'gpu.not-used',
  type: 'CONNECTION_ERROR',
  title: 'the model runs on the CPU although a GPU was wanted',
  explanation:
    'The program was built without a GPU backend, found none, or was told to offload no layer, and goes on with the CPU: it works, some ten times slower. llama.cpp only prints a warning. The container image `:server` is for the CPU; the others carry the backend in their name.',
  causes: [
    'the build or image has no backend for this GPU',
    "the backend's library could not be loaded, so its devices are not there",
    '-ngl 0 is set, or the GPU has no room and --fit left the layers out',
  ],
  remedies: [
    { text: 'See which devices this build can use', commands: ['llama-server --list-devices'] },
    {
      text: 'Take a build with the backend',
      commands: [
        'docker run --gpus all -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server-cuda -m {model} -ngl all',
        'cmake -B build -DGGML_CUDA=ON && cmake --build build --config Release -j',
      ],
    },
    { text: 'Offload all layers', commands: ['llama-server -m {model} --port {port} -ngl all'] },
  ],
  diagnostics: {
    any: ['llama-server --list-devices', 'llama-server --version'],
    linux: [
      'nvidia-smi',
      'vulkaninfo --summary',
      'ldd "$(command -v llama-server)" | grep -iE "cuda|hip|vulkan"',
    ],
    darwin: ['system_profiler SPDisplaysDataType'],
    win32: ['nvidia-smi'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md#cuda',
  rules: [
    {
      pattern:
        /not compiled with GPU (?:offload )?support|compiled without support for GPU|compiled without GPU|without GPU support|no usable GPU found|--(?:n-)?gpu-layers option will be ignored|gpu-layers option will be ignored|n_gpu_layers .{0,40}ignored|GPU offload(?:ing)? (?:is )?(?:not (?:supported|available)|disabled)/i,
      rank: 78,
    },
    { pattern: /offloaded 0\/\d+ layers|offloading 0 (?:repeating )?layers/i, rank: 62 },
    {
      pattern:
        /GPU (?:is )?not (?:being )?used|not using (?:the )?GPU|falling back to CPU|fallback to CPU|running on CPU(?: only)?|using CPU (?:backend )?instead|inference (?:will|is) .{0,20}on (?:the )?CPU|no GPU (?:found|detected|available)|CUDA (?:is )?not available/i,
      excludes: [/lora for|cannot be used with preferred|flash attention/i],
      excludesAnywhere: [/offloaded [1-9]\d*\/\d+ layers/i],
      rank: 52,
    },
    {
      // A build without a GPU's backend, where layers were meant to go to one.
      pattern: /\bBLAS = 0\b/i,
      requires: [/n_gpu_layers|gpu-layers|-ngl /i],
      excludes: [/\b(?:CUDA|METAL|VULKAN|HIPBLAS|CUBLAS) ?[:=] ?(?:1|ARCHS)/i],
      excludesAnywhere: [/offload(?:ed|ing) [1-9]\d*/i, /using device (?:CUDA|ROCm|Vulkan|Metal)/i],
      rank: 50,
    },
  ],
};
