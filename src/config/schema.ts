import * as z from 'zod';
import { parseBaseUrl } from '../wire/base-url.js';
import { headerNameProblem, isHeaderValue } from './headers.js';
import { hasVariable } from './variables.js';

/** The specification's bounds and defaults (7.2). */
export const DEFAULTS = { baseUrl: 'http://localhost:8080', timeout: 30_000, maxRetries: 3 } as const;

/** The programs that a target may be. */
export const PROVIDERS = ['llama-cpp', 'ollama', 'openrouter', 'openai-compatible'] as const;
export type Provider = (typeof PROVIDERS)[number];

function number(
  bounds: { readonly min: number; readonly max: number; readonly default: number },
  description: string,
) {
  return z.number().min(bounds.min).max(bounds.max).meta({ description, default: bounds.default });
}

function integer(
  bounds: { readonly min: number; readonly max: number; readonly default?: number },
  description: string,
) {
  const { default: standard } = bounds;
  return z
    .int()
    .min(bounds.min)
    .max(bounds.max)
    .meta({ description, ...(standard === undefined ? {} : { default: standard }) });
}

export const samplingSchema = z
  .strictObject({
    temperature: number(
      { min: 0, max: 2, default: 0.8 },
      'Randomness; 0 always takes the likeliest token.',
    ).optional(),
    topP: number(
      { min: 0, max: 1, default: 0.95 },
      'Nucleus sampling: the share of probability that is drawn from.',
    ).optional(),
    topK: integer({ min: 1, max: 100, default: 40 }, 'Candidates at most.').optional(),
    repeatPenalty: number(
      { min: 0, max: 2, default: 1.1 },
      'Penalty on repetition; 1 switches it off.',
    ).optional(),
    mirostat: z
      .literal([0, 1, 2])
      .meta({ description: 'Mirostat version; 0 switches it off.', default: 0 })
      .optional(),
    mirostatTau: number({ min: 0, max: 10, default: 5 }, 'Mirostat: target entropy.').optional(),
    mirostatEta: number({ min: 0, max: 1, default: 0.1 }, 'Mirostat: learning rate.').optional(),
  })
  .meta({
    description:
      "How the next token is chosen. What is left out is not sent, so that the server's own setting holds; the defaults here are the specification's.",
  });
export type Sampling = z.infer<typeof samplingSchema>;

export const performanceSchema = z
  .strictObject({
    nThreads: integer({ min: 1, max: 32, default: 4 }, 'CPU threads (llama-server --threads).').optional(),
    nGpuLayers: integer({ min: 0, max: 999, default: 0 }, 'Layers on the GPU (--gpu-layers).').optional(),
    useMmap: z.boolean().meta({ description: 'Map the model file into memory.', default: true }).optional(),
    useMlock: z
      .boolean()
      .meta({ description: 'Keep the model from being swapped out.', default: false })
      .optional(),
    nCtx: integer(
      { min: 512, max: 131_072, default: 4096 },
      'Context size in tokens (--ctx-size): what one request may hold.',
    ).optional(),
  })
  .meta({
    description:
      "How the server was started, or is to be. `diagnose` and `config validate --live` hold the server's context against `nCtx`; the defaults are the specification's.",
  });
export type Performance = z.infer<typeof performanceSchema>;

/** A text that no header or shell mistakes for something else. */
const line = z
  .string()
  .min(1)
  .regex(/^\P{Cc}*$/u, 'a control character or line break cannot be in it');

const baseUrl = z
  .string()
  .superRefine((text, context) => {
    if (hasVariable(text)) return;
    const parsed = parseBaseUrl(text);
    if (!parsed.ok)
      context.addIssue({ code: 'custom', message: parsed.reason, params: { code: 'config.invalid-url' } });
  })
  .meta({
    description:
      'Address of the server: http or https, without /v1, or a unix socket as `unix:/run/llama.sock`. Ollama has `http://localhost:11434` and OpenRouter `https://openrouter.ai/api` where nothing is said; an openai-compatible target needs one.',
    default: DEFAULTS.baseUrl,
    examples: ['http://localhost:8080', 'https://gpu1.example.com/llama', 'unix:/run/llama.sock'],
  });

