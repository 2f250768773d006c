import { identifyServer, PROGRAM_OF, SERVER_NAMES } from '../catalogue/identify-server.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { kindOf } from '../client/providers/kinds.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { HealthStatus, ModelInfo } from '../client/types.js';
import { type ErrorDocument, LlamactlError } from '../errors/llamactl-error.js';
import { checkHealth, failedHealth, type HealthResult } from './health.js';

/** Milliseconds: lists come from memory, so who needs longer cannot be used. */
const PROBE_TIMEOUT = 5000;

/** One provider of the `provider list` document. */
export interface ProviderEntry {
  readonly name: string | null;
  readonly provider: ProviderType;
  readonly url: string;
  readonly default: boolean;
  readonly status: HealthStatus;
  readonly ready: boolean;
  /** Milliseconds until it was known; null where nothing answered. */
  readonly latencyMs: number | null;
  /** Names; empty where it is not ready. */
  readonly models: readonly string[];
  readonly error?: ErrorDocument;
}

/** A target that cannot be used as it is configured: a variable is not set, a key file is not there. */
export interface UnusableProvider {
  readonly name: string;
  readonly error: ErrorDocument;
}

/** The JSON document of `provider list`. */
export interface ProvidersDocument {
  readonly providers: readonly ProviderEntry[];
  readonly unusable: readonly UnusableProvider[];
}

/**
 * A look at a server of any kind; each is asked in its own way, and no model is woken or loaded.
 * @param inTurn one question after the other, on one connection
 */
export async function checkProvider(
  client: LlamaCppClient,
  provider: ProviderType,
  signal: AbortSignal,
  timeoutMs = PROBE_TIMEOUT,
  inTurn = false,
): Promise<HealthResult> {
  return (await look(client, provider, signal, timeoutMs, inTurn)).health;
}

/**
 * The name of a program that is known to be no llama-server: by what the target says or, where that is only that it speaks
 * OpenAI's API, by its answer.
 * @returns null where it is one, may be one, or does not answer
 */
export async function programThatAnswers(
  client: LlamaCppClient,
  provider: ProviderType,
  signal: AbortSignal,
): Promise<string | null> {
  const meant = PROGRAM_OF[provider];
  if (meant !== 'unknown') return meant === 'llama.cpp' ? null : SERVER_NAMES[meant];
  const answer = await client
    .request({ method: 'GET', path: '/v1/models', signal, timeoutMs: PROBE_TIMEOUT })
    .catch((error: unknown) => {
      if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
      throw error;
    });
  const told = answer === null ? 'unknown' : identifyServer(answer);
  return told === 'unknown' || told === 'proxy' || told === 'llama.cpp' ? null : SERVER_NAMES[told];
}

/** What `provider list` shows of one server. */
export async function describeProvider(
  client: LlamaCppClient,
  target: { readonly name: string | null; readonly provider: ProviderType; readonly isDefault: boolean },
  signal: AbortSignal,
): Promise<ProviderEntry> {
  const { name, provider, isDefault } = target;
  const { health, models } = await look(client, provider, signal, PROBE_TIMEOUT);
  const { report } = health;
  const listed =
    models ?? (report.ready ? (await discover(client, provider, signal, PROBE_TIMEOUT)).models : []);
  return {
    name,
    provider,
    url: report.url,
    default: isDefault,
    status: report.status,
    ready: report.ready,
    latencyMs: report.responseTimeMs,
    models: listed.map(({ id }) => id),
    ...(report.error === undefined ? {} : { error: report.error }),
  };
}

interface Look {
  readonly health: HealthResult;
  /** Null where the look did not ask for them. */
  readonly models: readonly ModelInfo[] | null;
}

/**
 * A llama-server tells more by `/health` and `/props`. What is only known to speak OpenAI's API may be one: nanocoder's files do
 * not say, so what answers decides.
 */
async function look(
  client: LlamaCppClient,
  provider: ProviderType,
  signal: AbortSignal,
  timeoutMs: number,
  inTurn = false,
): Promise<Look> {
  if (provider === 'llama-cpp' || provider === 'openai-compatible') {
    const health = await checkHealth(client, signal, timeoutMs, inTurn);
    if (provider === 'llama-cpp' || health.report.status !== 'wrong-server') return { health, models: null };
  }
  return discover(client, provider, signal, timeoutMs);
}

async function discover(
  client: LlamaCppClient,
  provider: ProviderType,
  signal: AbortSignal,
  timeout: number,
): Promise<{ readonly models: readonly ModelInfo[]; readonly health: HealthResult }> {
  const started = performance.now();
  const took = () => Math.round((performance.now() - started) * 10) / 10;
  const kind = PROGRAM_OF[provider];
  try {
    const models = await kindOf(provider).discover(client, { signal, timeout, retries: 0 });
    const report = { url: client.baseUrl, status: 'ready', ready: true, responseTimeMs: took() } as const;
    return { models, health: { report: { ...report, server: { kind, build: null } }, error: null } };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { models: [], health: failedHealth(client, error, took()) };
  }
}
