import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { ServerKind } from '../catalogue/identify-server.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import type { ModelInfo } from '../client/types.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { checkHealth, type HealthReport } from '../services/health.js';
import { endpointOf } from '../wire/base-url.js';
import type { Props } from '../wire/props.js';
import { nextToken, type Slot } from '../wire/slots.js';

/** What asking for something gave: an answer, a failure, or the reason why it was not asked. Plain data. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T; readonly durationMs: number }
  | { readonly state: 'failed'; readonly error: FailureFact; readonly durationMs: number }
  | { readonly state: 'not-asked'; readonly reason: string };

/** An error as data, with what a finding needs of it. */
export interface FailureFact {
  readonly type: LlamactlError['type'];
  readonly code: LlamactlError['code'];
  readonly message: string;
  readonly evidence: readonly string[];
  readonly remedies: LlamactlError['remedies'];
}

export interface ConfiguredFacts {
  /** Asked for by flag, environment or configuration. */
  readonly model: string | null;
  readonly models: readonly string[];
  /** The context size that the configuration supposes, tokens. */
  readonly contextSize: number | null;
  /** Where it says so: `llamactl.config.json:7`. */
  readonly contextSizeOrigin: string | null;
  readonly keyGiven: boolean;
}

export interface GenerationFacts {
  /** Milliseconds from asking to the one token. */
  readonly firstTokenMs: number;
  readonly promptTokensPerSecond: number | null;
  readonly model: string;
}

/** Whether the busy slots move. */
export interface SlotActivity {
  readonly total: number;
  readonly busy: number;
  /** Between two looks: tokens that the busy slots generated or read. Null where none is busy. */
  readonly progressed: number | null;
}

/** All that checks reason from. Gathered once; JSON-serialisable; without secrets. */
export interface Facts {
  readonly url: string;
  readonly configured: ConfiguredFacts;
  /** Addresses that the name has, and milliseconds to connect. */
  readonly network: Fact<{ readonly addresses: readonly string[]; readonly connectMs: number }>;
  readonly health: Fact<{
    readonly status: HealthReport['status'];
    readonly kind: ServerKind | null;
    readonly build: string | null;
  }>;
  readonly props: Fact<Pick<Props, (typeof KEPT_PROPS)[number]>>;
  readonly models: Fact<readonly ModelInfo[]>;
  readonly slots: Fact<SlotActivity>;
  /** Characters of the prompt that a plain message becomes. */
  readonly template: Fact<{ readonly promptLength: number }>;
  readonly generation: Fact<GenerationFacts>;
}

export interface GatherOptions {
  readonly client: LlamaCppClient;
  readonly configured: ConfiguredFacts;
  readonly signal: AbortSignal;
  /** Milliseconds for each question; a healthy server answers in a few. */
  readonly timeoutMs: number;
  /** Ask a sleeping model too, which wakes it. */
  readonly wake: boolean;
  readonly onProgress?: (what: string) => void;
}

const KEPT_PROPS = [
  'default_generation_settings',
  'total_slots',
  'model_path',
  'model_alias',
  'model_ftype',
  'modalities',
  'chat_template_caps',
  'build_info',
  'is_sleeping',
  'endpoint_slots',
  'endpoint_metrics',
  'role',
  'max_instances',
] as const;

const CONNECT_TIMEOUT = 3000;
/** Between two looks at busy slots: some tokens on any machine, and not long to wait. */
const SLOT_INTERVAL = 400;

/** Asks a server all that the checks need, a question once, disturbing nothing: no sleeper is woken, no model loaded. */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { client, configured, signal, timeoutMs } = options;
  const call = { signal, timeout: timeoutMs, retries: 0 };
  options.onProgress?.('asking the server what it is');
  const [network, health, props, models] = await Promise.all([
    ask(() => probeNetwork(client.baseUrl, signal)),
    askHealth(client, signal, timeoutMs),
    ask(async () => keepProps(await client.props(call))),
    ask(() => client.models(call)),
  ]);
  const obstacle = obstacleOf(health, props, options.wake);
  const base = { url: client.baseUrl, configured, network, health, props, models };
  if (obstacle !== null)
    return {
      ...base,
      slots: notAsked(obstacle),
      template: notAsked(obstacle),
      generation: notAsked(obstacle),
    };

  const isRouter = props.state === 'known' && props.value.role === 'router';
  const loaded =
    models.state === 'known'
      ? models.value.find((model) => model.status === 'ready' && isWanted(model, configured.model))
      : undefined;
  if (isRouter && loaded === undefined) {
    const reason = 'a router without a loaded model: asking would load one';
    return { ...base, slots: notAsked(reason), template: notAsked(reason), generation: notAsked(reason) };
  }
  const model = isRouter && loaded !== undefined ? { model: loaded.id } : {};
  options.onProgress?.('looking at the slots and the chat template');
  const [slots, template] = await Promise.all([
    ask(() => watchSlots(client, { ...call, ...model })),
    isRouter
      ? Promise.resolve(notAsked('a router applies no template itself'))
      : ask(async () => ({
          promptLength: (await client.applyTemplate([{ role: 'user', content: 'Hello' }], [], call)).length,
        })),
  ]);
  const allBusy = slots.state === 'known' && slots.value.total > 0 && slots.value.busy >= slots.value.total;
  if (allBusy) return { ...base, slots, template, generation: notAsked('every slot is taken') };
  options.onProgress?.('asking for one token');
  const generation = await ask(() => generateOne(client, { ...call, ...model }));
  return { ...base, slots, template, generation };
}

