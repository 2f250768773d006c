import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'gpu.unsupported-arch',
  type: 'CONNECTION_ERROR',
  title: 'the build has no kernels for this GPU',
  explanation:
    'The device is found, but the program holds no code for its generation: it is newer or older than those that the build was made for. It shows on the first computation, often while the model is warmed up.',
  causes: [
    'the build was made for other compute capabilities than the GPU has',
    'the GPU is newer than the CUDA or ROCm version of the build',
    'the GPU is older than what this CUDA version still supports',
    'rocBLAS has no library for this gfx target',
  ],
  remedies: [
    {
      text: 'Build for this GPU',
      commands: [
        'cmake -B build -DGGML_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=native && cmake --build build --config Release -j',
      ],
    },
    {
      text: 'AMD: build for the target that rocminfo names, or pass it off as its nearest relative',
      commands: [
        'rocminfo | grep gfx',
        'cmake -B build -DGGML_HIP=ON -DGPU_TARGETS=gfx1100',
        'HSA_OVERRIDE_GFX_VERSION=11.0.0 llama-server -m {model} --port {port}',
      ],
    },
    {
      text: 'Or take the Vulkan build, which needs no kernels made beforehand',
      commands: [
        'docker run --device /dev/dri -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server-vulkan -m {model} -ngl all',
      ],
    },
  ],
  diagnostics: {
    any: ['llama-server --list-devices'],
    linux: ['nvidia-smi --query-gpu=name,compute_cap --format=csv', 'rocminfo | grep gfx'],
    win32: ['nvidia-smi --query-gpu=name,compute_cap --format=csv'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md#override-compute-capability-specifications',
  rules: [
    {
      pattern:
        /no kernel image is available|invalid device function|cudaErrorNoKernelImage|hipErrorNoBinaryForGpu|hipErrorInvalidDeviceFunction|cudaErrorInvalidDeviceFunction|has no device code compatible with|not compiled with any CUDA arch|was compiled for: \d/i,
      rank: 95,
    },
    {
      pattern:
        /TensileLibrary|rocBLAS error|hipErrorSharedObjectInitFailed|unsupported (?:GPU|gpu|CUDA|gfx)\s?(?:architecture|arch|target|version)|(?:GPU|gfx\d\w+|compute capability).{0,80}(?:is )?(?:not supported|unsupported|too old)|Unsupported gpu architecture|unsupported gfx|CUDA capability sm_\d+ is not compatible|not compatible with the current PyTorch|amdgpu is not supported|device does not support (?:16-bit|fp16)/i,
      rank: 90,
    },
    {
      pattern:
        /CUBLAS_STATUS_ARCH_MISMATCH|CUBLAS_STATUS_NOT_SUPPORTED|Unsupported device.{0,40}GPU|Unsupported GPU Family|kernel compile error|error compiling source|failed to (?:compile pipeline|create Metal library|create pipeline state)|error creating program|kernel not found in any/i,
      rank: 78,
    },
  ],
};
