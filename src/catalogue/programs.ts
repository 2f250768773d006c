import type { CatalogueCode } from '../errors/codes.js';
import type { Remedy } from '../errors/llamactl-error.js';
import { entryOf } from './entries.js';
import type { RemedyContext } from './entry.js';
import { fillRemedies } from './fill.js';
import type { ServerKind } from './identify-server.js';

type Remedies = Readonly<Partial<Record<CatalogueCode, readonly Remedy[]>>>;

/** Names llama-server, its flags, or what only it answers. */
const LLAMA_ONLY =
  /llama-server|llama\.cpp|llamactl (?:up|slots|props|tokenize|metrics|models (?:load|unload|pull|rm))\b|(?:\{url\}|localhost)\/(?:health|props|slots|metrics|models)\b|agents\.config|--(?:jinja|alias|ctx-size|api-key-file|hf)\b/;

const LOOK: Remedy = {
  text: 'Look at it again',
  commands: ['llamactl health --url {url} --kind {provider}'],
};
const NAMES: Remedy = {
  text: 'List the names that it has, and use one of them',
  commands: ['llamactl models --url {url} --kind {provider}', 'curl {url}/v1/models'],
};
const CONFIGURATION: Remedy = {
  text: 'Correct the address in the configuration (`baseUrl`, without /v1)',
  commands: ['llamactl config show'],
};
const KIND: Remedy = {
  text: 'Where another program is meant, say so in the configuration (`provider`), or at the command line',
  commands: ['llamactl health --url {url} --kind openai-compatible'],
};

const OLLAMA_START: Remedy = {
  text: 'Start Ollama, by hand or as the service that its installer made',
  commands: ['ollama serve', 'sudo systemctl start ollama'],
};
const OLLAMA_LOG: Remedy = {
  text: 'Read its log; llamactl names the cause',
  commands: ['journalctl -u ollama -n 200 | llamactl explain -'],
};
const OLLAMA_RESTART: Remedy = {
  text: 'Restart it',
  commands: ['sudo systemctl restart ollama'],
};

const OLLAMA: Remedies = {
  'connection.refused': [
    OLLAMA_START,
    {
      text: 'From another machine or a container, let it listen on all addresses',
      commands: ['OLLAMA_HOST=0.0.0.0:{port} ollama serve'],
    },
    CONFIGURATION,
  ],
  'connection.timeout': [
    { text: 'See what it has loaded: a model that is read from disk answers late', commands: ['ollama ps'] },
    {
      text: 'Give the request more time',
      commands: ['llamactl chat "hello" --url {url} --kind ollama --timeout 5m'],
    },
    OLLAMA_RESTART,
  ],
  'connection.reset': [OLLAMA_LOG, LOOK],
  'connection.wrong-server': [KIND, CONFIGURATION, OLLAMA_START],
  'connection.wrong-path': [CONFIGURATION, { text: 'See who answers', commands: ['curl {url}/api/version'] }],
  'server.wedged': [{ text: 'See what it has loaded', commands: ['ollama ps'] }, OLLAMA_RESTART, OLLAMA_LOG],
  'server.crashed': [OLLAMA_LOG, OLLAMA_RESTART],
  'server.busy': [
    {
      text: 'Let it take more requests at once, or keep more waiting',
      commands: ['OLLAMA_NUM_PARALLEL=4 OLLAMA_MAX_QUEUE=1024 ollama serve'],
    },
    { text: 'See what it has loaded', commands: ['ollama ps'] },
  ],
  'model.not-found': [
    { text: 'Have it fetched', commands: ['ollama pull {model}'] },
    { text: 'Or use one that is there', commands: ['ollama list'] },
  ],
  'model.load-failed': [OLLAMA_LOG, { text: 'See what else is loaded', commands: ['ollama ps'] }],
  'memory.gpu': [
    { text: 'Unload what is not needed', commands: ['ollama ps', 'ollama stop NAME'] },
    OLLAMA_LOG,
  ],
  'memory.host': [
    { text: 'Unload what is not needed', commands: ['ollama ps', 'ollama stop NAME'] },
    OLLAMA_LOG,
  ],
  'context.overflow': [
    {
      text: 'Give every model a larger context; Ollama cuts what is longer without a word',
      commands: ['OLLAMA_CONTEXT_LENGTH={contextSize} ollama serve'],
    },
    { text: 'Clear the conversation (`/clear`), or drop its oldest turns', commands: [] },
  ],
  'context.slot-too-small': [
    {
      text: 'Give every model a larger context',
      commands: ['OLLAMA_CONTEXT_LENGTH={contextSize} ollama serve'],
    },
    {
      text: 'Or one model: make another of it, and ask for that',
      commands: [
        'printf "FROM {model}\\nPARAMETER num_ctx {contextSize}\\n" > Modelfile && ollama create {model}-long -f Modelfile',
      ],
    },
  ],
  'feature.unsupported-input': [
    { text: 'See what the model can do (`capabilities`)', commands: ['ollama show {model}'] },
  ],
};

