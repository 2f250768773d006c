import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'container.oom-killed',
  type: 'CONNECTION_ERROR',
  title: 'the container was killed for memory',
  explanation:
    'The container went over its memory limit (or the whole machine ran out), and the kernel killed it: exit code 137, `OOMKilled`. The pages of a memory-mapped model count towards the limit while they are in use, and the prompt cache alone takes up to 8 GiB by default.',
  causes: [
    'the limit is below weights + KV cache + prompt cache',
    'the prompt cache (--cache-ram) grew with use',
    'Docker Desktop or WSL gives its machine less memory than thought',
  ],
  remedies: [
    {
      text: 'Raise the limit',
      commands: [
        'docker run -m 16g -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf',
        'kubectl set resources deployment NAME --limits=memory=16Gi --requests=memory=16Gi',
      ],
    },
    {
      text: 'Or need less',
      commands: [
        'llama-server -m {model} --port {port} -c {contextSize} -np 1 --cache-ram 0 -fa on -ctk q8_0 -ctv q8_0',
      ],
    },
    {
      text: 'Work out what the model needs',
      commands: ['llamactl deploy-gen docker-compose --model {model}'],
    },
  ],
  diagnostics: {
    any: [
      'docker inspect --format "{{.State.OOMKilled}} {{.State.ExitCode}}" CONTAINER',
      'docker stats --no-stream',
      'kubectl describe pod POD',
    ],
    linux: ['dmesg -T | grep -i oom'],
  },
  link: 'https://docs.docker.com/engine/containers/resource_constraints/#memory',
  rules: [
    {
      pattern:
        /OOMKilled|oom-kill:constraint=CONSTRAINT_MEMCG|Memory cgroup out of memory|memory\.max|mem_cgroup|container .{0,80}(?:OOM|out of memory|memory limit)|exceeded (?:its |the )?memory limit|\bOOM.?killed/i,
      excludes: [/OOMKilled\\?["']?[:=] ?false/i],
      rank: 93,
    },
    { pattern: /(?:exited|exit|code|status|returned)[^\d\n]{1,24}137\b/i, rank: 80 },
    {
      pattern: /line \d+: +\d+ Killed\b|The node was low on resource: memory|Evicted.{0,60}memory/i,
      rank: 82,
    },
  ],
};
