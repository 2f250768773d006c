import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'context.slot-too-small',
  type: 'CONTEXT_OVERFLOW',
  title: 'the context would do, but it is divided among slots',
  explanation:
    '--ctx-size is the total. With -np N and no unified cache each of the N slots has only an Nth of it, and that is what one request can use: `-c 8192 -np 4` serves requests of 2,048 tokens. `/props` and `/slots` show the size of a slot.',
  causes: [
    '-np (--parallel) was set and --ctx-size was not raised with it',
    'the clients need less parallelism than the server was given',
    'context shifting hides it: the oldest half is dropped again and again',
  ],
  remedies: [
    {
      text: 'Give the whole context to one slot',
      commands: ['llama-server -m {model} --port {port} -c {contextSize} -np 1'],
    },
    {
      text: 'Or multiply it by the number of slots',
      commands: ['llama-server -m {model} --port {port} -c {totalContext} -np {slots}'],
    },
    {
      text: 'Or let the slots share one pool',
      commands: ['llama-server -m {model} --port {port} -c {contextSize} -np {slots} --kv-unified'],
    },
  ],
  diagnostics: {
    any: ['llamactl slots --url {url}', 'curl -s {url}/props'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#get-slots-returns-the-current-slots-processing-state',
  rules: [
    {
      pattern:
        /exceed_context_size_error|exceeds? the available context|context (?:size|window) (?:has been )?exceeded|prompt is too long|context shift is disabled|input truncated, n_ctx/i,
      requires: [
        /n_slots ?= ?(?:[2-9]|\d\d)\b.{0,80}kv_unified = .?false/i,
        /(?:server\b.{0,600} |^\s*)(?:-np |--parallel[ =]|--n-parallel[ =])(?:[2-9]|\d\d)\b/i,
        /initializing slots, n_slots = (?:[2-9]|\d\d)$/i,
        /LLAMA_ARG_N_PARALLEL ?[=:] ?.?(?:[2-9]|\d\d)\b/i,
      ],
      excludesAnywhere: [/kv_unified = .?true/i, /--kv-unified/i],
      // What all slots together do not hold would not fit into one that has everything either.
      bearsOut: ({ requestTokens, slotContext, slots }) =>
        requestTokens === undefined ||
        slotContext === undefined ||
        slots === undefined ||
        requestTokens <= slotContext * slots,
      rank: 88,
    },
    { pattern: /slot context shift|slot .{0,60}context shift/i, rank: 26 },
    {
      pattern:
        /(?:context|n_ctx).{0,40}per.slot.{0,60}(?:too small|smaller|exceed)|slot (?:context|size) (?:is )?too small|divided (?:among|by) (?:the )?(?:number of )?(?:slots|n_parallel|parallel)/i,
      rank: 82,
    },
  ],
};
