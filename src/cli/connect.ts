import { LlamaCppClient } from '../client/llama-client.js';
import type { ProviderType } from '../client/providers/provider.js';
import type { ClientOptions, ExchangeRecord } from '../client/types.js';
import { loadConfig } from '../config/load.js';
import { type ResolvedTarget, resolveTargets, serversOf } from '../config/resolve.js';
import { type ConnectionFlags, checkConnectionFlags, listOf } from './connection-flags.js';
import type { Output } from './output.js';

/** A server to speak to: a target of the configuration, or a bare URL. */
export interface Connection {
  readonly target: ResolvedTarget;
  /** How it is called beside others: the target's name, of several servers with the host, or the host alone. */
  readonly label: string;
  readonly client: LlamaCppClient;
  /** Whether the target is the one that is meant where none is named. */
  readonly isDefault: boolean;
  /** The configuration file that won; null without one. */
  readonly configFile: string | null;
  /** Whether the configuration's application sends tools to this target; null where nothing tells. */
  readonly usesTools: boolean | null;
  /** Another client for the same server, with some options otherwise. It is the caller's to destroy. */
  open(changes: ClientChanges): LlamaCppClient;
}

/**
 * Milliseconds of silence inside an answer that is only asked for to see that it comes: a proxy that buffers lets go when
 * llama-server closes the connection, 5 s after the answer.
 */
const PROBE_IDLE = 6000;

/** What another client may have otherwise. */
export interface ClientChanges {
  readonly baseUrl?: string;
  readonly withoutKey?: true;
  /** Ask once, and answer in no other way than asked. */
  readonly once?: true;
  /** The same, as often at a time as is asked, and without a word about each. */
  readonly load?: true;
}

/** Connections of a load: no request is to wait for another's. */
const UNLIMITED = 65_536;

export interface ConnectContext {
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Folder of the facts cache. */
  readonly cacheDirectory: string;
}

/**
 * From flags, environment and configuration to clients, one for each server that is meant: of a target with several, one
 * for each of them.
 * @throws LlamactlError (usage, configuration)
 */
export function connectAll(flags: ConnectionFlags, context: ConnectContext): Promise<Connection[]> {
  return open(flags, context, serversOf);
}

async function open(
  flags: ConnectionFlags,
  context: ConnectContext,
  split: (target: ResolvedTarget) => readonly ResolvedTarget[],
): Promise<Connection[]> {
  checkConnectionFlags(flags);
  const config = await loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: {
      ...(flags.config === undefined ? {} : { config: flags.config }),
      url: [...listOf(flags.url)],
      target: [...listOf(flags.target)],
      ...(flags['api-key'] === undefined ? {} : { apiKey: flags['api-key'] }),
      ...(flags.model === undefined ? {} : { model: flags.model }),
      ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
      ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    },
  });
  const named = await resolveTargets(config, {
    url: [...listOf(flags.url)],
    target: [...listOf(flags.target)],
    signal: context.signal,
  });
  context.output.addSecrets(...named.map((target) => target.apiKey));
  for (const warning of [...config.warnings, ...named.flatMap(({ warnings }) => warnings)])
    context.output.note(`! ${warning}`);
  const targets = named.flatMap((target) => {
    const servers = split(target);
    return servers.map((server) => ({ target: server, label: labelOf(server, servers.length) }));
  });
  const mark = (label: string) => (targets.length === 1 ? '' : `${label}: `);
  const headers = await headersByProvider(targets.map(({ target }) => target));
  return targets.map(({ target, label }) => ({
    target,
    label,
    isDefault: target.name !== null && target.name === config.default,
    configFile: config.file,
    usesTools: target.name === null || config.withTools.size === 0 ? null : config.withTools.has(target.name),
    client: createClient(target, flags, context, mark(label), headers(target.provider)),
    open: (changes) => createClient(target, flags, context, mark(label), headers(target.provider), changes),
  }));
}

/** What each kind of provider wants to be told; read only where there is another than llama.cpp, since it costs start-up time. */
async function headersByProvider(targets: readonly ResolvedTarget[]) {
  if (targets.every(({ provider }) => provider === 'llama-cpp')) return () => ({});
  const { kindOf } = await import('../client/providers/kinds.js');
  return (provider: ProviderType) => kindOf(provider).headers;
}

