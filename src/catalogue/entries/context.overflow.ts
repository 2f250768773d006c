import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'context.overflow',
  type: 'CONTEXT_OVERFLOW',
  title: 'the request does not fit into the context',
  explanation:
    'Prompt and answer together must fit into the context of one slot. llama-server refuses a longer prompt with status 400 and exceed_context_size_error, which has both numbers; builds of 2025 and before dropped the middle of the prompt silently instead. The context is set at start with --ctx-size and is divided among the slots.',
  causes: [
    'the conversation has grown too long',
    'large tool results or files were put into it',
    'the context size was set too small, or was reduced at start to fit into memory',
    'the context is divided among several slots (see context.slot-too-small)',
  ],
  remedies: [
    {
      text: 'Start the server with a larger context',
      commands: ['llama-server -m {model} --port {port} --ctx-size {contextSize} -np 1'],
    },
    {
      text: 'See how long a request may be here, and how long yours is',
      commands: ['llamactl props --url {url}', 'llamactl tokenize --url {url} < prompt.txt'],
    },
    {
      text: 'Clear the conversation (`/clear`), or drop its oldest turns',
      commands: ['llamactl chat --url {url}'],
    },
    {
      text: 'Let llamactl leave out the oldest turns by itself (it does unless --no-fallback is given)',
      commands: ['llamactl chat "go on" --url {url}'],
    },
    {
      text: 'Split large inputs into smaller chunks, and limit what tools return',
      commands: ['split -b 16k input.txt part-'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props', 'curl -s {url}/slots'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#api-errors',
  rules: [
    {
      pattern:
        /exceed_context_size_error|exceeds? the (?:available |maximum |model.?s |configured |current )*context|context_length_exceeded|ContextWindowExceeded|ContextLengthExceeded|exceed(?:s|ed)? (?:the )?(?:model.?s )?(?:maximum )?context (?:window|length|size|limit)/i,
      rank: 80,
    },
    {
      pattern:
        /maximum context length|context (?:size|length|window|limit) (?:has been |was |is )?(?:exceeded|reached)|prompt is too long|(?:prompt|input|request) (?:is )?too (?:long|large|big)|input is too long|too many (?:prompt |input )?tokens|longer than the (?:context|maximum)|greater than the context length|larger than the (?:context|available context)|not enough context/i,
      excludes: [/physical batch|too large to process|413|body/i],
      rank: 78,
    },
    {
      pattern:
        /context shift is disabled|context window of \d|ran out of context|out of context space|context is full|kv cache is full|not enough (?:space|cells) in (?:the )?(?:kv|KV) cache|failed to find (?:free space|a (?:memory |kv cache )?slot|(?:\d+ )?available cells)|larger than the max context|does not fit in the (?:slot )?context|No available space in KV|context shift cannot be used|does not support K-shift|KV cache (?:is )?(?:full|exhausted)|could not find a KV slot|prompt is too big compared to KV|n_batch = 1, ret = [12]\b/i,
      excludes: [/retrying with smaller|Unable to restore/i],
      rank: 66,
    },
    {
      pattern:
        /truncating input prompt|cannot truncate prompt|keep the first \d+ tokens|reached context length|mid-generation context overflow|llama_decode returned 1\b|input (?:truncated|was truncated)|(?:prompt truncated|prompt was truncated|prompt has been truncated)|exceed(?:s|ed)? context window/i,
      rank: 60,
    },
    {
      pattern:
        /\bcontext(?: size| length| window| limit)?\b.{0,40}(?:exceed|overflow|too (?:long|large|small)|not enough|insufficient)|(?:exceed\w*|overflow\w*|too (?:long|large|many tokens)).{0,40}\bcontext\b/i,
      excludes: [/deadline|security|ssl|kube|docker|GL context|CUDA|memory|training context/i],
      rank: 42,
    },
  ],
};
