import * as z from 'zod';
import type { Finding } from '../catalogue/entry.js';
import { CATALOGUE_CODES } from '../errors/codes.js';
import { LLAMA_CPP_ERROR_TYPES } from '../errors/error-type.js';
import { propsSchema } from '../wire/props.js';
import type { Facts } from './facts.js';
import type { Diagnosis } from './runner.js';

/** What a diagnosis looks like, for those who read one that somebody else has written: a bundle, or another program. */

const codeSchema = z.enum([...CATALOGUE_CODES, 'config.invalid']);
const text = z.string();
const texts = z.array(z.string());
const number = z.number();
const milliseconds = z.number().meta({ description: 'milliseconds' });

const remedySchema = z.object({ text, commands: texts });

const failureSchema = z.object({
  type: z.enum([...LLAMA_CPP_ERROR_TYPES, 'USAGE_ERROR', 'INTERRUPTED', 'INTERNAL_ERROR']),
  code: z.enum([
    ...CATALOGUE_CODES,
    'usage.invalid',
    'config.invalid',
    'server.not-installed',
    'interrupted',
    'internal',
  ]),
  message: text,
  evidence: texts,
  remedies: z.array(remedySchema),
});

function fact<Value extends z.ZodType>(value: Value) {
  return z.discriminatedUnion('state', [
    z.object({ state: z.literal('known'), value, durationMs: milliseconds }),
    z.object({ state: z.literal('failed'), error: failureSchema, durationMs: milliseconds }),
    z.object({ state: z.literal('not-asked'), reason: text }),
  ]);
}

/** What documents of the first releases hold in place of facts that are newer. */
const NEWER = { state: 'not-asked', reason: 'an older llamactl did not ask it' } as const;

const kindSchema = z.enum([
  'llama.cpp',
  'ollama',
  'lm-studio',
  'vllm',
  'llama-swap',
  'localai',
  'openrouter',
  'proxy',
  'unknown',
]);

const severitySchema = z.enum(['error', 'warning', 'info']);

const configuredSchema = z.object({
  provider: z.enum(['llama-cpp', 'ollama', 'openrouter', 'openai-compatible']).default('llama-cpp'),
  file: text.nullable(),
  problems: z.array(z.object({ severity: severitySchema, message: text, place: text })),
  urlOrigin: text,
  model: text.nullable(),
  modelOrigin: text.nullable(),
  models: texts,
  contextSize: number.nullable(),
  contextSizeOrigin: text.nullable(),
  keyGiven: z.boolean(),
  keyOrigin: text.nullable(),
  keyOddity: text.nullable(),
  usesTools: z.boolean().nullable(),
  dashboards: z.exactOptional(z.array(z.object({ file: text, metrics: texts }))),
});

const modelSchema = z.object({
  id: text,
  aliases: texts,
  parameters: number.nullable(),
  sizeBytes: number.nullable(),
  quantization: text.nullable(),
  contextPerSlot: number.nullable(),
  contextTrained: number.nullable(),
  status: z.enum(['ready', 'loading', 'asleep', 'unloaded', 'failed', 'downloading', 'unknown']),
  failure: z.exactOptional(z.object({ exitCode: number.nullable(), args: texts })),
});

const slotsSchema = z.object({
  total: number,
  busy: number,
  progressed: number.nullable(),
  reading: number,
});

const generationSchema = z.object({
  kind: z.enum(['chat', 'embedding']),
  model: text,
  firstTokenMs: milliseconds,
  tokens: number,
  spreadMs: milliseconds,
  bursts: number,
  lagMs: milliseconds.nullable(),
  generatedMs: milliseconds.nullable(),
  promptTokensPerSecond: number.nullable(),
  tokensPerSecond: number.nullable(),
  reasoning: z.boolean(),
});

const localSchema = z.object({
  holder: z.object({ pid: number, name: text, commandLine: text.nullable() }).nullable(),
  processes: z.array(
    z.object({
      pid: number,
      args: texts,
      listens: texts,
      ports: z.array(number),
      isAnotherUsers: z.exactOptional(z.literal(true)),
      routerPid: z.exactOptional(number),
      listensInside: z.exactOptional(texts),
      variables: z.exactOptional(texts),
      residentBytes: number.nullable(),
      anonymousBytes: z.exactOptional(number.nullable()),
      fileBytes: z.exactOptional(number.nullable()),
      swappedBytes: number.nullable(),
      limitBytes: z.exactOptional(number.nullable()),
      modelBytes: z.exactOptional(number.nullable()),
      gpuLibraries: texts.nullable(),
      state: text.nullable(),
    }),
  ),
  memory: z.object({ totalBytes: number, availableBytes: number }),
  gpus: texts,
  containers: z.array(
    z.object({
      name: text,
      image: text,
      publishes: z.array(number),
      program: z.exactOptional(z.enum(['docker', 'podman'])),
      state: z.exactOptional(text),
      exitCode: z.exactOptional(number),
      oomKilled: z.exactOptional(z.boolean()),
      pid: z.exactOptional(number.nullable()),
      network: z.exactOptional(text),
      host: z.exactOptional(text),
      port: z.exactOptional(number),
      inside: z.exactOptional(z.record(text, number)),
    }),
  ),
});