/** The failure as data, for facts and findings. */
export function failureFact(error: LlamactlError): FailureFact {
  const { type, code, message, evidence, remedies } = error;
  return { type, code, message, evidence, remedies };
}

/** Why the server cannot be asked for work; null where it can. */
function obstacleOf(health: Facts['health'], props: Facts['props'], wake: boolean): string | null {
  if (health.state !== 'known') return 'the server does not answer as it should';
  if (health.value.status === 'asleep' && !wake)
    return 'the model sleeps: asking would wake it (--wake does)';
  if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR') return 'needs a key';
  return null;
}

async function askHealth(
  client: LlamaCppClient,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Facts['health']> {
  const started = performance.now();
  const { report, error } = await checkHealth(client, signal, timeoutMs);
  const durationMs = since(started);
  const reached = error === null || error.type === 'AUTHENTICATION_ERROR';
  if (!reached) return { state: 'failed', error: failureFact(error), durationMs };
  return {
    state: 'known',
    value: { status: report.status, kind: report.server.kind, build: report.server.build },
    durationMs,
  };
}

async function ask<T>(question: () => Promise<T>): Promise<Fact<T>> {
  const started = performance.now();
  try {
    return { state: 'known', value: await question(), durationMs: since(started) };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { state: 'failed', error: failureFact(error), durationMs: since(started) };
  }
}

function notAsked(reason: string): Extract<Fact<never>, { state: 'not-asked' }> {
  return { state: 'not-asked', reason };
}

/** Name resolution and TCP, apart from HTTP, so that a server that accepts and never answers is told from a silent host. */
async function probeNetwork(
  baseUrl: string,
  signal: AbortSignal,
): Promise<{ addresses: string[]; connectMs: number }> {
  const { origin, socketPath } = endpointOf(baseUrl);
  const url = new URL(origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const { toError } = await import('../catalogue/to-error.js');
  const fail = (error: unknown, timeoutMs?: number) =>
    toError(
      {
        kind: 'exception',
        error,
        phase: 'connect',
        url: baseUrl,
        method: 'connect',
        path: socketPath ?? `${host}:${port}`,
        sentKey: false,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      { url: baseUrl, ...(socketPath === null ? { host, port } : {}) },
    );
  const addresses =
    socketPath !== null
      ? [socketPath]
      : await lookup(host, { all: true }).then(
          (found) => found.map(({ address }) => address),
          async (error: unknown) => {
            throw await fail(error);
          },
        );
  const started = performance.now();
  const failure = await new Promise<unknown>((resolve) => {
    const socket = connect(
      socketPath === null ? { host, port, signal, autoSelectFamily: true } : { path: socketPath, signal },
    );
    const done = (error: unknown) => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(CONNECT_TIMEOUT, () =>
      done(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
    );
    socket.once('connect', () => done(null));
    socket.once('error', done);
  });
  if (failure !== null) throw await fail(failure, CONNECT_TIMEOUT);
  return { addresses, connectMs: since(started) };
}

async function watchSlots(
  client: LlamaCppClient,
  query: { readonly signal: AbortSignal; readonly timeout: number; readonly model?: string },
): Promise<SlotActivity> {
  const first = await client.slots(query);
  const busy = first.filter((slot) => slot.is_processing);
  if (busy.length === 0) return { total: first.length, busy: 0, progressed: null };
  const { sleep } = await import('../client/backoff.js');
  await sleep(SLOT_INTERVAL, [query.signal]);
  const second = await client.slots(query);
  const moved = busy.map((slot) =>
    progressBetween(
      slot,
      second.find(({ id }) => id === slot.id),
    ),
  );
  return {
    total: first.length,
    busy: busy.length,
    progressed: moved.reduce((sum, tokens) => sum + tokens, 0),
  };
}

/** Tokens that a slot read or generated; another task, or none, is progress too. */
function progressBetween(before: Slot, after: Slot | undefined): number {
  if (after === undefined || after.id_task !== before.id_task || !after.is_processing) return 1;
  const generated = (nextToken(after)?.n_decoded ?? 0) - (nextToken(before)?.n_decoded ?? 0);
  const read = (after.n_prompt_tokens_processed ?? 0) - (before.n_prompt_tokens_processed ?? 0);
  return Math.max(0, generated) + Math.max(0, read);
}

async function generateOne(
  client: LlamaCppClient,
  options: { readonly signal: AbortSignal; readonly timeout: number; readonly model?: string },
): Promise<GenerationFacts> {
  const started = performance.now();
  const body = {
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 1,
    temperature: 0,
    ...(options.model === undefined ? {} : { model: options.model }),
  };
  const { chatCompletion } = await import('../client/endpoints/generation.js');
  const response = await client.request({
    method: 'POST',
    path: '/v1/chat/completions',
    body,
    signal: options.signal,
    timeoutMs: options.timeout,
  });
  const answer = chatCompletion(body).read(response.body);
  return {
    firstTokenMs: since(started),
    promptTokensPerSecond: answer.timings?.prompt_per_second ?? null,
    model: answer.model ?? '',
  };
}

function isWanted(model: ModelInfo, wanted: string | null): boolean {
  return wanted === null || model.id === wanted || model.aliases.includes(wanted);
}

function keepProps(props: Props): Pick<Props, (typeof KEPT_PROPS)[number]> {
  const { default_generation_settings: settings, ...rest } = props;
  const kept = Object.fromEntries(
    KEPT_PROPS.filter((name) => name in rest).map((name) => [name, rest[name]]),
  );
  return { ...kept, default_generation_settings: settings ? { n_ctx: settings.n_ctx } : undefined };
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 10) / 10;
}