const OPENROUTER: Remedies = {
  'connection.refused': [{ text: 'Check the way to the internet', commands: ['curl -sI {url}/v1/models'] }],
  'connection.wrong-server': [
    { text: 'OpenRouter answers under /api', commands: ['llamactl config show'] },
    KIND,
  ],
  'connection.wrong-path': [
    { text: 'OpenRouter answers under /api: https://openrouter.ai/api', commands: ['llamactl config show'] },
  ],
  'auth.missing-key': [
    {
      text: 'Make a key at https://openrouter.ai/settings/keys, and give it',
      commands: ['export LLAMACTL_API_KEY=KEY'],
    },
    {
      text: 'Or write it into the configuration by the name of a variable (`"apiKey": "$OPENROUTER_API_KEY"`)',
      commands: ['llamactl config validate'],
    },
  ],
  'auth.wrong-key': [
    {
      text: 'See whether the key still holds, and what is left of its credit',
      commands: ['curl -s {url}/v1/key -H "Authorization: Bearer $OPENROUTER_API_KEY"'],
    },
    {
      text: 'Credits and keys: https://openrouter.ai/settings/credits, https://openrouter.ai/settings/keys',
      commands: [],
    },
  ],
  'server.busy': [
    {
      text: 'Wait, or ask for less at once: the limit is of the account, or of those who run the model',
      commands: ['curl -s {url}/v1/key -H "Authorization: Bearer $OPENROUTER_API_KEY"'],
    },
    { text: 'A model whose name ends in :free is limited the most: use the paid one', commands: [] },
  ],
  'model.not-found': [
    {
      text: 'Its names are VENDOR/MODEL: list them',
      commands: ['llamactl models --url {url} --kind openrouter'],
    },
  ],
  'context.overflow': [
    { text: 'Clear the conversation (`/clear`), or use a model with a larger context', commands: [] },
  ],
  'server.crashed': [
    {
      text: 'Try again, or ask for another model: who runs this one has failed',
      commands: ['llamactl models --url {url} --kind openrouter'],
    },
  ],
};

const LM_STUDIO: Remedies = {
  'connection.refused': [
    { text: 'Start its server (Developer → Start server)', commands: ['lms server start'] },
    CONFIGURATION,
  ],
  'model.not-found': [
    { text: 'See what it has, and load one', commands: ['lms ls', 'lms load {model}'] },
    NAMES,
  ],
  'context.overflow': [
    {
      text: 'Load the model with a larger context',
      commands: ['lms load {model} --context-length {contextSize}'],
    },
  ],
  'context.slot-too-small': [
    {
      text: 'Load the model with a larger context',
      commands: ['lms load {model} --context-length {contextSize}'],
    },
  ],
  'server.crashed': [{ text: 'See its log', commands: ['lms log stream'] }],
};

const VLLM: Remedies = {
  'connection.refused': [{ text: 'Start it', commands: ['vllm serve {model} --port {port}'] }, CONFIGURATION],
  'model.not-found': [
    NAMES,
    {
      text: 'Or give its model that name',
      commands: ['vllm serve MODEL --served-model-name {model} --port {port}'],
    },
  ],
  'auth.missing-key': [
    {
      text: 'Give the key that vLLM was started with (--api-key)',
      commands: ['export LLAMACTL_API_KEY=KEY'],
    },
  ],
  'context.overflow': [
    {
      text: 'Start it with a larger context',
      commands: ['vllm serve {model} --max-model-len {contextSize} --port {port}'],
    },
  ],
  'context.slot-too-small': [
    {
      text: 'Start it with a larger context',
      commands: ['vllm serve {model} --max-model-len {contextSize} --port {port}'],
    },
  ],
};