/**
 * The one target of a command that speaks to one. Of several servers its client asks the one that is least busy.
 * @param kind `server` for a command whose answer is of one server, not of any of them
 * @throws LlamactlError (usage, configuration)
 */
export async function connect(
  flags: ConnectionFlags,
  context: ConnectContext,
  kind: 'target' | 'server' = 'target',
): Promise<Connection> {
  const [connection, second] = await open(flags, context, (target) => [target]);
  const { baseUrls, name } = connection?.target ?? {};
  if (kind === 'server' && baseUrls !== undefined) {
    const { usageError } = await import('../errors/llamactl-error.js');
    throw usageError(
      `the target "${name}" has ${baseUrls.length} servers, and this command shows one: name it`,
      [
        {
          text: 'Its key and settings hold for each of them:',
          commands: baseUrls.map((url) => `--target ${name} --url ${url}`),
        },
      ],
    );
  }
  if (connection === undefined || second !== undefined) {
    const { usageError } = await import('../errors/llamactl-error.js');
    throw usageError('this command speaks to one server: name one --target');
  }
  return connection;
}

function labelOf({ name, baseUrl }: ResolvedTarget, servers: number): string {
  const host = baseUrl.replace(/^https?:\/\//, '');
  if (name === null) return host;
  return servers === 1 ? name : `${name} ${host}`;
}

/**
 * The one server of a command that asks what only llama-server has.
 * @throws LlamactlError (feature.disabled) where the target is another program
 */
export async function connectLlamaCpp(
  flags: ConnectionFlags,
  context: ConnectContext,
  command: string,
  kind: 'target' | 'server' = 'target',
): Promise<Connection> {
  const connection = await connect(flags, context, kind);
  const { name, provider, baseUrl } = connection.target;
  if (provider !== 'ollama' && provider !== 'openrouter') return connection;
  await connection.client.destroy();
  const [{ LlamactlError }, { kindOf }] = await Promise.all([
    import('../errors/llamactl-error.js'),
    import('../client/providers/kinds.js'),
  ]);
  throw new LlamactlError({
    type: 'UNSUPPORTED_FEATURE',
    code: 'feature.disabled',
    message: `${name ?? baseUrl} is ${kindOf(provider).title}: ${command} asks what only llama-server has`,
    remedies: [
      { text: 'Name a llama-server:', commands: [`llamactl ${command} --url http://localhost:8080`] },
      {
        text: 'What works with every kind of server:',
        commands: ['health', 'models', 'chat'].map(
          (each) => `llamactl ${each}${name === null ? '' : ` --target ${name}`}`,
        ),
      },
    ],
  });
}

function createClient(
  target: ResolvedTarget,
  flags: ConnectionFlags,
  context: ConnectContext,
  label: string,
  headers: Readonly<Record<string, string>>,
  { baseUrl = target.baseUrl, withoutKey, once, load }: ClientChanges = {},
): LlamaCppClient {
  const { baseUrls } = target;
  const isSeveral = baseUrls !== undefined && baseUrl === target.baseUrl;
  const options: ClientOptions = {
    ...(isSeveral ? { baseUrls } : { baseUrl }),
    models: target.models,
    timeout: target.timeout,
    fallback: !flags['no-fallback'] && !once && !load,
    insecure: flags.insecure,
    headers,
    signal: context.signal,
    // Where nobody asked, the recovery table has a number for each kind of failure.
    ...(target.origins['maxRetries'] === undefined ? {} : { maxRetries: target.maxRetries }),
    ...(once ? { maxRetries: 0, idleTimeout: PROBE_IDLE } : {}),
    ...(load ? { maxRetries: 0, pool: { maxConnections: UNLIMITED } } : {}),
    ...(target.apiKey === undefined || withoutKey ? {} : { apiKey: target.apiKey }),
    ...(target.model === undefined ? {} : { model: target.model }),
    ...(flags['ca-cert'] === undefined ? {} : { caCert: flags['ca-cert'] }),
    ...(flags['no-cache'] ? {} : { cacheDirectory: context.cacheDirectory }),
  };
  const client = new LlamaCppClient(options);
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
