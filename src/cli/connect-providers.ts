import type { CallOptions } from '../client/endpoints/endpoint.js';
import { CoolDown } from '../client/providers/cool-down.js';
import { HURRIED_TIMEOUT } from '../client/providers/fall-back.js';
import { othersFor } from '../client/providers/others.js';
import {
  type Answering,
  type Candidate,
  ProviderChain,
  reasonsOf,
} from '../client/providers/provider-chain.js';
import type { LoadedConfig } from '../config/load.js';
import { type ResolvedTarget, resolveTarget } from '../config/resolve.js';
import type { Remedy } from '../errors/llamactl-error.js';
import { leavesNetwork } from '../wire/hosts.js';
import { announce, type Connection, configFor, connectionTo, labelOf, notOne, targetsOf } from './connect.js';
import type { ConnectionFlags } from './connection-flags.js';
import { withEachServer } from './expand-servers.js';
import type { ConnectContext } from './open-client.js';

/** Settings of the command line that are the requested target's alone: no other is told of them. */
const OWN_VARIABLES = ['LLAMACTL_API_KEY', 'LLAMACTL_MODEL', 'LLAMACTL_URL', 'LLAMACTL_BASIC_AUTH'];

export interface ProvidersFlags extends ConnectionFlags {
  readonly 'allow-remote': boolean;
}

export interface ProvidersOptions {
  /** Whether what a model thinks is shown as it comes. */
  readonly reasoningShown: boolean;
  /** Does what may ask on the terminal: the command that prints a key. Nothing else is to write or read there meanwhile. */
  readonly whileAsked: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Told once another answers than before, with a sentence that says why. */
  readonly onSwitch: (sentence: string) => void;
}

export interface Providers {
  /** The target that was requested. */
  readonly requested: Connection;
  readonly chain: ProviderChain<Connection>;
}

/**
 * The target of a command that others may answer for: those of `fallback`, and every one where remote ones are allowed. A bare
 * address is nobody's target: it is asked alone. The chain is the caller's to close.
 * @throws LlamactlError (usage, configuration)
 */
export async function connectProviders(
  given: ProvidersFlags,
  context: ConnectContext,
  { reasoningShown, whileAsked, onSwitch }: ProvidersOptions,
): Promise<Providers> {
  const flags = await withEachServer(given, context.signal);
  const config = await configFor(flags);
  const [target, second] = await targetsOf(config, flags, context);
  if (target === undefined || second !== undefined) throw await notOne();
  const allowRemote = config.allowRemote || flags['allow-remote'];
  const remote = await remoteFor(target, config);
  const isBare = target.name === null && !flags['allow-remote'];
  const { asked, withheld } =
    flags['no-fallback'] || isBare
      ? { asked: [], withheld: [] }
      : othersFor(target.name, kindsOf(config), { fallback: config.fallback, allowRemote }, (name) =>
          remote.has(name),
        );
  const label = labelOf(target);
  const common = { config, flags, context, alone: asked.length === 0 };
  const requested = await connectionTo(target, { ...common, label, changes: { hasNext: asked.length > 0 } });
  const first: Candidate<Connection> = {
    name: label,
    key: target.name ?? '',
    open: (hasNext, signal) =>
      withModel(requested, { context, isRequested: true, asking: askingOf(hasNext, signal) }),
  };
  const others = asked.map(
    (name): Candidate<Connection> => ({
      name,
      key: name,
      open: async (hasNext, signal) => {
        const resolve = () => resolveOther(config, name, context, signal);
        const asks = config.targets[name]?.apiKeyCommand !== undefined;
        const other = await (asks ? whileAsked(resolve) : resolve());
        announce(other, context);
        const connection = await connectionTo(other, {
          ...common,
          // A certificate that is to be accepted unseen is the requested server's.
          flags: { ...flags, insecure: false },
          label: name,
          changes: { hasNext },
        });
        try {
          return await withModel(connection, {
            context,
            isRequested: false,
            asking: askingOf(hasNext, signal),
          });
        } catch (error) {
          await connection.client.destroy();
          throw error;
        }
      },
    }),
  );
  const chain = new ProviderChain<Connection>({
    candidates: [first, ...others],
    coolDown: new CoolDown(),
    reasoningShown,
    look: async ({ client, target: { provider } }, signal) => {
      const { lookAgain } = await import('../client/providers/kinds.js');
      await lookAgain(client, provider, signal);
    },
    close: ({ client }) => client.destroy(),
    onSwitch: (answering) => onSwitch(sentenceOf(answering)),
    unasked: withheld.length === 0 ? undefined : unasked(withheld, remote, config),
  });
  return { requested, chain };
}