/** Bundles of before 2026-11-24 know llama.cpp alone. */
const NOT_KNOWN = { state: 'not-asked', reason: 'an older llamactl did not ask' } as const;

const factsSchema = z.object({
  url: text,
  program: kindSchema.default('llama.cpp'),
  configured: configuredSchema,
  proxy: z.object({ url: text, variable: text }).nullable(),
  dns: fact(z.object({ addresses: texts })),
  tcp: fact(z.object({ connectMs: milliseconds, address: text })),
  tls: fact(z.object({ protocol: text.nullable(), subject: text, issuer: text, validTo: text })),
  otherScheme: fact(z.object({ answers: z.boolean() })),
  health: fact(
    z.object({
      status: z.enum([
        'ready',
        'loading',
        'asleep',
        'unreachable',
        'unauthorized',
        'wrong-server',
        'unresponsive',
      ]),
      kind: kindSchema.nullable(),
      build: text.nullable(),
      responseTimeMs: milliseconds.nullable(),
    }),
  ),
  path: fact(z.object({ url: text.nullable(), stranger: kindSchema.nullable() })),
  moved: fact(z.object({ url: text, answers: z.boolean() })).default(NEWER),
  props: fact(
    propsSchema.pick({
      default_generation_settings: true,
      total_slots: true,
      model_path: true,
      model_alias: true,
      model_ftype: true,
      modalities: true,
      chat_template_caps: true,
      build_info: true,
      is_sleeping: true,
      endpoint_slots: true,
      endpoint_props: true,
      endpoint_metrics: true,
      role: true,
      max_instances: true,
      models_autoload: true,
    }),
  ),
  endpoints: fact(z.object({ embeddings: z.boolean().nullable(), rerank: z.boolean().nullable() })).default(
    NEWER,
  ),
  keyless: fact(z.object({ accepted: z.boolean() })),
  access: fact(z.object({ limitRemaining: number.nullable() })).default(NOT_KNOWN),
  window: fact(
    z.object({
      model: text.nullable(),
      tokens: number.nullable(),
      trained: number.nullable(),
      set: number.nullable(),
      usual: number.nullable(),
    }),
  ).default(NOT_KNOWN),
  models: fact(z.array(modelSchema)),
  slots: fact(slotsSchema),
  otherSlots: fact(slotsSchema),
  metrics: fact(
    z.object({
      decodeCalls: number.nullable(),
      requestsProcessing: number.nullable(),
      requestsDeferred: number.nullable(),
      promptTokensPerSecond: number.nullable(),
      tokensPerSecond: number.nullable(),
      cacheReuse: number.nullable(),
      names: z.exactOptional(texts),
    }),
  ),
  template: fact(
    z.object({
      promptLength: number,
      systemRole: failureSchema.nullable(),
      tools: failureSchema.nullable(),
    }),
  ),
  generation: fact(generationSchema),
  deep: z.object({
    toolCall: fact(z.object({ name: text, valid: z.boolean() })),
    overflow: fact(z.object({ sent: number, contextSize: number, accepted: z.boolean() })),
  }),
  local: fact(localSchema),
});

const findingSchema = z.object({
  code: codeSchema,
  severity: severitySchema,
  title: text,
  evidence: texts,
  remedies: z.array(remedySchema),
  rank: number,
  consequenceOf: z.exactOptional(codeSchema),
  check: z.exactOptional(text),
});

const checkSchema = z.object({
  id: text,
  status: z.enum(['pass', 'fail', 'warn', 'skip', 'crash']),
  reason: z.exactOptional(text),
  durationMs: milliseconds,
});

export const diagnosisSchema = z
  .object({
    schemaVersion: z.literal(1),
    target: text.nullable(),
    url: text,
    verdict: z.enum(['healthy', 'warning', 'problem']),
    rootCause: codeSchema.nullable(),
    findings: z.array(findingSchema),
    checks: z.array(checkSchema),
    facts: factsSchema,
    discovered: z.exactOptional(z.array(z.object({ url: text, kind: kindSchema }))),
    durationMs: milliseconds,
  })
  .meta({
    title: 'llamactl diagnose --json',
    description:
      'What `llamactl diagnose --json` prints for one server; of several: {"targets": […]}. Fields may be added, none is renamed while schemaVersion is 1.',
  });

/** The published JSON Schema of the document (draft 2020-12). */
export function diagnosisJsonSchema(): Readonly<Record<string, unknown>> {
  // What a server sends beside what is known of it is allowed, so objects stay open.
  return z.toJSONSchema(diagnosisSchema, { io: 'input' });
}

/** Reads facts that were kept. @throws ZodError where they are none of ours */
export function readFacts(value: unknown): Facts {
  return factsSchema.parse(value);
}

/** Reads a whole diagnosis. @throws ZodError where it is none of ours */
export function readDiagnosis(value: unknown): Diagnosis {
  return diagnosisSchema.parse(value);
}

/** The parts of a finding that stay the same from one diagnosis to the next. */
export function keyOf({ code, check, title }: Finding): string {
  return `${code} ${check ?? ''} ${title.replace(/\d[\d.,]*/g, '#')}`;
}
