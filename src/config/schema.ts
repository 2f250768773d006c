import * as z from 'zod';

/** The specification's bounds and defaults (7.2). */
export const DEFAULTS = { baseUrl: 'http://localhost:8080', timeout: 30_000, maxRetries: 3 } as const;

/** The programs that a target may be. */
export const PROVIDERS = ['llama-cpp', 'ollama', 'openrouter', 'openai-compatible'] as const;
export type Provider = (typeof PROVIDERS)[number];

export const samplingSchema = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.int().min(1).max(100).optional(),
  repeatPenalty: z.number().min(0).max(2).optional(),
  mirostat: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  mirostatTau: z.number().min(0).max(10).optional(),
  mirostatEta: z.number().min(0).max(1).optional(),
});
export type Sampling = z.infer<typeof samplingSchema>;

export const performanceSchema = z.strictObject({
  nThreads: z.int().min(1).max(32).optional(),
  nGpuLayers: z.int().min(0).max(999).optional(),
  useMmap: z.boolean().optional(),
  useMlock: z.boolean().optional(),
  nCtx: z.int().min(512).max(131_072).optional(),
});
export type Performance = z.infer<typeof performanceSchema>;

/** A llama-cpp target: the specification's fields. Absent ones keep their default. */
export const targetSchema = z.strictObject({
  provider: z.enum(PROVIDERS).optional(),
  baseUrl: z.string().optional(),
  apiKey: z.string().optional(),
  models: z.array(z.string()).optional(),
  timeout: z.number().min(1000).max(300_000).optional(),
  maxRetries: z.int().min(0).max(10).optional(),
  sampling: samplingSchema.optional(),
  performance: performanceSchema.optional(),
});
export type Target = z.infer<typeof targetSchema>;

/** `llamactl.config.{json,yaml}`. */
export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  default: z.string().optional(),
  targets: z.record(z.string(), targetSchema),
  fallback: z.array(z.string()).optional(),
});
export type ConfigFile = z.infer<typeof configSchema>;