const LLAMA_SWAP: Remedies = {
  'model.not-found': [
    NAMES,
    { text: "Or put it into llama-swap's config.yaml, under `models`", commands: [] },
  ],
  'model.load-failed': [
    {
      text: "Read why its server does not start: llama-swap keeps that server's log",
      commands: ['curl {url}/logs'],
    },
  ],
  'context.slot-too-small': [
    {
      text: 'Give its server a larger context (`cmd` in config.yaml: --ctx-size {contextSize})',
      commands: [],
    },
  ],
};

/** Of whatever speaks OpenAI's API. */
const ANY: Remedies = {
  'connection.refused': [{ text: 'Start the server that is meant', commands: [] }, CONFIGURATION, LOOK],
  'connection.timeout': [
    LOOK,
    {
      text: 'Give the request more time',
      commands: ['llamactl chat "hello" --url {url} --kind {provider} --timeout 5m'],
    },
  ],
  'connection.reset': [LOOK],
  'connection.wrong-server': [
    CONFIGURATION,
    { text: 'See who answers', commands: ['curl -si {url}/v1/models'] },
  ],
  'connection.wrong-path': [
    CONFIGURATION,
    { text: 'See who answers', commands: ['curl -si {url}/v1/models'] },
  ],
  'server.wedged': [LOOK, { text: 'Restart it', commands: [] }],
  'server.crashed': [
    {
      text: 'Read the end of its log; llamactl may name the cause',
      commands: ['llamactl explain SERVER.log'],
    },
  ],
  'server.busy': [
    {
      text: 'Try again with growing pauses (llamactl does; see --retries), or ask for less at once',
      commands: ['llamactl chat "hello" --url {url} --kind {provider} --retries 5'],
    },
  ],
  'auth.missing-key': [
    { text: 'Give its key', commands: ['export LLAMACTL_API_KEY=KEY'] },
    {
      text: 'Or write it into the configuration by the name of a variable (`"apiKey": "$GATEWAY_API_KEY"`)',
      commands: ['llamactl config validate'],
    },
  ],
  'auth.wrong-key': [
    { text: 'See where the key is from, and correct it', commands: ['llamactl config show'] },
  ],
  'model.not-found': [NAMES],
  'context.overflow': [
    { text: 'Clear the conversation (`/clear`), or drop its oldest turns', commands: [] },
    { text: 'Or give the server a larger context', commands: [] },
  ],
  'context.slot-too-small': [
    {
      text: 'Give the server a larger context, or correct `contextWindow` in the configuration',
      commands: [],
    },
  ],
  'model.load-failed': [
    { text: "The server's log has the cause", commands: ['llamactl explain SERVER.log'] },
  ],
  'feature.disabled': [{ text: 'See what the server offers in its own documentation', commands: [] }],
  'feature.unsupported-input': [{ text: 'Use a model that is made for it', commands: [] }, NAMES],
};

/** What differs from what holds for any; llama.cpp has its own in the entries. */
const BY_PROGRAM: Readonly<Partial<Record<ServerKind, Remedies>>> = {
  ollama: OLLAMA,
  openrouter: OPENROUTER,
  'lm-studio': LM_STUDIO,
  vllm: VLLM,
  'llama-swap': LLAMA_SWAP,
};

/**
 * What to do about a problem at a server of this program, filled. Another program than llama.cpp has its own where something
 * particular is to be done, else the entry's, without what only llama-server has.
 */
export function remediesFor(
  code: CatalogueCode,
  program: ServerKind = 'llama.cpp',
  context: RemedyContext = {},
): Remedy[] {
  const entry = entryOf(code);
  if (program === 'llama.cpp') return fillRemedies(entry, context);
  const own = BY_PROGRAM[program]?.[code] ?? ANY[code] ?? withoutLlamaServer(entry.remedies);
  const provider = program === 'ollama' || program === 'openrouter' ? program : 'openai-compatible';
  const remedies = own.map(({ text, commands }) => ({
    text,
    commands: commands.map((command) =>
      command
        .replace('{provider}', provider)
        // A bare address is a llama-server's.
        .replace(/^llamactl (?!.*--kind).*?--url \S+/, `$& --kind ${provider}`),
    ),
  }));
  return fillRemedies({ remedies }, context);
}

/** Of an entry's remedies those that hold for any server. */
function withoutLlamaServer(remedies: readonly Remedy[]): Remedy[] {
  return remedies.flatMap(({ text, commands }) => {
    if (LLAMA_ONLY.test(text)) return [];
    const left = commands.filter((command) => !LLAMA_ONLY.test(command));
    return left.length === 0 && commands.length > 0 ? [] : [{ text, commands: left }];
  });
}
