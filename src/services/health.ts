import { identifyServer, type ServerKind } from '../catalogue/identify-server.js';
import { sleep } from '../client/backoff.js';
import type { HttpResponse } from '../client/http-types.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import type { HealthStatus } from '../client/types.js';
import { type ErrorDocument, LlamactlError } from '../errors/llamactl-error.js';
import { healthSchema } from '../wire/health.js';
import { type Props, propsSchema } from '../wire/props.js';
import type { RequirementResult } from './gate/requirements.js';

/** The JSON document of `health`. */
export interface HealthReport {
  readonly url: string;
  readonly status: HealthStatus;
  /** Whether a request would be served: a sleeping server wakes for it. */
  readonly ready: boolean;
  /** Milliseconds that `/health` took; null where nothing answered. */
  readonly responseTimeMs: number | null;
  readonly server: { readonly kind: ServerKind | null; readonly build: string | null };
  readonly error?: ErrorDocument;
  /** How each requirement came out; absent where there are none, or the server is not ready. */
  readonly requirements?: readonly RequirementResult[];
}

/** A report, and the failure behind one that is not ready. */
export interface HealthResult {
  readonly report: HealthReport;
  readonly error: LlamactlError | null;
  /** Milliseconds that were waited for it; absent where it was looked at once. */
  readonly waitedMs?: number;
}

export interface WaitOptions {
  /** Milliseconds. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** How to look; default as at a llama-server. */
  readonly check?: (timeoutMs: number) => Promise<HealthResult>;
  /** Whether a look is what was waited for; default: the server is ready. */
  readonly isDone?: (result: HealthResult) => boolean;
  /** Called after each look. */
  readonly onLook?: (report: HealthReport, elapsedMs: number) => void;
}

/** Milliseconds: a healthy server answers `/health` in a few, a wedged one never. */
const PROBE_TIMEOUT = 5000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1000;
/** What the last look before the deadline gets at least. */
const SHORTEST_LOOK = 50;

/** What no amount of waiting mends. */
const FINAL = /^auth\.|^connection\.tls-/;

/** What a server says of itself, whichever part of it came. */
export interface StatusAnswers {
  readonly health: PromiseSettledResult<HttpResponse>;
  readonly props: PromiseSettledResult<HttpResponse>;
  /** Milliseconds for both. */
  readonly tookMs: number;
}

/**
 * Looks once, without disturbing the server: `/health`, and `/props` beside it, since `/health` is public and answers 200
 * while every other request is refused or the model sleeps.
 * @param inTurn one after the other, on one connection: cheaper for many servers, and slower for one
 */
export async function checkHealth(
  client: LlamaCppClient,
  signal?: AbortSignal,
  timeoutMs = PROBE_TIMEOUT,
  inTurn = false,
): Promise<HealthResult> {
  return assessStatus(client, await askStatus(client, signal, timeoutMs, inTurn));
}

/**
 * Asks for the two answers that tell a server's state.
 * @param timeoutMs milliseconds for each
 * @param inTurn one after the other, on one connection
 * @throws LlamactlError (interrupted)
 */
export async function askStatus(
  client: LlamaCppClient,
  signal?: AbortSignal,
  timeoutMs = PROBE_TIMEOUT,
  inTurn = false,
): Promise<StatusAnswers> {
  const ask = (path: string) =>
    client.request({ method: 'GET', path, timeoutMs, ...(signal ? { signal } : {}) });
  const started = performance.now();
  const first = ask('/health');
  if (inTurn) await first.catch(() => {});
  const [health, props] = await Promise.allSettled([first, ask('/props')]);
  const tookMs = performance.now() - started;
  for (const answer of [health, props]) {
    if (
      answer.status === 'rejected' &&
      (!(answer.reason instanceof LlamactlError) || answer.reason.type === 'INTERRUPTED')
    )
      throw answer.reason;
  }
  return { health, props, tookMs };
}

/** What the two answers mean. */
export async function assessStatus(
  client: LlamaCppClient,
  { health, props, tookMs }: StatusAnswers,
): Promise<HealthResult> {
  const facts = props.status === 'fulfilled' ? parseProps(props.value.body) : null;
  const build = facts?.build_info ?? null;
  if (health.status === 'rejected') return failedHealth(client, health.reason as LlamactlError, tookMs);

  const { durationMs } = health.value;
  const kind = looksRight(health.value.body) ? kindOf(health.value, facts) : identifyServer(health.value);
  const refused = props.status === 'rejected' && props.reason instanceof LlamactlError ? props.reason : null;
  const isOurs = kind === 'llama.cpp' && looksRight(health.value.body);
  if (!isOurs && refused?.type !== 'AUTHENTICATION_ERROR')
    return failedHealth(client, await stranger(client, health.value), durationMs);
  if (refused?.type === 'AUTHENTICATION_ERROR') return failedHealth(client, refused, durationMs, 'llama.cpp');
  const status = facts?.is_sleeping ? 'asleep' : 'ready';
  return {
    report: {
      url: client.baseUrl,
      status,
      ready: true,
      responseTimeMs: round(durationMs),
      server: { kind, build },
    },
    error: null,
  };
}

