import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'memory.host',
  type: 'CONNECTION_ERROR',
  title: 'the machine is out of memory',
  explanation:
    'What stays on the CPU needs main memory: the weights if they are not memory-mapped, the KV cache, compute buffers and the prompt cache, which takes up to 8 GiB by default. An allocation failed, or the kernel ended the process.',
  causes: [
    'the model and its context are larger than the free memory',
    'the prompt cache (--cache-ram, 8192 MiB by default) grew',
    'memory mapping is switched off, or --load-mode mlock holds all of it',
    'a limit of the user or service (ulimit, MemoryMax) is reached',
  ],
  remedies: [
    {
      text: 'Use a smaller context, a smaller prompt cache and a quantized cache',
      commands: [
        'llama-server -m {model} --port {port} -c {contextSize} -np 1 --cache-ram 1024 -fa on -ctk q8_0 -ctv q8_0',
      ],
    },
    {
      text: 'Map the file instead of reading it',
      commands: ['llama-server -m {model} --port {port} --load-mode mmap'],
    },
    {
      text: 'Take a smaller quantization or model',
      commands: ['llama-server -hf USER/REPO:Q4_K_M --port {port}'],
    },
    { text: 'Raise the limit for locked memory, where mlock fails', commands: ['ulimit -l unlimited'] },
  ],
  diagnostics: {
    linux: ['free -h', 'dmesg -T | grep -iE "out of memory|oom"', 'ulimit -a'],
    darwin: ['vm_stat', 'memory_pressure'],
    win32: ['systeminfo | findstr Memory'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#common-params',
  rules: [
    {
      pattern:
        /std::bad_alloc|bad_alloc\b|Cannot allocate memory|\bENOMEM\b|out of memory: Killed process|oom-killer|oom_reaper|ggml_aligned_malloc: insufficient memory|insufficient memory \(attempted|paging file is too small|not enough memory(?: resources)?|posix_memalign failed|vm_allocate failed|JavaScript heap out of memory|Unable to allocate .{1,40} for an array/i,
      excludes: [/mlock|CUDA|GPU|VRAM|device memory|memcg/i],
      rank: 88,
    },
    {
      pattern:
        /(?:unable|failed) to allocate (?:CPU|host|CPU_\w+|CUDA_Host|\w+_Host)(?: \w+)? buffer|can.?t allocate .{1,60}on host|alloc_tensor_range: failed to allocate CPU|failed to allocate .{0,20}CPU\w* buffer/i,
      rank: 92,
    },
    {
      pattern:
        /requires more system memory|not have enough (?:available )?memory|enough available memory|insufficient (?:system |host )?(?:RAM|memory) (?:to|for|available)|not enough (?:system |free )?RAM|MemoryError\b|DefaultCPUAllocator|cannot allocate .{1,40}(?:memory|bytes)|memory allocation of \d+ bytes failed|insufficient system resources|cpu_buffer_type_alloc_buffer: failed to allocate|not enough space in the context.s memory pool|graph allocation: failed to reserve|\bmmap failed: |\bMapViewOfFile failed|unable to fit model into system memory/i,
      excludes: [/VRAM|GPU|CUDA|probe/i],
      rank: 88,
    },
    {
      pattern:
        /signal: killed|terminated by signal SIGKILL|\bKilled\b {0,40}(?:\.\/|\/)?\S{0,200}(?:llama|ollama|server|main)|Killed: 9|exited with signal 9|status=9\/KILL|result 'oom-kill'|Failed with result .oom-kill/i,
      excludes: [/probe|force-killing/i],
      rank: 72,
    },
    { pattern: /failed to mlock .{1,200}(?:Cannot allocate|Resource temporarily)|RLIMIT_MEMLOCK/i, rank: 24 },
    { pattern: /failed to allocate output buffer|failed to allocate memory for prompt cache/i, rank: 70 },
    {
      pattern: /\bout of memory\b|insufficient memory|not enough memory|ran out of (?:memory|RAM)/i,
      excludes: [/CUDA|ROCm|HIP|Vulkan|Metal|GPU|VRAM|device|cgroup/i],
      rank: 50,
    },
  ],
};
