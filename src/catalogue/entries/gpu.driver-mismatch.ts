import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'gpu.driver-mismatch',
  type: 'CONNECTION_ERROR',
  title: 'the GPU driver is older than the runtime needs',
  explanation:
    'The program was built with a newer CUDA or ROCm than the installed driver can serve. A driver that was updated without a reboot gives the same picture: its library and its kernel module differ.',
  causes: [
    'the driver is too old for the CUDA version of the build or image',
    'the driver was updated and the machine not rebooted',
    'a container image for CUDA 13 on a driver that knows CUDA 12',
  ],
  remedies: [
    { text: 'See which CUDA the driver serves (upper right)', commands: ['nvidia-smi'] },
    {
      text: 'Update the driver and reboot',
      commands: ['sudo apt-get install --only-upgrade nvidia-driver-580', 'sudo reboot'],
    },
    {
      text: 'Or take a build for the older CUDA',
      commands: ['docker pull ghcr.io/ggml-org/llama.cpp:server-cuda12'],
    },
  ],
  diagnostics: {
    linux: ['nvidia-smi', 'cat /proc/driver/nvidia/version', 'dmesg -T | grep -i nvrm'],
    win32: ['nvidia-smi'],
  },
  link: 'https://docs.nvidia.com/deploy/cuda-compatibility/',
  rules: [
    {
      pattern:
        /driver version is insufficient|cudaErrorInsufficientDriver|Driver\/library version mismatch|API mismatch|forward compatibility was attempted|unsatisfied condition: (?:cuda|driver)|NVIDIA driver on your system is too old|provided PTX was compiled with an unsupported toolchain|cudaErrorUnsupportedPtxVersion|hipErrorInsufficientDriver|system has unsupported display driver|system not yet initialized|cudaErrorSystemDriverMismatch|unsupported display driver \/ cuda driver/i,
      rank: 95,
    },
    {
      pattern:
        /driver (?:is |version )?(?:too old|outdated)|(?:update|upgrade) (?:your |the )?(?:NVIDIA|GPU|graphics|AMD) driver|requires? (?:NVIDIA |CUDA |a newer )driver|ErrorIncompatibleDriver|VK_ERROR_INCOMPATIBLE_DRIVER|CUDA driver .{0,60}(?:older|mismatch)|unsupported toolchain/i,
      rank: 86,
    },
  ],
};