/** `answered by second (http://gpu2:8080): local refused the connection`. */
function sentenceOf(answering: Answering<Connection>): string {
  const { name, member } = answering;
  const reasons = reasonsOf(answering);
  const { baseUrl, baseUrls } = member.target;
  const address = baseUrls === undefined ? baseUrl : `${baseUrls.length} servers`;
  return `answered by ${name} (${address})${reasons === '' ? ' again' : `: ${reasons}`}`;
}

/** Another target as its configuration alone has it. */
function resolveOther(
  config: LoadedConfig,
  name: string,
  context: ConnectContext,
  signal: AbortSignal | undefined,
): Promise<ResolvedTarget> {
  const { cwd, env, flags } = config.options;
  const { timeout, retries } = flags;
  const rest = Object.fromEntries(Object.entries(env).filter(([key]) => !OWN_VARIABLES.includes(key)));
  const options = { cwd, env: rest, flags: { timeout, retries } };
  return resolveTarget({ ...config, options }, name, null, {
    signal: signal === undefined ? context.signal : AbortSignal.any([signal, context.signal]),
  });
}

function askingOf(hasNext: boolean, signal: AbortSignal | undefined): CallOptions {
  return { ...(hasNext ? { timeout: HURRIED_TIMEOUT } : {}), ...(signal === undefined ? {} : { signal }) };
}

interface ModelWish {
  readonly context: ConnectContext;
  /** Whether it is the target that the command line speaks of. */
  readonly isRequested: boolean;
  readonly asking: CallOptions;
}

/** A connection that names a model where its server needs one. */
async function withModel(connection: Connection, wish: ModelWish): Promise<Connection> {
  const { client, target, label } = connection;
  const { context, isRequested, asking } = wish;
  if (target.model !== undefined) return connection;
  if (target.provider === 'llama-cpp') {
    // The requested one is left to its server; a stand-in is what the configuration says of it.
    const [first] = target.models;
    if (!isRequested && first !== undefined) client.setModel(first);
    return connection;
  }
  const { chooseModel } = await import('../services/choose-model.js');
  const chosen = await chooseModel(client, label, target, asking);
  if (chosen === null) return connection;
  client.setModel(chosen.model);
  if (chosen.among > 1) {
    const other = isRequested ? '--model' : '`models` in the configuration';
    context.output.note(
      `… ${label} has ${chosen.among} models: asking "${chosen.model}" (${other} names another).`,
    );
  }
  return connection;
}

function kindsOf({ targets }: LoadedConfig) {
  return Object.fromEntries(
    Object.entries(targets).map(([name, { provider = 'llama-cpp' }]) => [name, provider] as const),
  );
}

/** The targets for which a prompt would leave the private network, or nobody knows. */
async function remoteFor(target: ResolvedTarget, config: LoadedConfig): Promise<ReadonlySet<string>> {
  const from = target.baseUrls ?? [target.baseUrl];
  const names = Object.keys(config.targets).filter((name) => name !== target.name);
  const leave = await Promise.all(
    names.map(async (name) => {
      try {
        const { baseUrl, baseUrls = [baseUrl] } = await resolveTarget(config, name, null, {
          keys: 'leave',
          isOneOfSeveral: true,
        });
        return leavesNetwork(from, baseUrls);
      } catch {
        return true;
      }
    }),
  );
  return new Set(names.filter((_, index) => leave[index]));
}

/** What to type where targets were not asked. */
function unasked(withheld: readonly string[], remote: ReadonlySet<string>, config: LoadedConfig): Remedy {
  const shown = withheld.map((name) => (remote.has(name) ? `${name} (not in this network)` : name));
  const how = config.form === 'llamactl' ? `name them in \`fallback\` of ${config.file}, or ` : '';
  return {
    text: `Not asked: ${shown.join(', ')}. To let them answer, ${how}allow all:`,
    commands: ['llamactl chat --allow-remote'],
  };
}
