import { type LlamactlError, usageError } from '../../errors/llamactl-error.js';
import { parseBaseUrl } from '../../wire/base-url.js';
import { leavesNetwork } from '../../wire/hosts.js';
import type { CallOptions } from '../endpoints/endpoint.js';
import { LlamaCppClient } from '../llama-client.js';
import { configuredModel } from '../model-info.js';
import type { ClientOptions } from '../types.js';
import { noModelNamed } from './choose.js';
import { CoolDown } from './cool-down.js';
import { HURRIED_TIMEOUT, hurried } from './fall-back.js';
import { kindOf, lookAgain } from './kinds.js';
import { type FallbackRules, othersFor } from './others.js';
import { PROVIDER_TYPES, type ProviderType } from './provider.js';
import { ProviderChain } from './provider-chain.js';

/** A server that a client may be made for: a target of the configuration, or what `resolveTargets` makes of one. */
export type ProviderTarget = Omit<ClientOptions, 'signal'>;

export interface ProvidersConfig extends FallbackRules {
  /** The servers, by name. */
  readonly targets: Readonly<Record<string, ProviderTarget>>;
  /** Remembers failures from one call to the next. Default: one for the whole process. */
  readonly coolDown?: CoolDown;
  readonly signal?: AbortSignal;
}

/** A provider that is ready to be asked. */
export interface OpenProvider {
  /** Ready: it has a model and knows its context size. */
  readonly client: LlamaCppClient;
  readonly provider: ProviderType;
  /** The target's name. */
  readonly target: string;
}

export interface CreatedClient extends OpenProvider {
  /** Why the ones before it do not answer, a sentence each; empty where the requested one does. */
  readonly errors: readonly string[];
}

const SHARED = new CoolDown();

/**
 * The specification's factory: a client for the requested provider, or for the next one where it cannot be reached, is
 * overloaded or loads past its deadline. A key that is wrong or a request that is invalid is an error at once: no other
 * server makes it right. Each server is asked with its own key only. The caller closes the client.
 * @param requested name of a target, or a kind of provider: then its first target, or its usual address
 * @throws LlamactlError why the requested provider cannot be used, with the other attempts as evidence
 */
export async function createClient(
  requested: ProviderType | (string & {}),
  config: ProvidersConfig = { targets: {} },
): Promise<CreatedClient> {
  const { member, failures, cooling } = await providersOf(requested, config).use(async (opened) => opened);
  const providers = new Map(Object.entries(config.targets).map(([name, { provider }]) => [name, provider]));
  const hint = (name: string) => kindOf(providers.get(name) ?? typeNamed(name) ?? 'llama-cpp').hint;
  return {
    ...member,
    errors: [
      ...cooling.map(
        ({ name, leftMs }) => `${name}: failed lately, tried last for ${Math.ceil(leftMs / 1000)} s more.`,
      ),
      ...failures.map(({ name, error }) => `${name}: ${error.message}. ${hint(name)}`),
    ],
  };
}

/**
 * The requested provider and those that may answer in its place, for work that goes on to the next one where it fails before
 * anything of the answer was seen: `providers.use(({ client }) => client.chat(messages))`. The caller closes it.
 * @param requested as {@link createClient} takes it
 * @throws LlamactlError (usage) where there is no such target
 */
export function providersOf(
  requested: ProviderType | (string & {}),
  config: ProvidersConfig = { targets: {} },
): ProviderChain<OpenProvider> {
  const { targets, coolDown = SHARED, signal } = config;
  const name = Object.hasOwn(targets, requested)
    ? requested
    : Object.keys(targets).find((each) => providerOf(targets[each]) === requested);
  const kind = typeNamed(requested);
  const [first, target]: [string, ProviderTarget] | [] =
    name !== undefined
      ? [name, targets[name] ?? {}]
      : kind !== undefined && kindOf(kind).defaultUrl !== null
        ? [kind, { provider: kind }]
        : [];
  if (first === undefined) throw noTarget(requested, config);
  const unknown = config.fallback?.find((each) => !Object.hasOwn(targets, each));
  if (unknown !== undefined) throw noTarget(unknown, config);
  const kinds = Object.fromEntries(Object.entries(targets).map(([each, its]) => [each, providerOf(its)]));
  const from = addressesOf(first, target);
  const { asked, withheld } = othersFor(name ?? null, kinds, config, (other) =>
    leavesNetwork(from, addressesOf(other, targets[other])),
  );
  const candidate = (each: string, its: ProviderTarget = {}) => ({
    name: each,
    key: addressesOf(each, its).join(' '),
    open: async (hasNext: boolean, opening: AbortSignal | undefined): Promise<OpenProvider> => ({
      client: await open(each, hasNext ? hurried(its) : its, its, signal, {
        ...(hasNext ? { timeout: HURRIED_TIMEOUT } : {}),
        ...present(opening),
      }),
      provider: providerOf(its),
      target: each,
    }),
  });
  return new ProviderChain<OpenProvider>({
    candidates: [candidate(first, target), ...asked.map((each) => candidate(each, targets[each]))],
    coolDown,
    look: ({ client, provider }, looking) => lookAgain(client, provider, looking),
    close: ({ client }) => client.close(),
    unasked:
      withheld.length === 0
        ? undefined
        : {
            text: `Not asked: ${withheld.join(', ')}. Name it in \`fallback\`, or set \`allowRemote\`, where it may have the prompt`,
            commands: [],
          },
  });
}

async function open(
  name: string,
  options: ClientOptions,
  { provider = 'llama-cpp', baseUrl, baseUrls }: ProviderTarget,
  signal: AbortSignal | undefined,
  asking: CallOptions,
): Promise<LlamaCppClient> {
  const kind = kindOf(provider);
  const url = baseUrl ?? (baseUrls === undefined ? kind.defaultUrl : undefined);
  if (url === null) throw usageError(`the target ${name} has no baseUrl, and ${kind.title} has no usual one`);
  const client = new LlamaCppClient({
    ...options,
    provider: kind.type,
    ...(url === undefined ? {} : { baseUrl: url }),
    headers: { ...kind.headers, ...options.headers },
    ...present(signal),
  });
  try {
    const named = client.getCurrentModel() || options.models?.[0];
    const models = await kind.discover(client, asking);
    const chosen = named ?? kind.choose(models);
    if (chosen === undefined && models.length > 0) throw noModelNamed(name, kind);
    if (chosen !== undefined) {
      client.setModel(chosen);
      const model = models.find(({ id, aliases }) => id === chosen || aliases.includes(chosen));
      client.assumeContextSize(await kind.contextSize(client, model ?? configuredModel(chosen), asking));
    }
    return client;
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

function present(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function providerOf(target: ProviderTarget | undefined): ProviderType {
  return target?.provider ?? 'llama-cpp';
}

function typeNamed(name: string): ProviderType | undefined {
  return PROVIDER_TYPES.find((type) => type === name);
}

/** Where a target is; nowhere yet, where that is not said. */
function addressesOf(name: string, target: ProviderTarget = {}): readonly string[] {
  const { baseUrl, baseUrls = [baseUrl ?? kindOf(providerOf(target)).defaultUrl ?? name] } = target;
  return baseUrls.map((url) => {
    const parsed = parseBaseUrl(url);
    return parsed.ok ? parsed.baseUrl : url;
  });
}

function noTarget(name: string, { targets }: ProvidersConfig): LlamactlError {
  const names = Object.keys(targets);
  return usageError(
    `no target or provider ${JSON.stringify(name)}: ${names.length === 0 ? 'the configuration has no targets' : `the configuration has ${names.join(', ')}`}`,
  );
}
