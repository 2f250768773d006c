import { LlamaCppClient } from '../client/llama-client.js';
import { hurried } from '../client/providers/fall-back.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { ClientOptions, ExchangeRecord } from '../client/types.js';
import type { ResolvedTarget } from '../config/resolve.js';
import type { ConnectionFlags } from './connection-flags.js';
import type { Output } from './output.js';

export interface ConnectContext {
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Folder of the facts cache. */
  readonly cacheDirectory: string;
}

/**
 * Milliseconds of silence inside an answer that is only asked for to see that it comes: a proxy that buffers lets go when
 * llama-server closes the connection, 5 s after the answer.
 */
const PROBE_IDLE = 6000;
/** Connections of a load: no request is to wait for another's. */
const UNLIMITED = 65_536;

/** What another client may have otherwise. */
export interface ClientChanges {
  readonly baseUrl?: string;
  readonly withoutKey?: true;
  /** A key in place of the configured one. */
  readonly key?: string;
  /** Ask once, and answer in no other way than asked. */
  readonly once?: true;
  /** The same, as often at a time as is asked, and without a word about each. */
  readonly load?: true;
  /** Whether another target is there to ask where this one fails: little time goes into further tries. */
  readonly hasNext?: boolean;
}

interface OpenOptions {
  readonly flags: ConnectionFlags;
  readonly context: ConnectContext;
  /** Before what it does by itself: `gpu1: `, or nothing. */
  readonly label: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly changes: ClientChanges;
}

/** What a kind of provider wants to be told; read only where it is another than llama.cpp, since that costs start-up time. */
export async function headersOf(provider: ProviderType): Promise<Readonly<Record<string, string>>> {
  if (provider === 'llama-cpp') return {};
  const { kindOf } = await import('../client/providers/kinds.js');
  return kindOf(provider).headers;
}

/** @throws LlamactlError (usage) where the address or the key cannot be used */
export function openClient(target: ResolvedTarget, options: OpenOptions): LlamaCppClient {
  const { flags, context, label, headers, changes } = options;
  const { baseUrl = target.baseUrl, withoutKey, key = target.apiKey, once, load, hasNext } = changes;
  const { baseUrls } = target;
  const isSeveral = baseUrls !== undefined && baseUrl === target.baseUrl;
  const clientOptions: ClientOptions = {
    ...(isSeveral ? { baseUrls } : { baseUrl }),
    models: target.models,
    timeout: target.timeout,
    fallback: !flags['no-fallback'] && !once && !load,
    insecure: flags.insecure,
    provider: target.provider,
    headers: { ...headers, ...target.headers },
    secrets: target.secrets,
    signal: context.signal,
    // Where nobody asked, the recovery table has a number for each kind of failure.
    ...(target.origins['maxRetries'] === 'default' ? {} : { maxRetries: target.maxRetries }),
    ...(once ? { maxRetries: 0, idleTimeout: PROBE_IDLE } : {}),
    ...(load ? { maxRetries: 0, pool: { maxConnections: UNLIMITED } } : {}),
    ...(key === undefined || withoutKey ? {} : { apiKey: key }),
    ...(target.model === undefined ? {} : { model: target.model }),
    ...(flags['ca-cert'] === undefined ? {} : { caCert: flags['ca-cert'] }),
    ...(flags['no-cache'] ? {} : { cacheDirectory: context.cacheDirectory }),
  };
  const client = new LlamaCppClient(hasNext ? hurried(clientOptions) : clientOptions);
  if (flags.verbose) client.on('exchange', (record) => context.output.note(describeExchange(record)));
  if (load) return client;
  client.on('recovery', (step) => {
    const { message, action, delayMs } = step;
    const pause = action !== 'retry' || delayMs === undefined ? '' : ` in ${delayMs} ms`;
    context.output.note(`… ${label}${pause === '' ? message : `${message.replace(/\.$/, '')}${pause}.`}`);
  });
  client.on('server', ({ event, message }) => {
    context.output.note(`${event === 'back' ? '…' : '!'} ${label}${message}.`);
  });
  client.on('waiting', ({ pending, connections }) => {
    context.output.note(`… ${label}${pending} waiting for one of ${connections} connections`);
  });
  return client;
}

/** An HTTP exchange as `curl -v` shows one: `>` what was sent, `<` what came. */
function describeExchange(record: ExchangeRecord): string {
  const lines = [`> ${record.method} ${record.url}`];
  for (const [name, value] of Object.entries(record.requestHeaders)) lines.push(`> ${name}: ${value}`);
  if (record.requestBody !== null) lines.push(`> ${shorten(record.requestBody)}`);
  if (record.status === null)
    lines.push(`< ${record.error ?? 'no answer'} · ${Math.round(record.durationMs)} ms`);
  else lines.push(`< ${record.status} · ${Math.round(record.durationMs)} ms`);
  for (const [name, value] of Object.entries(record.responseHeaders)) lines.push(`< ${name}: ${value}`);
  return lines.join('\n');
}

function shorten(body: string): string {
  return body.length > 2000 ? `${body.slice(0, 2000)}… (${body.length} characters)` : body;
}
