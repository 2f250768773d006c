import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.crashed',
  type: 'CONNECTION_ERROR',
  title: 'llama-server died',
  explanation:
    'The process ended by itself: a failed assertion, a segmentation fault, an error of the GPU driver, or an exception that nobody caught. The last lines before the end name the place; a restart helps only until the same input comes again.',
  causes: [
    'a bug in this build, often with one model, backend or option',
    'an error of the GPU or its driver, or a watchdog that ends long computations (device lost)',
    'memory that ran out, or a file that changed under the running server',
  ],
  remedies: [
    {
      text: 'Read the whole end of the log: a precise cause may stand above',
      commands: ['llamactl explain server.log', 'journalctl -u llama-server -n 300 | llamactl explain -'],
    },
    {
      text: 'Try the newest build',
      commands: ['brew upgrade llama.cpp', 'docker pull ghcr.io/ggml-org/llama.cpp:server'],
    },
    {
      text: 'Start without the GPU, flash attention and the warm-up, to find what is at fault',
      commands: [
        'llama-server -m {model} --port {port} -ngl 0',
        'llama-server -m {model} --port {port} -fa off --no-warmup',
      ],
    },
    {
      text: 'Where the GPU is lost on long prompts, give it smaller steps',
      commands: ['llama-server -m {model} --port {port} -ub 256'],
    },
    {
      text: 'Let it be started again',
      commands: ['systemctl edit llama-server   # [Service] Restart=on-failure'],
    },
    {
      text: 'Report it with the backtrace, the model and the options',
      commands: ['gdb -batch -ex run -ex bt --args llama-server -m {model} --port {port}'],
    },
  ],
  diagnostics: {
    linux: ['coredumpctl info llama-server', 'dmesg -T | tail -n 50', 'journalctl -u llama-server -n 300'],
    darwin: ['ls -t ~/Library/Logs/DiagnosticReports | head'],
    win32: ['powershell Get-WinEvent -LogName Application -MaxEvents 20'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/issues',
  rules: [
    {
      pattern:
        /GGML_ASSERT|GGML_ABORT|ggml_abort|Assertion .{1,300}failed|assertion failed|ggml_print_backtrace|\.(?:cpp|cu|c|m|cuh|h):\d+: fatal error/i,
      excludes: [/\(to disable|GGML_BACKTRACE/i],
      rank: 46,
    },
    {
      pattern:
        /Segmentation fault|SIGSEGV|segmentation violation|\bsegfault\b|access violation|0xC0000005|3221225477|SIGABRT|Aborted \(core dumped\)|(?:^|: |\d )Aborted(?: {2,}|$)|core dumped|SIGBUS|Bus error|SIGFPE|Floating point exception|signal: (?:aborted|bus error|segmentation fault)/i,
      excludes: [/Illegal instruction/i],
      rank: 46,
    },
    {
      pattern:
        /terminate called|terminating due to uncaught exception|libc\+\+abi|abort\(\) has been called|double free|heap corruption|stack smashing|free\(\): invalid|malloc\(\): |corrupted (?:size|double-linked)|pure virtual method|0xC0000374|0xC0000409|3221226505|3221226356/i,
      rank: 46,
    },
    {
      pattern:
        /(?:CUDA|ROCm|HIP|MUSA|SYCL) error(?::| \d| code)|an illegal memory access|unspecified launch failure|vk::(?:DeviceLost|SystemError)|DeviceLost|device lost|ErrorDeviceLost|CL_INVALID|misaligned address|uncorrectable ECC|CUBLAS_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|NOT_INITIALIZED)|hipErrorIllegalAddress|hipErrorLaunchFailure|command buffer \d+ failed with status|backend is in error state|device fault on|waitForFences error|failed to compute graph|failed to process speculative batch/i,
      excludes: [/out of memory|no kernel image|driver version/i],
      rank: 52,
    },
    {
      pattern:
        /(?:process|runner|server|llama\S{0,20}|container|instance|subprocess|child) (?:process )?(?:has |was |unexpectedly |name=\S{1,100} )?(?:terminated|exited|crashed|died|stopped unexpectedly)|(?:exit(?:ed)?|terminated|failed|quit)(?: with)?(?: an?)?(?: non-?zero)?(?: exit)?(?: (?:code|status)){1,2}[ :=(]{1,12}(?:-\d+|0x[1-9c]\w*|[1-9]\d?|13[2-9]|255|\d{6,})\b|ExitCode\\?[\x22']: ?(?:1(?!37\b)|[2-9])|signal arrived during cgo|Restarting \((?!0\))\d+\)|Exited \((?!0\)|137\)|143\))\d+\)|Signal: \d+ \((?:ABRT|SEGV|BUS|FPE|TRAP)|code=dumped|Failed with result .(?:exit-code|core-dump|signal)|Start request repeated too quickly|Back-off restarting failed|exited with status -|main process exited|CrashLoopBackOff|exit status [1-9]|panic: |fatal error: |unhandled exception|uncaught exception/i,
      excludes: [
        /exited with code 0\b|status 0\b|cleaning up before exit|browser tab|exit code 137|code 137|stack trace|manifest/i,
      ],
      rank: 32,
    },
    {
      pattern:
        /(?:model|runner|server|process|app|backend) (?:has )?(?:crashed|unexpectedly (?:stopped|exited|quit)|exited unexpectedly|stopped unexpectedly)|crashed without additional information|model runner has unexpectedly|process (?:encountered|hit|met) an? (?:unexpected|fatal|unknown|internal) error|no longer running|exited prematurely|stopped unexpectedly|llama_decode returned -|error was encountered while running the model|Exit code: \d{5,20}/i,
      rank: 38,
    },
  ],
};
