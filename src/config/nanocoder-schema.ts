import * as z from 'zod';
import { DEFAULTS, performanceSchema, samplingSchema, targetSchema } from './schema.js';

/**
 * nanocoder's `agents.config.json`. Objects are open, since much in it is nanocoder's own business and what llamactl does
 * not know must not stop it; what is neither known to nanocoder is a warning of `config validate` (lint/unknown-keys.ts).
 */

/** Milliseconds; −1 switches the deadline off. */
function deadline(description: string) {
  return z
    .number()
    .refine((ms) => ms === -1 || ms > 0, 'milliseconds are more than 0, or -1 for no deadline')
    .meta({ description });
}

const models = z.array(z.string()).meta({ description: 'Names to offer.' });
const headers = z.record(z.string(), z.string()).meta({
  description: 'Further headers; `Authorization` and what HTTP sets itself llamactl does not send.',
});

/** What `x-llamactl` keeps of a target in a provider: nanocoder leaves it alone, and it is read again here. */
const keptSchema = targetSchema
  .omit({ baseUrl: true, apiKey: true, models: true, maxRetries: true, headers: true })
  .extend({
    default: z.boolean().optional(),
    fallback: z.int().min(0).optional(),
  })
  .meta({ description: 'What llamactl keeps here of a target.' });

export const providerSchema = z
  .looseObject({
    name: z.string().min(1).meta({ description: 'Shown to people; unique.' }),
    baseUrl: z.string().meta({ description: 'With /v1: http://localhost:8080/v1.' }).optional(),
    apiKey: z.string().meta({ description: 'API key, better a variable.', writeOnly: true }).optional(),
    organizationId: z.string().meta({ description: "OpenAI's organisation." }).optional(),
    headers: headers.optional(),
    caCertPath: z
      .string()
      .meta({ description: 'PEM file of certificate authorities; llamactl takes --ca-cert.' })
      .optional(),
    models: models.optional(),
    contextWindow: z.int().min(1).meta({ description: 'Tokens, for all models.' }).optional(),
    contextWindows: z
      .record(z.string(), z.int().min(1))
      .meta({ description: 'Tokens, for one model; wins.' })
      .optional(),
    maxOutputTokens: z.int().min(1).meta({ description: 'Tokens of an answer at most.' }).optional(),
    maxRetries: z.int().min(0).meta({ description: 'Further tries.' }).optional(),
    requestTimeout: deadline('Milliseconds for an answer; -1 for none. Default 120,000.').optional(),
    socketTimeout: deadline('Milliseconds; default requestTimeout.').optional(),
    timeout: deadline('Milliseconds; requestTimeout wins.').optional(),
    connectionPool: z
      .looseObject({ idleTimeout: z.number().optional(), cumulativeMaxIdleTimeout: z.number().optional() })
      .meta({ description: 'idleTimeout and cumulativeMaxIdleTimeout, milliseconds.' })
      .optional(),
    disableTools: z.boolean().meta({ description: 'No tools for this provider.' }).optional(),
    disableToolModels: z.array(z.string()).meta({ description: 'No tools for these models.' }).optional(),
    sdkProvider: z
      .enum(['openai-compatible', 'anthropic', 'google', 'github-copilot', 'chatgpt-codex'])
      .meta({ description: 'How nanocoder speaks to it.', default: 'openai-compatible' })
      .optional(),
    tune: z.unknown().meta({ description: "nanocoder's own." }).optional(),
    openrouter: z.unknown().meta({ description: "nanocoder's own." }).optional(),
    'x-llamactl': keptSchema.optional(),
  })
  .meta({ description: 'A provider of nanocoder.' });
export type NanocoderProvider = z.infer<typeof providerSchema>;

/** The older form: the specification's fields. `llamaCpp` was closed (lint/unknown-keys.ts). */
const section = {
  baseUrl: z.string().optional(),
  apiKey: z.string().meta({ writeOnly: true }).optional(),
  models: models.optional(),
  timeout: z.number().min(1000).max(300_000).meta({ default: DEFAULTS.timeout }).optional(),
  maxRetries: z.int().min(0).max(10).meta({ default: DEFAULTS.maxRetries }).optional(),
  sampling: samplingSchema.optional(),
  performance: performanceSchema.optional(),
};

/** nanocoder's own business. */
const own = z.unknown().optional();

const wrapperSchema = z.looseObject({
  providers: z.array(providerSchema).optional(),
  llamaCpp: z.looseObject(section).optional(),
  ollama: z.looseObject(section).optional(),
  openAICompatible: z.looseObject(section).optional(),
  openRouter: z.looseObject(section).optional(),
  alwaysAllow: own,
  autoCommit: own,
  autoCompact: own,
  defaultMode: own,
  disabledTools: own,
  formatters: own,
  headless: own,
  hooks: own,
  lspServers: own,
  modeProviders: own,
  nanocoderTools: own,
  retries: own,
  sandbox: own,
  systemPrompt: own,
  tune: own,
});

export const nanocoderSchema = z.looseObject({
  $schema: z.string().optional(),
  nanocoder: wrapperSchema.optional(),
  providers: z.array(providerSchema).optional(),
});
export type NanocoderFile = z.infer<typeof nanocoderSchema>;

export const providerListSchema = z.array(providerSchema);
