import * as z from 'zod';
import type { ConfigFile, Provider, Target } from './schema.js';
import { performanceSchema, samplingSchema } from './schema.js';

/**
 * nanocoder's `agents.config.json`: the specification's form (a section a provider) and today's (`providers[]`, at the top
 * or under `nanocoder`). Much in it is nanocoder's own business, so what is not known here is passed over.
 */
const sectionSchema = z.looseObject({
  baseUrl: z.string().optional(),
  apiKey: z.string().optional(),
  models: z.array(z.string()).optional(),
  timeout: z.number().optional(),
  maxRetries: z.number().optional(),
  sampling: samplingSchema.optional(),
  performance: performanceSchema.optional(),
});

const providerSchema = z.looseObject({
  name: z.string(),
  baseUrl: z.string().optional(),
  apiKey: z.string().optional(),
  models: z.array(z.string()).optional(),
  /** Milliseconds; −1 switches the deadline off. */
  requestTimeout: z.number().optional(),
  timeout: z.number().optional(),
  maxRetries: z.number().optional(),
});

const SECTIONS = {
  llamaCpp: { name: 'llama-cpp', provider: 'llama-cpp', baseUrl: 'http://localhost:8080' },
  ollama: { name: 'ollama', provider: 'ollama', baseUrl: 'http://localhost:11434' },
  openAICompatible: {
    name: 'openai-compatible',
    provider: 'openai-compatible',
    baseUrl: 'http://localhost:1234',
  },
  openRouter: { name: 'openrouter', provider: 'openrouter', baseUrl: 'https://openrouter.ai/api' },
} as const;

const wrapperSchema = z.looseObject({
  providers: z.array(providerSchema).optional(),
  llamaCpp: sectionSchema.optional(),
  ollama: sectionSchema.optional(),
  openAICompatible: sectionSchema.optional(),
  openRouter: sectionSchema.optional(),
});

export const nanocoderSchema = z.looseObject({
  nanocoder: wrapperSchema.optional(),
  providers: z.array(providerSchema).optional(),
});

/** Twenty-four hours: what `-1` (no deadline) becomes. */
const NO_DEADLINE = 86_400_000;

/** A nanocoder file in our form. The first llama.cpp provider is the default, else the first of all. */
export function fromNanocoder(file: z.infer<typeof nanocoderSchema>): ConfigFile {
  const targets: Record<string, Target> = {};
  for (const [key, known] of Object.entries(SECTIONS)) {
    const section = file.nanocoder?.[key as keyof typeof SECTIONS];
    if (section === undefined) continue;
    const { baseUrl = known.baseUrl, apiKey, ...rest } = section;
    targets[known.name] = {
      provider: known.provider,
      baseUrl,
      // The specification's example leaves the key empty where there is none.
      ...(apiKey ? { apiKey } : {}),
      ...pick(rest, ['models', 'timeout', 'maxRetries', 'sampling', 'performance']),
    };
  }
  for (const provider of [...(file.nanocoder?.providers ?? []), ...(file.providers ?? [])]) {
    const timeout = provider.requestTimeout ?? provider.timeout;
    targets[provider.name] = {
      provider: providerOf(provider.baseUrl),
      ...pick(provider, ['baseUrl', 'models', 'maxRetries']),
      ...(provider.apiKey ? { apiKey: provider.apiKey } : {}),
      ...(timeout === undefined ? {} : { timeout: timeout < 0 ? NO_DEADLINE : timeout }),
    };
  }
  const names = Object.keys(targets);
  const first = names.find((name) => targets[name]?.provider === 'llama-cpp') ?? names[0];
  return { targets, ...(first === undefined ? {} : { default: first }) };
}

/** A provider's kind, as far as its URL tells; its name proves nothing. */
function providerOf(baseUrl: string | undefined): Provider {
  if (baseUrl === undefined) return 'llama-cpp';
  if (/openrouter\.ai/.test(baseUrl)) return 'openrouter';
  if (/:11434\b/.test(baseUrl)) return 'ollama';
  return /:(?:8080|9931)\b/.test(baseUrl) ? 'llama-cpp' : 'openai-compatible';
}

function pick<T extends object, K extends keyof T>(
  from: T,
  keys: readonly K[],
): { [P in K]?: NonNullable<T[P]> } {
  const out: { [P in K]?: NonNullable<T[P]> } = {};
  for (const key of keys) {
    const value = from[key];
    if (value !== undefined && value !== null) out[key] = value;
  }
  return out;
}
