import { LlamaCppClient } from '../client/llama-client.js';
import type { ModelInfo } from '../client/types.js';
import { loaded, withDotenvOf } from '../config/load.js';
import type { Complaint, Problem } from '../config/problem.js';
import type { ReadConfig } from '../config/read.js';
import { type ResolvedTarget, resolveTarget, serversOf } from '../config/resolve.js';
import { keySpanAt, nodeAt, spanAt } from '../config/tree.js';
import type { Environment } from '../config/variables.js';
import { isCatalogueCode } from '../errors/codes.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { completionSchema } from '../wire/completion.js';
import type { Props } from '../wire/props.js';
import { holdOtherKind } from './config-live-kinds.js';
import { checkHealth, waitForHealth } from './health.js';

export interface LiveOptions {
  readonly cwd: string;
  readonly env: Environment;
  /** How the file is named to the user. */
  readonly label: string;
  readonly signal: AbortSignal;
  /** Names; empty for all. */
  readonly targets: readonly string[];
  /** Milliseconds for each question. */
  readonly timeoutMs: number;
}

interface Held {
  readonly target: ResolvedTarget;
  readonly client: LlamaCppClient;
  readonly options: LiveOptions;
  /** A complaint about a field of the target, placed at the field or, where it is not in the file, at the target. */
  readonly at: (
    field: readonly PropertyKey[],
    complaint: Pick<Complaint, 'severity' | 'code' | 'message' | 'suggestion'>,
  ) => Complaint;
}

/** Words of the prompt that measures the prefill: long enough to tell a rate, read in a second by a slow machine. */
const MEASURED_WORDS = 64;
/** Room that a measured rate is given before a deadline is called short. */
const MARGIN = 1.1;

/**
 * Holds a configuration against the servers that it names: reachable, key right, models there, context and deadlines as
 * it supposes. Wakes no sleeping model and loads none.
 * @param read without errors
 * @throws LlamactlError (usage) for a target that is not there; (interrupted)
 */
export async function holdAgainstServers(read: ReadConfig, options: LiveOptions): Promise<Problem[]> {
  const { cwd, env, label, targets } = options;
  const source = { path: label, label, required: true };
  const config = await withDotenvOf(loaded(read, source, { cwd, env, flags: {} }));
  const names = targets.length === 0 ? Object.keys(config.targets) : targets;
  const unknown = names.find((name) => !Object.hasOwn(config.targets, name));
  if (unknown !== undefined) throw usageError(`there is no target "${unknown}" in ${label}`);
  const complaints: Complaint[] = [];
  // Keys one after the other, since a command may ask for a password; servers side by side.
  const held: Held[] = [];
  for (const name of names) {
    const at = placer(read, name);
    try {
      const target = await resolveTarget(config, name, null, {
        signal: options.signal,
        isOneOfSeveral: names.length > 1,
      });
      for (const [index, server] of serversOf(target).entries())
        held.push({
          target: server,
          client: clientFor(server, options),
          options,
          at: atServer(at, target, index),
        });
    } catch (error) {
      complaints.push(at([], asComplaint(error)));
    }
  }
  try {
    complaints.push(...(await Promise.all(held.map(holdOne))).flat());
  } finally {
    await Promise.all(held.map(({ client }) => client.destroy()));
  }
  return complaints.map((complaint) => read.lines.problem(complaint));
}

/** Of several servers the address is one of `baseUrls`. */
function atServer(at: Held['at'], { baseUrls }: ResolvedTarget, index: number): Held['at'] {
  if (baseUrls === undefined) return at;
  return (field, complaint) => at(field[0] === 'baseUrl' ? ['baseUrls', index] : field, complaint);
}

