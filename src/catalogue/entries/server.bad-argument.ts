import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.bad-argument',
  type: 'CONNECTION_ERROR',
  title: 'llama-server does not accept one of its options',
  explanation:
    "An option is unknown to this build, was removed, lacks its value, or its value is malformed; the server ends at once. Options change between builds: newer ones want `--load-mode` instead of `--no-mmap` and `--mlock`, and `-fa` needs on, off or auto. Variables named LLAMA_ARG_… count as options too, and Kubernetes makes such ones from a service's name.",
  causes: [
    'a typing error, or a dash that an editor turned into another character',
    'the option is newer than the build, or was removed since',
    'the option wants a value (`-fa on`), or another kind of value',
    'a LLAMA_ARG_… variable, or a flag of another program (`--server`)',
    'the program itself is not at that path, or may not be run (`command not found`, status=203/EXEC)',
  ],
  remedies: [
    {
      text: 'Look it up in the help of the very build that runs',
      commands: ['llama-server --help', 'llama-server --version'],
    },
    {
      text: 'See whether the program is there at all',
      commands: ['command -v llama-server', 'ls -l "$(command -v llama-server)"'],
    },
    {
      text: 'Replace what was removed',
      commands: ['llama-server -m {model} --port {port} --load-mode none -fa on'],
    },
    {
      text: 'Look for variables that count as options; in Kubernetes switch service links off',
      commands: [
        'env | grep LLAMA_',
        'kubectl patch deployment NAME -p \'{"spec":{"template":{"spec":{"enableServiceLinks":false}}}}\'',
      ],
    },
  ],
  diagnostics: {
    any: ['llama-server --help', 'llama-server --version'],
    linux: ['env | grep LLAMA_', 'systemctl cat llama-server'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#usage',
  rules: [
    {
      pattern:
        /error: (?:invalid|unknown|unrecognized) (?:argument|option)|error while handling (?:argument|environment variable)|invalid parameter for argument|the argument has been removed|expected value for argument|error: argument (?:--|-)|unknown argument(?:s\b|:| |$)|unrecognized (?:arguments?|option)|unknown option|invalid option --|error parsing (?:arguments?|command)/i,
      rank: 84,
    },
    {
      pattern:
        /^(?:Invalid argument|invalid value|unknown flag|Unknown argument|unexpected argument)\b|unknown flag: |flag provided but not defined|error: unexpected argument|error: .{0,20}requires? (?:a |an )?(?:value|argument)|missing required argument|option .{1,40} requires an argument|error: (?:invalid|unsupported) (?:value|cache type)|Unsupported cache type|the following arguments are required|got an unexpected keyword argument|error: .{0,10}unk?nown value for|no such option: /i,
      rank: 80,
    },
    {
      pattern: /\bstoi\b|\bstof\b|invalid stoi argument|no conversion$/i,
      requires: [/argument|usage:|parameter/i],
      rank: 66,
    },
    {
      pattern:
        /failed to initialize router models|failed to open file .{0,200}(?:key|grammar|template|schema|preset)|error: failed to open file|error: --model is required|either --model or|preset file does not exist|failed to parse server config file|only please use presets|option .{1,40} not recognized in preset|server preset file|(?:-size|-layers|-step|--[a-z][a-z-]{2,30}) (?:must be|is not supported|is not allowed|requires? at least)|RPC not supported in this build|no RPC servers specified|failed to find RPC|unknown (?:buffer type|load mode|speculative type)|built without SSL support|static assets path not found|Invalid type for KV override/i,
      excludes: [/messages/i],
      rank: 72,
    },
    {
      pattern:
        /--server.{0,20}(?:invalid|unknown)|exec: .{0,40}--?\w+.{0,20}executable file not found|\\?\.\/llama-server: (?:not found|no such file)|status=203\/EXEC|Failed at step EXEC|llama-server: (?:command not found|permission denied)|permission denied: .{0,80}llama-server/i,
      rank: 72,
    },
  ],
};