/**
 * Looks until the server is ready, whether it is loading, unreachable or not there yet.
 * @throws LlamactlError (interrupted)
 */
export async function waitForHealth(client: LlamaCppClient, options: WaitOptions): Promise<HealthResult> {
  const started = performance.now();
  const isDone = options.isDone ?? (({ report }: HealthResult) => report.ready);
  let pause = FIRST_PAUSE;
  let last: HealthResult | undefined;
  for (;;) {
    const timeoutMs = Math.min(PROBE_TIMEOUT, options.deadlineMs - (performance.now() - started));
    const atMost = Math.max(1, timeoutMs);
    const look = await (options.check?.(atMost) ?? checkHealth(client, options.signal, atMost));
    // A look that the deadline cut short tells less than the one before it.
    const isCut = timeoutMs < PROBE_TIMEOUT && look.error?.type === 'TIMEOUT_ERROR';
    const result = isCut ? (last ?? look) : look;
    const elapsed = performance.now() - started;
    options.onLook?.(result.report, elapsed);
    const left = options.deadlineMs - elapsed;
    if (isDone(result) || FINAL.test(result.error?.code ?? '') || left < SHORTEST_LOOK * 2)
      return last === undefined ? result : { ...result, waitedMs: elapsed };
    last = result;
    await sleep(Math.min(pause, left - SHORTEST_LOOK), [options.signal]);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE);
  }
}

/** A failure as the report of a server that is not ready. */
export function failedHealth(
  client: LlamaCppClient,
  error: LlamactlError,
  durationMs: number,
  known?: ServerKind,
): HealthResult {
  const status = statusOf(error);
  const isAnswer = status !== 'unreachable' && error.type !== 'TIMEOUT_ERROR';
  const kind = known ?? (error.details['serverKind'] as ServerKind | undefined) ?? null;
  return {
    error,
    report: {
      url: client.baseUrl,
      status,
      ready: false,
      responseTimeMs: isAnswer ? round(durationMs) : null,
      server: { kind, build: null },
      error: error.toJSON(),
    },
  };
}

/** What a failure says of a server. */
export function statusOf({ type, code }: LlamactlError): HealthStatus {
  if (code === 'server.loading') return 'loading';
  if (type === 'AUTHENTICATION_ERROR') return 'unauthorized';
  if (code === 'connection.wrong-server' || code === 'connection.wrong-path') return 'wrong-server';
  if (code === 'server.wedged' || type === 'SERVER_OVERLOADED' || code === 'server.crashed')
    return 'unresponsive';
  return 'unreachable';
}

/** Something answers 200 on `/health` and is not llama-server: the same error as for any other endpoint of it. */
async function stranger(
  client: LlamaCppClient,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: string },
): Promise<LlamactlError> {
  const { toError } = await import('../catalogue/to-error.js');
  const url = `${client.baseUrl}/health`;
  const kind = identifyServer(answer);
  // A llama.cpp header with another body is still no answer of `/health`.
  const headers = kind === 'llama.cpp' ? {} : answer.headers;
  return toError(
    { kind: 'response', url, method: 'GET', path: '/health', sentKey: false, ...answer, headers },
    { url: client.baseUrl },
  );
}

/** A proxy may replace `Server:`; then properties that only llama-server has prove it. */
function kindOf(answer: Parameters<typeof identifyServer>[0], props: Props | null): ServerKind {
  const told =
    props !== null && (props.total_slots != null || props.build_info != null || props.role != null);
  return told ? 'llama.cpp' : identifyServer(answer);
}

function looksRight(body: string): boolean {
  const parsed = healthSchema.safeParse(parseJson(body));
  return parsed.success;
}

/** @returns null where it is no answer of `/props` */
export function parseProps(body: string): Props | null {
  const parsed = propsSchema.safeParse(parseJson(body));
  return parsed.success ? parsed.data : null;
}

/** A body's JSON; null where it is none. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
