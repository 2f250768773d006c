import type { CatalogueCode } from '../../errors/codes.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { POOL_DEFAULTS } from '../pool.js';
import type { ClientOptions } from '../types.js';

/** Milliseconds in which further tries at a server may begin where another can answer in its place. */
const RETRY_WINDOW = 5000;
/** Milliseconds there for a connection (a host that is away drops packets, and says nothing), and for a list of models. */
export const HURRIED_TIMEOUT = 5000;
/** Milliseconds there without anything of an answer, after which a server has to show that it is alive. */
const ALIVE_EVERY = 10_000;

/** What another server may make good. */
const ELSEWHERE: ReadonlySet<string> = new Set(['CONNECTION_ERROR', 'TIMEOUT_ERROR', 'SERVER_OVERLOADED']);
/**
 * What tells that something else is there than the configuration says. A certificate that is not trusted may be an attack, and
 * hiding it behind another server's answer would help that.
 */
const NEVER = /^connection\.(?:tls-|wrong-)/;
/** Streams that broke, which is the connection's failure and not the request's. */
const BROKEN: ReadonlySet<string> = new Set(['stream.truncated', 'stream.idle-timeout']);

/**
 * Whether another provider may answer after a failure: the server was the trouble and not the request or its key, and nobody
 * has seen any of the answer.
 * @param reasoningShown whether what a model thinks is shown as it comes. Where it is not, it may be thrown away
 */
export function mayFallBack(error: unknown, reasoningShown = true): error is LlamactlError {
  if (!(error instanceof LlamactlError) || NEVER.test(error.code)) return false;
  if (!ELSEWHERE.has(error.type) && !BROKEN.has(error.code)) return false;
  const { visible, partial } = error.details;
  return visible !== true || (!reasoningShown && isOnlyReasoning(partial));
}

function isOnlyReasoning(partial: unknown): boolean {
  if (typeof partial !== 'object' || partial === null) return false;
  const { content, toolCalls, toolCallProblems } = {
    content: '',
    toolCalls: [],
    toolCallProblems: [],
    ...partial,
  };
  return content === '' && [toolCalls, toolCallProblems].every((list) => list.length === 0);
}

/** What a server did, for `local refused the connection`. */
const DEEDS: Readonly<Partial<Record<CatalogueCode, string>>> = {
  'connection.refused': 'refused the connection',
  'connection.dns': 'has a name that does not resolve',
  'connection.reset': 'closed the connection',
  'stream.truncated': 'broke off before its first token',
  'stream.idle-timeout': 'fell silent before its first token',
  'server.wedged': 'accepts connections and does not answer',
  'server.loading': 'still loads its model',
  'server.busy': 'is overloaded',
  'server.crashed': 'failed',
  'model.router-limit': 'has as many models loaded as it may',
  'network.proxy-interference': 'cannot be reached through the proxy',
};

/** Why a provider does not answer, in a few words: `local refused the connection`. */
export function whyNot(name: string, error: LlamactlError): string {
  const deed = Object.entries(DEEDS).find(([code]) => code === error.code)?.[1];
  if (deed !== undefined) return `${name} ${deed}`;
  if (error.type !== 'TIMEOUT_ERROR') return `${name} cannot be used (${error.message})`;
  const { timeoutMs } = error.details;
  return `${name} gave no answer${typeof timeoutMs === 'number' ? ` in ${seconds(timeoutMs)}` : ''}`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}

/**
 * The options of a client that another can stand in for: it tries again once, or as often as was asked, in the first 5 s, gives
 * a connection 5 s, and gives up a server that shows no sign of life. The deadline of an answer, and of a model that loads, is the
 * caller's.
 */
export function hurried(options: ClientOptions): ClientOptions {
  const connectionTimeout = Math.min(
    options.pool?.connectionTimeout ?? POOL_DEFAULTS.connectionTimeout,
    HURRIED_TIMEOUT,
  );
  return {
    ...options,
    maxRetries: options.maxRetries ?? 1,
    aliveEvery: options.aliveEvery ?? ALIVE_EVERY,
    retryWindow: Math.min(options.retryWindow ?? RETRY_WINDOW, RETRY_WINDOW),
    pool: { ...options.pool, connectionTimeout },
  };
}
