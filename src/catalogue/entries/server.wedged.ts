import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.wedged',
  type: 'TIMEOUT_ERROR',
  title: 'the server is up but does not get on with its work',
  explanation:
    'It accepts connections, and `/health` may even answer 200, but no completion ends: the worker thread hangs in a driver, the process is stopped, or a generation without an end runs round in a shifting context. Only a short completion with a deadline proves life.',
  causes: [
    'the GPU driver hangs',
    'the process is stopped (SIGSTOP, Ctrl-Z, a debugger, a paused container)',
    'a generation without a token limit never ends, and the context is shifted for ever',
    'the machine swaps',
  ],
  remedies: [
    { text: 'Prove it with one token and a deadline', commands: ['llamactl diagnose --url {url}'] },
    { text: 'See what the slots do', commands: ['llamactl slots --url {url}'] },
    {
      text: 'Restart it, with force if it does not stop',
      // Never by name: other llama-servers of the machine may be well.
      commands: ['systemctl restart llama-server', 'fuser -k -KILL {port}/tcp'],
    },
    {
      text: 'Bound answers and switch context shifting off',
      commands: ['llama-server -m {model} --port {port} --predict 4096 --no-context-shift'],
    },
  ],
  diagnostics: {
    linux: [
      'ps -o pid,stat,wchan:20,pcpu,etime,cmd -C llama-server',
      'dmesg -T | tail -n 50',
      'gdb -p "$(pgrep -o llama-server)" -batch -ex "thread apply all bt"',
    ],
    darwin: ['sample llama-server 5'],
    win32: ['tasklist /fi "imagename eq llama-server.exe" /v'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#get-health-returns-health-check-result',
  rules: [
    {
      pattern:
        /slot context shift.{0,200}n_discard|infinite loop|generat(?:es|ing|ion) (?:forever|endlessly|never (?:ends|stops))|endless generation/i,
      rank: 34,
    },
    {
      pattern:
        /blocked for more than \d+ seconds|task .{0,40}hung|soft lockup|GPU (?:hang|hung)|ring .{1,20}timeout|GPU reset|NVRM: Xid|amdgpu: .{0,60}(?:timeout|reset)|HW exception by GPU node/i,
      rank: 80,
    },
    {
      pattern:
        /(?:llama.?server|server|process|runner|model|it|request)s? (?:is |was |just |seems to be |appears to be |gets |got |\w{1,14}ly )?(?:hung|hangs|hanging|frozen|freezes|stuck|unresponsive|not responding|deadlock(?:ed)?)|stops? responding|became unresponsive|stuck (?:in|at|on|forever)|hangs (?:forever|indefinitely)/i,
      excludes: [/probe/i],
      rank: 48,
    },
    {
      pattern:
        /server not responding|waiting for server to become available.{0,60}not responding|health check (?:timed out|timeout)|no progress for \d+/i,
      rank: 46,
    },
  ],
};
