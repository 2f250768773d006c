import type { LlamaCppClient } from '../client/llama-client.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { type ResolvedTarget, resolveTargets, type Selection, serversOf } from '../config/resolve.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { type ConnectionFlags, checkConnectionFlags, listOf } from './connection-flags.js';
import { withEachServer } from './expand-servers.js';
import { type ClientChanges, type ConnectContext, headersOf, openClient } from './open-client.js';

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
 * From flags, environment and configuration to clients, one for each server that is meant: of a target with several, one
 * for each of them.
 * @param onUnusable told of a target that cannot be used as it is configured, which is then left out
 * @throws LlamactlError (usage, configuration)
 */
export function connectAll(
  flags: ConnectionFlags,
  context: ConnectContext,
  onUnusable?: Selection['onUnusable'],
): Promise<Connection[]> {
  return open(flags, context, serversOf, onUnusable);
}

async function open(
  given: ConnectionFlags,
  context: ConnectContext,
  split: (target: ResolvedTarget) => readonly ResolvedTarget[],
  onUnusable?: Selection['onUnusable'],
): Promise<Connection[]> {
  const flags = await withEachServer(given, context.signal);
  const config = await configFor(flags);
  const named = await targetsOf(config, flags, context, onUnusable);
  const targets = named.flatMap((target) => {
    const servers = split(target);
    return servers.map((server) => ({ target: server, label: labelOf(server, servers.length) }));
  });
  return Promise.all(
    targets.map(({ target, label }) =>
      connectionTo(target, { config, flags, context, label, alone: targets.length === 1 }),
    ),
  );
}

/** The configuration that flags and environment mean. @throws LlamactlError (usage, configuration) */
export function configFor(flags: ConnectionFlags): Promise<LoadedConfig> {
  checkConnectionFlags(flags);
  return loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags: {
      ...(flags.config === undefined ? {} : { config: flags.config }),
      url: [...listOf(flags.url)],
      target: [...listOf(flags.target)],
      ...(flags['api-key'] === undefined ? {} : { apiKey: flags['api-key'] }),
      ...(flags.model === undefined ? {} : { model: flags.model }),
      ...(flags.kind === undefined ? {} : { kind: flags.kind }),
      ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
      ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    },
  });
}

/** The targets that are meant; what the user should know of them is told. @throws LlamactlError (usage, configuration) */
export async function targetsOf(
  config: LoadedConfig,
  flags: ConnectionFlags,
  context: ConnectContext,
  onUnusable?: Selection['onUnusable'],
): Promise<ResolvedTarget[]> {
  const named = await resolveTargets(config, {
    url: [...listOf(flags.url)],
    target: [...listOf(flags.target)],
    signal: context.signal,
    onUnusable,
  });
  for (const warning of config.warnings) context.output.note(`! ${warning}`);
  for (const target of named) announce(target, context);
  return named;
}

/** Keeps a target's key out of what is written, and tells what the user should know of it. */
export function announce({ apiKey, secrets, warnings }: ResolvedTarget, { output }: ConnectContext): void {
  output.addSecrets(apiKey, ...secrets);
  for (const warning of warnings) output.note(`! ${warning}`);
}

export interface ConnectionOptions {
  readonly config: LoadedConfig;
  readonly flags: ConnectionFlags;
  readonly context: ConnectContext;
  readonly label: string;
  /** Whether there are no others, so that what it does needs no name before it. */
  readonly alone: boolean;
  readonly changes?: ClientChanges;
}

/** A server and its client. */
export async function connectionTo(target: ResolvedTarget, options: ConnectionOptions): Promise<Connection> {
  const { config, flags, context, label, alone } = options;
  const headers = await headersOf(target.provider);
  const open = (changes: ClientChanges = {}) =>
    openClient(target, { flags, context, label: alone ? '' : `${label}: `, headers, changes });
  return {
    target,
    label,
    isDefault: target.name !== null && target.name === config.default,
    configFile: config.file,
    usesTools: target.name === null || config.withTools.size === 0 ? null : config.withTools.has(target.name),
    client: open(options.changes),
    open,
  };
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
  if (connection === undefined || second !== undefined) throw await notOne();
  const { baseUrls, name } = connection.target;
  if (kind === 'server' && baseUrls !== undefined) {
    const [{ usageError }, { targetWords }] = await Promise.all([
      import('../errors/llamactl-error.js'),
      import('../services/target-words.js'),
    ]);
    throw usageError(
      `the target "${name}" has ${baseUrls.length} servers, and this command shows one: name it`,
      [
        {
          text: 'Its key and settings hold for each of them:',
          commands: baseUrls.map((baseUrl) => targetWords({ ...connection.target, baseUrl }, true)),
        },
      ],
    );
  }
  return connection;
}

export async function notOne(): Promise<Error> {
  const { usageError } = await import('../errors/llamactl-error.js');
  return usageError('this command speaks to one server: name one --target');
}

export function labelOf({ name, baseUrl }: ResolvedTarget, servers = 1): string {
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
  try {
    await refuseOtherKinds(connection, command, context.signal);
  } catch (error) {
    await connection.client.destroy();
    throw error;
  }
  return connection;
}

/**
 * Those of several servers that may be llama-servers; the others are told of, destroyed and left out.
 * @throws LlamactlError (feature.disabled) where none is left
 */
export async function onlyLlamaCpp(
  connections: readonly Connection[],
  command: string,
  { output, signal }: ConnectContext,
): Promise<Connection[]> {
  const refusals = await Promise.allSettled(
    connections.map((each) => refuseOtherKinds(each, command, signal)),
  );
  const reasons = refusals.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
  const kept = connections.filter((_, index) => refusals[index]?.status === 'fulfilled');
  const told = reasons.filter(isOtherKind);
  const isOver = told.length < reasons.length || kept.length === 0;
  const left = isOver ? connections : connections.filter((each) => !kept.includes(each));
  await Promise.all(left.map(({ client }) => client.destroy()));
  if (isOver) throw reasons.find((each) => !isOtherKind(each)) ?? reasons[0];
  for (const { message } of told) output.note(`! ${message}: left out`);
  return kept;
}

function isOtherKind(error: unknown): error is LlamactlError {
  return error instanceof LlamactlError && error.code === 'feature.disabled';
}

/**
 * What only has to speak OpenAI's API may be a llama-server, so its answer decides.
 * @throws LlamactlError (feature.disabled) where a target is another program, of which the command can ask nothing
 */
export async function refuseOtherKinds(
  { target, client }: Pick<Connection, 'target' | 'client'>,
  command: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, provider, baseUrl } = target;
  if (provider === 'llama-cpp') return;
  const [{ programThatAnswers }, { targetWords }] = await Promise.all([
    import('../services/providers.js'),
    import('../services/target-words.js'),
  ]);
  const program = await programThatAnswers(client, provider, signal);
  if (program === null) return;
  const place = targetWords(target);
  throw new LlamactlError({
    type: 'UNSUPPORTED_FEATURE',
    code: 'feature.disabled',
    message: `${name ?? baseUrl} is ${program}: ${command} asks what only llama-server has`,
    remedies: [
      { text: 'Name a llama-server:', commands: [`llamactl ${command} --url http://localhost:8080`] },
      {
        text: 'What works with every kind of server:',
        commands: ['health', 'models', 'chat', 'diagnose'].map((each) => `llamactl ${each} ${place}`),
      },
    ],
  });
}
