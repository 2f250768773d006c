import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.illegal-instruction',
  type: 'CONNECTION_ERROR',
  title: 'the CPU lacks an instruction that the build uses',
  explanation:
    "The binary was made for a newer processor, with AVX2, AVX-512 or AMX, and this one, or the virtual machine's model of it, does not have them. The process ends at the first such instruction, often without any other line.",
  causes: [
    'a binary that was built for another machine (GGML_NATIVE)',
    'a virtual machine that hides instructions of the CPU',
    'an x86 binary under emulation on an ARM machine',
  ],
  remedies: [
    {
      text: 'Take a release that picks its CPU backend at run time',
      commands: ['docker pull ghcr.io/ggml-org/llama.cpp:server', 'brew install llama.cpp'],
    },
    {
      text: 'Or build for this machine',
      commands: ['cmake -B build -DGGML_NATIVE=ON && cmake --build build --config Release -j'],
    },
    {
      text: 'Or build with all variants',
      commands: [
        'cmake -B build -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON && cmake --build build --config Release -j',
      ],
    },
    {
      text: 'Pass the CPU of the host through to a virtual machine',
      commands: ['qemu-system-x86_64 -cpu host …'],
    },
  ],
  diagnostics: {
    linux: [
      'lscpu | grep -oE "avx[^ ]*|amx[^ ]*|f16c|fma|bmi2" | sort -u',
      'dmesg | grep "invalid opcode"',
      'uname -m',
    ],
    darwin: ['sysctl -a | grep machdep.cpu', 'uname -m'],
    win32: ['wmic cpu get name'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/build.md#cpu-build',
  rules: [
    {
      pattern:
        /illegal (?:hardware )?instruction|SIGILL\b|status=4\/ILL|signal=ILL\b|invalid opcode|0xC000001D|3221225501|EXC_BAD_INSTRUCTION|STATUS_ILLEGAL_INSTRUCTION/i,
      rank: 94,
    },
    { pattern: /(?:code|status|exit)[ :=]{1,3}132\b|exited with code 132|signal 4\b/i, rank: 88 },
    {
      pattern:
        /CPU does not support (?:AVX|instruction|F16C|FMA)|requires (?:a CPU with )?AVX|does not support AVX|exec format error|missing (?:AVX|AVX2) (?:instruction|support)/i,
      rank: 84,
    },
  ],
};
