import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'memory.gpu',
  type: 'CONNECTION_ERROR',
  title: 'the GPU is out of memory',
  explanation:
    'The weights, the KV cache of the whole context and the compute buffers must fit into the memory of the device together. The server fails at start, or later on the first long prompt when the compute buffers grow.',
  causes: [
    'more layers are offloaded than fit',
    'the context, or context times slots, is too large',
    'another program, or another model of a router, holds the memory',
    'a projector, draft model or large batch needs its own part',
  ],
  remedies: [
    {
      text: 'Let llama-server fit what is not set: leave -ngl and -c out',
      commands: ['llama-server -m {model} --port {port} --fit on'],
    },
    {
      text: 'Use a smaller context and a quantized cache',
      commands: ['llama-server -m {model} --port {port} -c {contextSize} -np 1 -fa on -ctk q8_0 -ctv q8_0'],
    },
    {
      text: 'Keep some layers, or the experts of an MoE model, on the CPU',
      commands: [
        'llama-server -m {model} --port {port} -ngl 20',
        'llama-server -m {model} --port {port} -ngl all --cpu-moe',
      ],
    },
    { text: 'Take a smaller quantization', commands: ['llama-server -hf USER/REPO:Q4_K_M --port {port}'] },
    { text: 'See who holds the memory', commands: ['nvidia-smi'] },
  ],
  diagnostics: {
    any: ['llama-server --list-devices'],
    linux: ['nvidia-smi', 'rocm-smi --showmeminfo vram'],
    darwin: ['sysctl iogpu.wired_limit_mb', 'system_profiler SPDisplaysDataType'],
    win32: ['nvidia-smi'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#common-params',
  rules: [
    {
      pattern:
        /(?:CUDA|HIP|ROCm|MUSA|SYCL|Vulkan|Metal|GPU|device|VRAM|hipMalloc|musaMalloc)\b.{0,160}out of (?:device )?memory|out of (?:device |GPU |video )?memory.{0,120}(?:CUDA|HIP|ROCm|GPU|VRAM)|cudaMalloc(?:Async|Managed)? failed|hipMalloc failed|cudaErrorMemoryAllocation|hipErrorOutOfMemory|CUDA_ERROR_OUT_OF_MEMORY|CUBLAS_STATUS_ALLOC_FAILED|ROCBLAS_STATUS_MEMORY|OutOfMemoryError: CUDA/i,
      excludes: [/Killed process|oom-kill/i],
      rank: 94,
    },
    {
      pattern:
        /(?:unable|failed) to allocate (?:(?!CPU|host)\w+ )?(?:CUDA|ROCm|HIP|Vulkan|Metal|MTL|SYCL|MUSA|OpenCL|CANN|Kompute|RPC)\w{0,12}(?:\[.{1,40}\])? (?:\w+ )?buffer/i,
      excludes: [/CUDA_Host|_Host buffer|pinned/i],
      rank: 92,
    },
    {
      pattern:
        /VK_ERROR_OUT_OF_DEVICE_MEMORY|memory allocation of size \d+ failed|larger than (?:the )?(?:buffer|device) maximum|out of (?:GPU|device|video) memory|Requested buffer size exceeds device|exceeds (?:the )?(?:device )?(?:maxBufferSize|max(?:imum)? (?:buffer|memory) allocation)|CL_MEM_OBJECT_ALLOCATION_FAILURE|CL_OUT_OF_RESOURCES|UR_RESULT_ERROR_OUT_OF_(?:DEVICE_MEMORY|RESOURCES)|can.?t allocate .{1,60}on device/i,
      excludes: [/pinned memory/i],
      rank: 94,
    },
    {
      pattern:
        /kIOGPUCommandBufferCallbackErrorOutOfMemory|Insufficient Memory \([0-9a-f]{8}:|failed to allocate Metal buffer|ggml_metal\w*:.{0,80}failed to allocate|current allocated size is greater than the recommended max/i,
      rank: 90,
    },
    {
      pattern:
        /(?:not enough|insufficient|exceeds? (?:available )?|no (?:free )?|requires more) (?:free )?(?:GPU memory|VRAM|video memory|device memory)|model (?:is )?too large for (?:the )?(?:GPU|VRAM)|VRAM (?:is )?(?:exhausted|full)/i,
      rank: 84,
    },
    {
      pattern:
        /failed to allocate compute (?:pp |tg )?buffers|failed to reserve (?:graph|compute)|unable to allocate (?:backend|device|\w+\d) buffer|failed to allocate buffer for (?:the )?kv cache|llama_kv_cache_init\(\) failed|failed to initialize the context: failed to allocate|failed to allocate \w{2,12}\d buffer/i,
      excludesAnywhere: [/failed to allocate CPU buffer|cannot allocate memory/i],
      rank: 74,
    },
    {
      pattern: /failed to fit params to free device memory|cannot meet free memory target/i,
      excludes: [/failed to load model|encountered an error/i, /already set by user/i],
      rank: 30,
    },
    {
      pattern: /OutOfDeviceMemory/i,
      excludes: [/pinned memory/i],
      // Pinned memory is a convenience: without it the model still loads.
      excludesAnywhere: [/Failed to allocate pinned memory/i],
      rank: 93,
    },
    {
      pattern: /\bout of memory\b|insufficient memory|not enough memory/i,
      requires: [/\b(?:CUDA|ROCm|Vulkan|Metal|VRAM|cuBLAS|SYCL)|-ngl |gpu.layers|\bGPU /i],
      excludes: [/Killed process|oom.?kill|cgroup|insufficient memory \(attempted/i],
      excludesAnywhere: [/failed to allocate CPU|Killed process|OOMKilled|cgroup/i],
      rank: 60,
    },
  ],
};