function clientFor(target: ResolvedTarget, { signal, timeoutMs }: LiveOptions): LlamaCppClient {
  const { baseUrl, apiKey, provider, headers, secrets } = target;
  return new LlamaCppClient({
    baseUrl,
    provider,
    headers,
    secrets,
    timeout: timeoutMs,
    maxRetries: 0,
    fallback: false,
    signal,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}

async function holdOne(held: Held): Promise<Complaint[]> {
  const { client, options, at } = held;
  const call = { signal: options.signal, timeout: options.timeoutMs, retries: 0 };
  try {
    if (!(await isLlamaServer(held))) return await holdOtherKind(held, call);
    const state = await readiness(held);
    if (state.complaints.length > 0) return [...state.complaints];
    const [props, models] = await Promise.all([client.props(call), client.models(call)]);
    const isRouter = props.role === 'router';
    const rate = state.asleep || isRouter ? null : await prefillRate(held);
    return [
      ...missingModels(held, models, isRouter),
      ...smallContext(held, props, models),
      ...shortTimeout(held, props, rate),
    ];
  } catch (error) {
    const complaint = asComplaint(error);
    const field = complaint.code.startsWith('auth.') ? ['apiKey'] : ['baseUrl'];
    return [at(field, complaint)];
  }
}

/** What only has to speak OpenAI's API may be a llama-server, which tells more: what answers decides. */
async function isLlamaServer({ target, client, options }: Held): Promise<boolean> {
  if (target.provider !== 'openai-compatible') return target.provider === 'llama-cpp';
  const { report } = await checkHealth(client, options.signal, options.timeoutMs);
  return report.server.kind === 'llama.cpp';
}

/** Waits for a model that loads as long as the configured deadline would. */
async function readiness({
  target,
  client,
  options,
  at,
}: Held): Promise<{ asleep: boolean; complaints: Complaint[] }> {
  const { signal, timeoutMs } = options;
  const first = await checkHealth(client, signal, timeoutMs);
  if (first.error === null) return { asleep: first.report.status === 'asleep', complaints: [] };
  if (first.error.code !== 'server.loading') throw first.error;
  const waited = await waitForHealth(client, { deadlineMs: target.timeout, signal });
  if (waited.error === null) return { asleep: false, complaints: [] };
  if (waited.error.code !== 'server.loading') throw waited.error;
  return {
    asleep: false,
    complaints: [
      at(['timeout'], {
        severity: 'warning',
        code: 'config.short-timeout',
        message: `the model was still loading after the ${count(target.timeout)} ms that a request may take`,
        suggestion: 'give it longer, or wait before the first request: llamactl health --wait 10m',
      }),
    ],
  };
}

function missingModels({ target, at }: Held, list: readonly ModelInfo[], isRouter: boolean): Complaint[] {
  const has = (name: string) => list.some(({ id, aliases }) => id === name || aliases.includes(name));
  const names = list.map(({ id }) => id).join(', ') || 'none';
  return target.models.flatMap((name, index) =>
    has(name)
      ? []
      : [
          at(['models', index], {
            // A single-model server answers with its own model and says nothing.
            severity: isRouter ? 'error' : 'warning',
            code: 'model.not-found',
            message: `the server has no model "${name}"${isRouter ? '' : ' and ignores the name'}`,
            suggestion: `it has: ${names}`,
          }),
        ],
  );
}

function smallContext({ target, at }: Held, props: Props, models: readonly ModelInfo[]): Complaint[] {
  const perSlot = slotContext(props, models);
  if (perSlot === null) return [];
  const slots = props.total_slots ?? 1;
  const shared = slots > 1 ? ` (${count(perSlot * slots)} shared by ${slots} slots)` : '';
  const fields = [
    {
      field: ['contextWindow'],
      tokens: target.origins['contextWindow'] === undefined ? null : target.contextWindow,
    },
    { field: ['performance', 'nCtx'], tokens: target.performance.nCtx ?? null },
  ];
  const seen = new Set<number>();
  return fields.flatMap(({ field, tokens }) => {
    if (tokens === null || tokens <= perSlot || seen.has(tokens)) return [];
    seen.add(tokens);
    const isOwn =
      tokens === target.performance.nCtx &&
      target.origins['performance.nCtx'] === target.origins['contextWindow'];
    return [
      at(isOwn ? ['performance', 'nCtx'] : field, {
        severity: 'error',
        code: 'context.slot-too-small',
        message: `${count(tokens)} tokens are supposed, and a slot holds ${count(perSlot)}${shared}`,
        suggestion: `llama-server -m ${props.model_path ?? 'MODEL'} -c ${tokens * slots} -np ${slots}`,
      }),
    ];
  });
}

/** The longest prompt that the context holds, at the rate that was measured, against the deadline for a first token. */
function shortTimeout({ target, at }: Held, props: Props, rate: number | null): Complaint[] {
  const perSlot = slotContext(props, []);
  const tokens =
    target.contextWindow === null ? perSlot : Math.min(target.contextWindow, perSlot ?? target.contextWindow);
  if (rate === null || tokens === null) return [];
  const needed = (tokens / rate) * 1000 * MARGIN;
  if (needed <= target.timeout) return [];
  const wanted = Math.ceil(needed / 10_000) * 10_000;
  return [
    at(['timeout'], {
      severity: 'warning',
      code: 'config.short-timeout',
      message: `a prompt of ${count(tokens)} tokens takes about ${count(Math.round(needed / 1000))} s at the ${count(Math.round(rate))} tokens/s measured, and ${count(target.timeout)} ms are allowed`,
      suggestion:
        wanted <= 300_000
          ? `write ${wanted}`
          : 'give the server fewer tokens to read, or more to read them with',
    }),
  ];
}

/** Tokens a second that the server reads; null where it did not answer in time. */
async function prefillRate({ client, options }: Held): Promise<number | null> {
  // Numbers that no cache has seen.
  const seed = Date.now() % 100_000;
  const prompt = Array.from({ length: MEASURED_WORDS }, (_, index) => String(seed + index * 7)).join(' ');
  try {
    const { body } = await client.request({
      method: 'POST',
      path: '/completion',
      body: { prompt, n_predict: 1, cache_prompt: false, temperature: 0 },
      signal: options.signal,
      timeoutMs: options.timeoutMs,
    });
    const { timings } = completionSchema.parse(JSON.parse(body));
    return timings?.prompt_per_second ?? null;
  } catch (error) {
    if (error instanceof LlamactlError && error.type === 'INTERRUPTED') throw error;
    return null;
  }
}

function slotContext(props: Props, models: readonly ModelInfo[]): number | null {
  const told = props.default_generation_settings?.n_ctx;
  return told || (models.find(({ contextPerSlot }) => contextPerSlot !== null)?.contextPerSlot ?? null);
}

function placer(read: ReadConfig, name: string): Held['at'] {
  return (field, complaint) => {
    const root = read.tree?.root;
    const target = read.pathInFile(['targets', name]) ?? [];
    const path = read.pathInFile(['targets', name, ...field]) ?? target;
    if (root === undefined) return { ...complaint, path, span: { start: 0, end: 0 } };
    const isThere = nodeAt(root, path) !== undefined;
    const span = isThere && field.length > 0 ? spanAt(root, path) : keySpanAt(root, target);
    return { ...complaint, path, span };
  };
}

function asComplaint(
  error: unknown,
): Pick<Complaint, 'code' | 'message' | 'suggestion'> & { severity: 'error' } {
  if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
  const { code, message, remedies } = error;
  const [first] = remedies;
  return {
    severity: 'error',
    code: isCatalogueCode(code) ? code : 'config.invalid-value',
    message,
    suggestion: first === undefined ? undefined : (first.commands[0] ?? first.text),
  };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
