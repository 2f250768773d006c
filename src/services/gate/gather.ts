import type { CallOptions, ModelQuery } from '../../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { takesToolMessages } from '../../client/model-info.js';
import { kindOf } from '../../client/providers/kinds.js';
import type { ProviderType } from '../../client/providers/provider.js';
import type { ModelInfo } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { Props } from '../../wire/props.js';
import type { HealthReport } from '../health.js';
import type { GateFact, GateFacts, Told } from './requirements.js';

/** Milliseconds for each question. */
const TIMEOUT = 5000;

export interface GatherOptions {
  readonly client: LlamaCppClient;
  readonly provider: ProviderType;
  /** The model that is meant, where the server has several. */
  readonly model: string | undefined;
  readonly signal: AbortSignal;
  /** What was seen already: the server is ready. */
  readonly report: HealthReport;
  /** What is wanted; nothing else is asked for. */
  readonly wanted: ReadonlySet<GateFact>;
}

/**
 * Asks a ready server for what requirements name. Wakes and loads no model: a sleeping one is not asked for its slots.
 * @throws LlamactlError (interrupted)
 */
export async function gatherGateFacts(options: GatherOptions): Promise<GateFacts> {
  const { client, provider, model, report, wanted } = options;
  const call = { signal: options.signal, timeout: TIMEOUT, retries: 0 };
  const query = { ...call, ...(model === undefined ? {} : { model }) };
  const isLlamaCpp = report.server.kind === 'llama.cpp';
  const wants = (...facts: readonly GateFact[]) => facts.some((fact) => wanted.has(fact));

  const props: Told<Props> = !isLlamaCpp
    ? { unknown: 'only llama-server tells it' }
    : wants('ctx', 'slots', 'idle', 'tools', 'vision', 'audio', 'awake', 'metrics', 'build', 'deferred')
      ? await attempt(() => client.props(query))
      : NOT_ASKED;
  const models = wants('models', 'ctx')
    ? await attempt(() => (isLlamaCpp ? client.models(call) : kindOf(provider).discover(client, call)))
    : NOT_ASKED;
  const asleep = report.status === 'asleep' || ('value' in props && props.value.is_sleeping === true);
  const isUnnamed = 'value' in props && props.value.role === 'router' && model === undefined;
  const tell = <Value>(read: (props: Props) => Value | null | undefined, otherwise: string) =>
    of(props, read, isUnnamed ? 'a router tells it of one model: name it with --model' : otherwise);
  const slots = tell(({ total_slots }) => total_slots, 'GET /props names no slots');

  return {
    models: map(models, (list) => list.flatMap(({ id, aliases }) => [id, ...aliases])),
    ctx: wants('ctx') ? await contextOf(options, props, models, call) : NOT_ASKED,
    slots,
    idle: !wants('idle') ? NOT_ASKED : asleep ? slots : await idleSlots(client, query, props, slots),
    deferred: !wants('deferred') ? NOT_ASKED : asleep ? { value: 0 } : await deferred(client, query),
    tools: tell(takesToolMessages, 'GET /props tells nothing of the chat template'),
    vision: tell(({ modalities }) => modalities?.['vision'], 'GET /props names no modalities'),
    audio: tell(({ modalities }) => modalities?.['audio'], 'GET /props names no modalities'),
    awake: map(props, () => !asleep),
    metrics: tell(({ endpoint_metrics }) => endpoint_metrics, 'this build does not tell'),
    build: of(
      props,
      ({ build_info }) => buildNumber(build_info),
      'it was built without a number (b0-unknown)',
    ),
    response: report.responseTimeMs === null ? { unknown: 'no answer' } : { value: report.responseTimeMs },
  };
}

const NOT_ASKED = { unknown: 'not asked' } as const;

/** `b9000-1a2b3c` → 9000. */
function buildNumber(info: string | null | undefined): number | null {
  return Number(/^b(\d+)/.exec(info ?? '')?.[1] ?? 0) || null;
}

async function contextOf(
  { client, provider, model, report }: GatherOptions,
  props: Told<Props>,
  models: Told<readonly ModelInfo[]>,
  call: CallOptions,
): Promise<Told<number>> {
  const inSlot = 'value' in props ? props.value.default_generation_settings?.n_ctx : null;
  if (inSlot) return { value: inSlot };
  if ('unknown' in models) return models;
  const meant =
    model === undefined
      ? models.value.length === 1
        ? models.value[0]
        : undefined
      : models.value.find(({ id, aliases }) => id === model || aliases.includes(model));
  if (meant === undefined)
    return {
      unknown:
        model === undefined
          ? `${models.value.length} models: name one with --model`
          : `it serves no ${model}`,
    };
  if (meant.contextPerSlot) return { value: meant.contextPerSlot };
  const isLoaded = meant.status === 'ready' || meant.status === 'asleep';
  if (report.server.kind === 'llama.cpp')
    return { unknown: isLoaded ? 'the server does not tell' : `${meant.id} is not loaded` };
  const told = await attempt(() => kindOf(provider).contextSize(client, meant, call));
  if ('unknown' in told) return told;
  return told.value === null ? { unknown: 'the server does not tell' } : { value: told.value };
}

/** From the slots; where they are switched off, from the number of requests in work. */
async function idleSlots(
  client: LlamaCppClient,
  query: ModelQuery & CallOptions,
  props: Told<Props>,
  total: Told<number>,
): Promise<Told<number>> {
  if ('unknown' in props) return props;
  const slots = await attempt(() => client.slots(query));
  if ('value' in slots) return { value: slots.value.filter(({ is_processing }) => !is_processing).length };
  const metrics = await attempt(() => client.metrics(query));
  const busy = 'value' in metrics ? metrics.value.metrics.requestsProcessing : null;
  return busy === null || 'unknown' in total ? slots : { value: Math.max(0, total.value - busy) };
}

async function deferred(client: LlamaCppClient, query: ModelQuery & CallOptions): Promise<Told<number>> {
  const answer = await attempt(() => client.metrics(query));
  return of(answer, ({ metrics }) => metrics.requestsDeferred, 'GET /metrics does not count them');
}

/** An answer, or why there is none. */
async function attempt<Value>(ask: () => Promise<Value>): Promise<Told<Value>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { unknown: error.message };
  }
}

function map<From, To>(told: Told<From>, to: (value: From) => To): Told<To> {
  return 'unknown' in told ? told : { value: to(told.value) };
}

/** @param unknown what is said where the answer came without it */
function of<From, To>(
  told: Told<From>,
  read: (value: From) => To | null | undefined,
  unknown: string,
): Told<To> {
  if ('unknown' in told) return told;
  const value = read(told.value);
  return value === null || value === undefined ? { unknown } : { value };
}
