import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'gpu.no-device',
  type: 'CONNECTION_ERROR',
  title: 'no GPU is visible to llama-server',
  explanation:
    'The build has a GPU backend, but the backend finds no device: the driver is missing or not loaded, the device is hidden from this process, or the user may not open it. llama-server then goes on with the CPU, or ends where --device names the device.',
  causes: [
    'the driver is not installed, or not loaded since the last kernel update',
    'CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES or GGML_VK_VISIBLE_DEVICES hides it',
    'the user is not in the groups `render` and `video`',
    'a virtual machine, WSL or container without the device',
    '--device names a device that does not exist',
  ],
  remedies: [
    {
      text: 'See what the driver and llama-server find',
      commands: ['nvidia-smi', 'llama-server --list-devices'],
    },
    {
      text: 'Take away what hides it',
      commands: ['unset CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES GGML_VK_VISIBLE_DEVICES'],
    },
    { text: 'Load the driver, or reboot after an update', commands: ['sudo modprobe nvidia'] },
    {
      text: 'Where CUDA fails with 999 after a suspend, load its memory module anew',
      commands: ['sudo rmmod nvidia_uvm && sudo modprobe nvidia_uvm'],
    },
    {
      text: 'Give the user the right to open the device (AMD, Intel)',
      commands: ['sudo usermod -aG render,video "$USER"'],
    },
  ],
  diagnostics: {
    any: ['llama-server --list-devices'],
    linux: [
      'lspci -nnk | grep -iA3 -E "vga|3d"',
      'ls -l /dev/nvidia* /dev/dri /dev/kfd',
      'rocminfo',
      'vulkaninfo --summary',
    ],
    darwin: ['system_profiler SPDisplaysDataType'],
    win32: ['nvidia-smi', 'powershell Get-CimInstance Win32_VideoController'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md#runtime-cuda-environmental-variables',
  rules: [
    {
      pattern:
        /no (?:CUDA|ROCm|HIP|nvidia|amd)-capable device|no (?:nvidia|amd)(?: gpu)? devices? (?:detected|found)|no (?:CUDA|ROCm|HIP|GPU|Vulkan|OpenCL|SYCL|Metal|CANN|MUSA) (?:GPU )?devices?(?: (?:found|detected|available|were found))?|cudaErrorNoDevice|hipErrorNoDevice|no CUDA GPUs are available|CUDA-capable device\(s\) is\/are busy|failed to initialize (?:CUDA|ROCm|HIP|MUSA)|NVIDIA-SMI has failed/i,
      excludes: [/insufficient|version/i],
      rank: 84,
    },
    {
      pattern:
        /ggml_vulkan: No devices found|found 0 (?:CUDA|ROCm|Vulkan|SYCL) devices|No (?:Vulkan|OpenCL|SYCL|compatible GPU|suitable GPU) .{0,30}(?:found|discovered)|no compatible GPUs were discovered|couldn.?t communicate with the NVIDIA driver|no device of (?:the )?requested type|platform IDs not available|could (?:not )?find any OpenCL devices|no (?:platform|device) matching|preferred GPU platform|invalid (?:Vulkan )?device (?:index|number|id)\b|Unable to open \/dev\/kfd|\/dev\/(?:kfd|dri\S{0,20}).{0,40}Permission denied|clGetPlatformIDs|VK_ERROR_INITIALIZATION_FAILED|ErrorInitializationFailed|MTLCreateSystemDefaultDevice/i,
      rank: 82,
    },
    {
      pattern:
        /invalid device: |unknown device: |no devices specified|invalid device ordinal|cudaErrorInvalidDevice\b|NVML: (?:No devices|Not Found)|nvml\w* .{0,40}(?:not found|no devices)|libcuda\.so.{0,60}(?:not found|cannot open)|unable to load (?:libcuda|nvcuda)|cuInit err(?:or)?|(?:cuda|cudart|nvcuda|nvml)\b.{0,40}\binit(?:iali[sz]ation)? (?:failure|failed|error)|error initiali[sz]ing (?:cuda|nvcuda|nvml|rocm|hip)\b/i,
      rank: 86,
    },
  ],
};
