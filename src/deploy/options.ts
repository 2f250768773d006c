import { closest, distance } from 'fastest-levenshtein';
import * as z from 'zod';
import { type Remedy, usageError } from '../errors/llamactl-error.js';
import { CACHE_TYPES } from './kv-cache.js';
import { countText } from './units.js';

export const BACKENDS = ['cpu', 'cuda', 'cuda13', 'rocm', 'vulkan', 'intel', 'musa'] as const;
export type Backend = (typeof BACKENDS)[number];

export const GPU_VENDORS = ['nvidia', 'amd', 'intel', 'mthreads'] as const;
export type GpuVendor = (typeof GPU_VENDORS)[number];

const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
/** Labels of at most 63 characters, 253 in all: what Kubernetes takes as the name of an object. */
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f]*:[0-9a-f:.]*\]?)$/i;
/** An image, with a tag, a digest, both or neither. */
const IMAGE =
  /^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;
/** As the Prometheus operator calls it. */
export const USUAL_PROMETHEUS = 'http://prometheus-operated.monitoring.svc:9090';
/** A name gets endings (`-grafana`, `-models-0`), and 63 characters are what DNS allows. */
const LONGEST_NAME = 40;
const UNITS: Readonly<Record<string, number>> = {
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  ti: 1024 ** 4,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** `24GiB`, `24Gi`, `24GB` → bytes. */
const size = z.string().transform((text, context) => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]i|[MGT]B)B?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * (UNITS[unit?.toLowerCase() ?? ''] ?? Number.NaN);
  if (Number.isFinite(bytes) && bytes > 0) return Math.round(bytes);
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no size: write 24GiB or 512MiB` });
  return z.NEVER;
});

/** `4`, `0.5` or `500m` → CPUs. */
const cpus = z.union([z.number(), z.string()]).transform((given, context) => {
  const text = String(given).trim();
  const count = /^\d+m$/.test(text) ? Number(text.slice(0, -1)) / 1000 : Number(text);
  if (Number.isFinite(count) && count >= 0.1 && count <= 1024) return Math.round(count * 1000) / 1000;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(given)} is no number of CPUs: write 4` });
  return z.NEVER;
});