/** A server: the specification's fields, and ours beside them. Absent ones keep their default. */
export const targetSchema = z
  .strictObject({
    provider: z
      .enum(PROVIDERS)
      .meta({ description: 'The program that answers there.', default: 'llama-cpp' })
      .optional(),
    baseUrl: baseUrl.optional(),
    baseUrls: z
      .array(baseUrl)
      .min(1)
      .meta({
        description:
          'Several llama.cpp servers in place of one, of one key: each request goes to the one that is least busy.',
        examples: [['http://gpu1:8080', 'http://gpu2:8080']],
      })
      .optional(),
    apiKey: z
      .string()
      .regex(/^\P{Cc}*$/u, 'a control character or line break cannot be in a header')
      .meta({
        description: 'API key. Better a variable than the key itself: `$LLAMA_API_KEY`.',
        examples: ['$LLAMA_API_KEY'],
        writeOnly: true,
      })
      .optional(),
    apiKeyFile: line
      .meta({
        description:
          'File that holds the API key and nothing else. `~/` is the home folder; other relative paths begin at the configuration file.',
        examples: ['~/.config/llamactl/gpu1.key', '/run/secrets/llama-api-key'],
      })
      .optional(),
    apiKeyCommand: z
      .union([line, z.array(line).min(1)])
      .meta({
        description: 'Command that prints the API key: a list is run as it is, a text is given to the shell.',
        examples: [['pass', 'show', 'llama/gpu1'], 'op read op://dev/llama/key'],
      })
      .optional(),
    apiKeyKeyring: z
      .union([
        line,
        z.strictObject({
          service: line.meta({
            description: 'Service of the entry; llamactl writes its own under `llamactl`.',
          }),
          account: line.meta({ description: 'Account of the entry.' }),
        }),
      ])
      .meta({
        description:
          "Entry of the system's keyring that holds the API key: the name that `llamactl config set-key` gave it, or the service and account of another program's.",
        examples: ['gpu1', { service: 'my-tools', account: 'gpu1' }],
      })
      .optional(),
    basicAuth: z
      .strictObject({
        username: z
          .string()
          .regex(/^[^:\p{Cc}]+$/u, 'a colon or a control character cannot be in a user name')
          .meta({ description: 'User name.' }),
        password: z
          .string()
          .regex(/^\P{Cc}*$/u, 'a control character or line break cannot be in it')
          .meta({ description: 'Password. Better a variable: `$PROXY_PASSWORD`.', writeOnly: true }),
      })
      .meta({
        writeOnly: true,
        description:
          'Login of a reverse proxy before the server, in place of one in the address. With an API key beside it, the key goes in `X-Api-Key`, which llama-server takes.',
      })
      .optional(),
    headers: z
      .record(
        z.string().superRefine((name, context) => {
          const message = headerNameProblem(name);
          if (message !== null) context.addIssue({ code: 'custom', message });
        }),
        z
          .string()
          .refine(isHeaderValue, 'a line break or another character that no header can carry is in it')
          .meta({ writeOnly: true }),
      )
      .meta({
        writeOnly: true,
        description:
          'Further headers of each request to this server, and to no other. OpenRouter asks programs to name themselves by `HTTP-Referer` and `X-OpenRouter-Title`; llamactl does so only where they stand here.',
        examples: [{ 'CF-Access-Client-Id': '$CF_ID', 'CF-Access-Client-Secret': '$CF_SECRET' }],
      })
      .optional(),
    models: z
      .array(z.string().min(1))
      .meta({
        description:
          'Names to offer where the server cannot be asked. The first is asked for by default of other programs, and of any target that answers in the place of another.',
      })
      .optional(),
    contextWindow: integer(
      { min: 1, max: 100_000_000 },
      'Tokens that callers suppose one request may hold. Held against the server by `diagnose` and `config validate --live`.',
    ).optional(),
    timeout: number(
      { min: 1000, max: 300_000, default: DEFAULTS.timeout },
      'Milliseconds for an answer, and for the first token of a stream.',
    ).optional(),
    maxRetries: integer(
      { min: 0, max: 10, default: DEFAULTS.maxRetries },
      'Further tries after a failure.',
    ).optional(),
    sampling: samplingSchema.optional(),
    performance: performanceSchema.optional(),
  })
  .meta({ description: 'A server to speak to.' });
export type Target = z.infer<typeof targetSchema>;

/** `llamactl.config.{json,yaml}`. Keys that begin with `x-`, and `//`, are the user's own: see own-keys.ts. */
export const configSchema = z
  .strictObject({
    $schema: z
      .string()
      .meta({ description: 'The JSON Schema of this file, for editors (`llamactl config schema`).' })
      .optional(),
    default: z
      .string()
      .meta({ description: 'The target that is meant where none is named. Without it the first.' })
      .optional(),
    targets: z
      .record(
        z
          .string()
          .min(1)
          .regex(/^\P{Cc}*$/u, 'a control character cannot be in a name'),
        targetSchema,
      )
      .meta({ description: 'The servers, by a name of yours.' }),
    fallback: z
      .array(z.string())
      .meta({
        description:
          'Targets that `chat` tries in turn when one cannot be used. Each may have the prompt, a remote one too.',
      })
      .optional(),
    allowRemote: z
      .boolean()
      .meta({
        description:
          'Whether `chat` may go on to every target, remote ones and those that `fallback` does not name.',
        default: false,
      })
      .optional(),
  })
  .meta({ title: 'llamactl configuration' });
export type ConfigFile = z.infer<typeof configSchema>;