/** `1..4` → the least and the most replicas. */
const autoscale = z.string().transform((text, context) => {
  const [, min, max] = /^(\d+)\.\.(\d+)$/.exec(text.trim()) ?? [];
  const range = { min: Number(min), max: Number(max) };
  const problem =
    min === undefined || range.max < range.min
      ? `${JSON.stringify(text)} is no range: write 1..4`
      : range.min === 0
        ? 'the least is 1: nothing that llama-server tells could wake a deployment that has no replica'
        : range.max > 100
          ? 'the most is 100'
          : null;
  if (problem === null) return range;
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

/** `NAME` or `NAME/KEY` → a secret, and what the value is called in it. */
const secret = (defaultKey: string) =>
  z
    .string()
    .refine((text) => !/^(sk|hf)[-_]|^[^-./]{24,}/.test(text), {
      error: 'that looks like a key: name the secret that holds it; the key itself has no place here',
      abort: true,
    })
    .refine(
      (text) => {
        const [name = '', key = defaultKey] = text.split(/\/(.*)/s);
        return DNS_NAME.test(name) && /^(?!\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.';
      },
      { error: 'a secret is named NAME or NAME/KEY, in lower case; the key itself has no place here' },
    )
    .transform((text) => {
      const [name = '', key = defaultKey] = text.split('/');
      return { name, key };
    });

/** Where the model's files are kept. */
const storage = z.string().transform((text, context) => {
  const [, kind, rest] = /^(pvc|emptydir|image)(?::(.+))?$/.exec(text.trim()) ?? [];
  if (kind === 'image' && rest !== undefined && IMAGE.test(rest))
    return { kind: 'image', reference: rest } as const;
  if (kind === 'pvc' && rest === undefined) return { kind: 'pvc' } as const;
  if (kind === 'pvc' && rest !== undefined && DNS_NAME.test(rest))
    return { kind: 'claim', name: rest } as const;
  if (kind === 'emptydir' && rest === undefined) return { kind: 'emptydir' } as const;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text)} is no storage: write pvc, pvc:CLAIM, emptydir or image:REFERENCE`,
  });
  return z.NEVER;
});

/** A whole number, whose bounds an error names. */
const whole = (min: number, max: number) => {
  const error = `a whole number from ${countText(min)} to ${countText(max)} is wanted`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

/** Every input of `deploy-gen`: as flags, and as the keys of a values file. */
export const optionsSchema = z.strictObject({
  model: z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(z.string().min(1)).min(1),
  ),
  alias: z
    .string()
    .regex(/^[\w./:@-]{1,100}$/, { error: 'an alias has letters, digits and . _ / : @ -' })
    .optional(),
  backend: z.enum(BACKENDS).optional(),
  gpus: whole(0, 16).optional(),
  gpuMemory: size.optional(),
  gpuVendor: z.enum(GPU_VENDORS).optional(),
  ctxSize: whole(256, 16_777_216).optional(),
  parallel: whole(1, 256).optional(),
  cacheType: z.enum(CACHE_TYPES).default('f16'),
  replicas: whole(1, 100).default(1),
  cpu: cpus.optional(),
  memory: size.optional(),
  apiKeySecret: secret('api-key').optional(),
  hfTokenSecret: secret('token').optional(),
  generateSecret: z.boolean().default(false),
  port: z
    .int()
    .min(1024, { error: 'a server without privileges listens on a port from 1024 to 65535' })
    .max(65_535)
    .default(8080),
  apiPrefix: z
    .string()
    .regex(/^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/, { error: 'a prefix is a path, such as /llm' })
    .refine((text) => !text.split('/').some((part) => part === '.' || part === '..'), {
      error: 'a prefix is a path without . and .., such as /llm',
    })
    .transform((text) => `/${text.replace(/^\/|\/$/g, '')}`)
    .optional(),
  name: z
    .string()
    .max(LONGEST_NAME)
    .regex(DNS_LABEL, { error: 'a name has lower-case letters, digits and -, and begins with a letter' })
    .refine((text) => text !== 'kubernetes', { error: "that is the name of the cluster's own Service" })
    .default('llama'),
  namespace: z
    .string()
    .regex(NAMESPACE, { error: 'a namespace has lower-case letters, digits and -' })
    .optional(),
  build: z
    .union([z.string(), z.int()])
    .transform((given) => `b${String(given).replace(/^b/i, '')}`)
    .pipe(z.string().regex(/^b\d{3,6}$/, { error: 'a build is named b and a number: b11434' }))
    .optional(),
  image: z
    .string()
    .regex(IMAGE, { error: 'an image is named REPOSITORY:TAG or REPOSITORY@sha256:DIGEST' })
    .optional(),
  host: z
    .string()
    .refine((text) => IP_ADDRESS.test(text) || DNS_NAME.test(text), {
      error: 'a host is a name such as llm.example.com, or an address',
    })
    .optional(),
  gateway: z
    .string()
    .refine(
      (text) => {
        const [name = '', namespace, ...more] = text.split('/').reverse();
        return DNS_NAME.test(name) && NAMESPACE.test(namespace ?? 'a') && more.length === 0;
      },
      { error: 'a gateway is named NAME or NAMESPACE/NAME' },
    )
    .transform((text) => {
      const [name = '', namespace] = text.split('/').reverse();
      return { name, ...(namespace === undefined ? {} : { namespace }) };
    })
    .optional(),
  ingressClass: z.string().regex(DNS_NAME).optional(),
  storage: storage.optional(),
  storageClass: z.string().regex(DNS_NAME).optional(),
  monitoring: z.boolean().default(false),
  autoscale: autoscale.optional(),
  autoscaler: z.enum(['keda', 'hpa']).default('keda'),
  prometheusUrl: z.url({ protocol: /^https?$/ }).default(USUAL_PROMETHEUS),
  loadBalancer: z.enum(['haproxy', 'nginx']).default('haproxy'),
  extraArgs: z.array(z.string()).default([]),
});

/** The options as they were given. */
export type OptionsInput = Readonly<Record<string, unknown>>;
type ParsedOptions = z.output<typeof optionsSchema>;

/** The options, checked against each other. */
export interface DeployOptions extends ParsedOptions {
  readonly backend: Backend;
  readonly gpus: number;
  readonly gpuVendor: GpuVendor | undefined;
  readonly cpu: number;
}

/** As values files have them. */
const OPTION_NAMES: readonly string[] = Object.keys(optionsSchema.shape);

/** Whose GPUs a backend is for; `vulkan` is for several. */
export const VENDOR_OF: Readonly<Partial<Record<Backend, GpuVendor>>> = {
  cuda: 'nvidia',
  cuda13: 'nvidia',
  rocm: 'amd',
  intel: 'intel',
  musa: 'mthreads',
};
/** CPUs where the user does not say: generation is bound by memory, so that more helps little, and a GPU needs few. */
const USUAL_CPUS = { cpu: 4, gpu: 2 };

/** `gpuMemory` → `--gpu-memory`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Checks the options.
 * @param place where an option stands, for errors: `--gpu-memory`, `values.yaml:3: gpuMemory`
 * @throws LlamactlError (usage) that names the place, what is wrong and what would be right
 */
export function parseOptions(input: OptionsInput, place: (option: string) => string = flagOf): DeployOptions {
  const result = optionsSchema.safeParse(input);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => {
      if (issue.code === 'unrecognized_keys') return unknownOption(issue.keys[0] ?? '', place);
      const option = String(issue.path[0] ?? '');
      if (option === 'model' && input['model'] === undefined) return 'which model? None was given';
      return `${place(option)}: ${problemText(issue)}`;
    });
    const missing = input['model'] === undefined;
    throw usageError([...new Set(problems)].join('\n'), missing ? MODEL_REMEDIES : []);
  }
  return settle(result.data, place);
}

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'a text',
  array: 'a list',
};

/** zod's own messages are for programmers; ours, at the options, are kept. */
function problemText(issue: z.core.$ZodIssue): string {
  if (!/^(?:Too|Invalid) /.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array' ? 'at least one is needed' : `the least is ${issue.minimum}`;
    case 'too_big':
      return `the most is ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_type':
      return `${EXPECTED[issue.expected] ?? issue.expected} is expected`;
    case 'invalid_value':
      return `it is one of ${issue.values.join(', ')}`;
    default:
      return `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  }
}

function unknownOption(name: string, place: (option: string) => string): string {
  const near = closest(name, OPTION_NAMES);
  const hint = distance(name, near) <= 3 ? `: did you mean ${near}?` : '';
  return `${place(name)}: there is no such option${hint}`;
}

/** What follows from the options together. */
function settle(options: ParsedOptions, place: (option: string) => string): DeployOptions {
  const wantsGpu = options.gpuMemory !== undefined || (options.gpus ?? 0) > 0;
  const backend = options.backend ?? (wantsGpu ? 'cuda' : 'cpu');
  const gpus = options.gpus ?? (backend === 'cpu' ? 0 : 1);
  if (backend === 'cpu' && wantsGpu) {
    throw usageError(
      `${place('backend')} cpu with a GPU: the CPU image cannot use it, and nobody else could while it is reserved`,
      [{ text: 'Take the image of your GPU:', commands: ['--backend cuda', '--backend rocm'] }],
    );
  }
  if (backend !== 'cpu' && gpus === 0) {
    throw usageError(
      `${place('gpus')} 0 with the ${backend} image: without a GPU take ${flagOf('backend')} cpu`,
    );
  }
  if (options.build !== undefined && options.image !== undefined) {
    throw usageError(`${place('build')} and ${place('image')} both name the image: give one of them`);
  }
  if (options.alias !== undefined && options.model.length > 1) {
    throw usageError(`${place('alias')} names one model, and a router has several, each called as its file`);
  }
  if (options.autoscale !== undefined && options.replicas > 1) {
    throw usageError(
      `${place('replicas')} and ${place('autoscale')} exclude each other: the range has the least`,
    );
  }
  if (options.gateway !== undefined && options.host === undefined) {
    throw usageError(`${place('gateway')} needs ${flagOf('host')}: the name that clients ask for`);
  }
  if (options.host !== undefined && !isLoopback(options.host) && options.apiKeySecret === undefined) {
    throw usageError(
      `${place('host')} ${options.host} lets others in, and without a key everybody may use the server`,
      [
        {
          text: 'Name the secret that holds the key:',
          commands: [`${flagOf('apiKeySecret')} ${options.name}-api-key`],
        },
      ],
    );
  }
  if (options.generateSecret && options.apiKeySecret === undefined) {
    throw usageError(
      `${place('generateSecret')} needs ${flagOf('apiKeySecret')}: what the secret is called`,
      [{ text: 'For example:', commands: [`${flagOf('apiKeySecret')} ${options.name}-api-key`] }],
    );
  }
  return {
    ...options,
    backend,
    gpus,
    gpuVendor: options.gpuVendor ?? VENDOR_OF[backend],
    cpu: options.cpu ?? (backend === 'cpu' ? USUAL_CPUS.cpu : USUAL_CPUS.gpu),
  };
}

/** Whether it is an address rather than a name. */
export function isAddress(host: string): boolean {
  return IP_ADDRESS.test(host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127\./.test(host);
}

const MODEL_REMEDIES: readonly Remedy[] = [
  { text: 'A file that you have:', commands: ['--model ./qwen3-4b-q4_k_m.gguf'] },
  { text: 'One of Hugging Face:', commands: ['--model hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M'] },
  { text: 'One by its address:', commands: ['--model https://example.com/models/model.gguf'] },
];
