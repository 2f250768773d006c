import { LlamactlError, usageError } from '../../errors/llamactl-error.js';
import { parseBaseUrl } from '../../wire/base-url.js';
import { isPublicHost } from '../../wire/hosts.js';
import { LlamaCppClient } from '../llama-client.js';
import { configuredModel } from '../model-info.js';
import { firstUsable } from '../server-facts.js';
import type { ClientOptions } from '../types.js';
import { CoolDown } from './cool-down.js';
import { kindOf, PROVIDER_KINDS } from './kinds.js';
import type { ProviderType } from './provider.js';

/** A server that a client may be made for: a target of the configuration, or what `resolveTargets` makes of one. */
export type ProviderTarget = Omit<ClientOptions, 'signal'>;

export interface ProvidersConfig {
  /** The servers, by name. */
  readonly targets: Readonly<Record<string, ProviderTarget>>;
  /**
   * Names to try in turn when the requested one cannot be used. Default: every other target that is not remote where the
   * requested one is local, in the specification's order of kinds.
   */
  readonly fallback?: readonly string[];
  /** Whether a prompt for a local server may go to a remote one that `fallback` does not name. Default false. */
  readonly allowRemote?: boolean;
  /** Remembers failures from one call to the next. Default: one for the whole process. */
  readonly coolDown?: CoolDown;
  readonly signal?: AbortSignal;
}

export interface CreatedClient {
  /** Ready: it has a model and knows its context size. The caller closes it. */
  readonly client: LlamaCppClient;
  readonly provider: ProviderType;
  /** The target that answers. */
  readonly target: string;
  /** Why the ones before it do not, a sentence each; empty where the requested one answers. */
  readonly errors: readonly string[];
}

/** What another server may make good. A certificate that is not trusted is no such thing: it may be an attack. */
const ELSEWHERE: ReadonlySet<string> = new Set(['CONNECTION_ERROR', 'TIMEOUT_ERROR', 'SERVER_OVERLOADED']);
/** What tells of the server's state, and not that something else is there than the configuration says. */
const NEVER = /^connection\.(?:tls-|wrong-)/;

const SHARED = new CoolDown();

/**
 * The specification's factory: a client for the requested provider, or for the next one where it cannot be reached, is
 * overloaded or loads past its deadline. A key that is wrong or a request that is invalid is an error at once: no other
 * server makes it right. Each server is asked with its own key only.
 * @param requested name of a target, or a kind of provider: then its first target, or its usual address
 * @throws LlamactlError why the requested provider cannot be used, with the other attempts as evidence
 */
export async function createClient(
  requested: ProviderType | (string & {}),
  config: ProvidersConfig = { targets: {} },
): Promise<CreatedClient> {
  const coolDown = config.coolDown ?? SHARED;
  const attempts = attemptsOf(requested, config);
  // Stable: those that have not failed lately keep their order.
  const [ready, cooling] = [
    attempts.filter(({ url }) => coolDown.left(url) === 0),
    attempts.filter(({ url }) => coolDown.left(url) > 0),
  ];
  const errors = (ready.length === 0 ? [] : cooling).map(
    ({ name, url }) =>
      `${name}: failed lately, tried last for ${Math.ceil(coolDown.left(url) / 1000)} s more.`,
  );
  const failures: { readonly name: string; readonly error: LlamactlError }[] = [];
  for (const { name, target, url } of [...ready, ...cooling]) {
    try {
      const client = await open(target, config.signal);
      coolDown.worked(url);
      return { client, provider: target.provider ?? 'llama-cpp', target: name, errors };
    } catch (error) {
      if (!mayFallBack(error)) throw error;
      coolDown.failed(url);
      failures.push({ name, error });
      errors.push(`${name}: ${error.message}. ${kindOf(target.provider ?? 'llama-cpp').hint}`);
    }
  }
  const wanted = failures.find(({ name }) => name === attempts[0]?.name) ?? failures[0];
  if (wanted === undefined) throw noTarget(requested, config);
  const { type, code, message, evidence, remedies, details, exit } = wanted.error;
  const others = failures.filter((failure) => failure !== wanted);
  throw new LlamactlError({
    type,
    code,
    message,
    remedies,
    details,
    exit,
    evidence: [...evidence, ...others.map(({ name, error }) => `${name}, tried instead: ${error.message}`)],
    cause: wanted.error,
  });
}

/** Whether another provider may answer after a failure: nothing was shown yet, and the request itself was right. */
export function mayFallBack(error: unknown): error is LlamactlError {
  return (
    error instanceof LlamactlError &&
    ELSEWHERE.has(error.type) &&
    !NEVER.test(error.code) &&
    error.details['visible'] !== true
  );
}

interface Attempt {
  readonly name: string;
  readonly target: ProviderTarget;
  readonly url: string;
}

function attemptsOf(requested: string, config: ProvidersConfig): Attempt[] {
  const { targets, fallback, allowRemote = false } = config;
  const kind = PROVIDER_KINDS.find(({ type }) => type === requested);
  const name = Object.hasOwn(targets, requested)
    ? requested
    : Object.keys(targets).find((each) => (targets[each]?.provider ?? 'llama-cpp') === requested);
  const first =
    name !== undefined
      ? attempt(name, targets[name])
      : kind !== undefined && kind.defaultUrl !== null
        ? attempt(kind.type, { provider: kind.type })
        : null;
  if (first === null) throw noTarget(requested, config);
  const others = fallback ?? inOrderOfKinds(targets);
  const unknown = others.find((each) => !Object.hasOwn(targets, each));
  if (unknown !== undefined) throw noTarget(unknown, config);
  const further = [...new Set(others)]
    .filter((each) => each !== first.name)
    .map((each) => attempt(each, targets[each]))
    .filter(({ url }) => fallback !== undefined || allowRemote || isRemote(first.url) || !isRemote(url));
  return [first, ...further];
}

function attempt(name: string, target: ProviderTarget = {}): Attempt {
  const kind = kindOf(target.provider ?? 'llama-cpp');
  const url = target.baseUrl ?? kind.defaultUrl;
  if (url === null) throw usageError(`the target ${name} has no baseUrl, and ${kind.title} has no usual one`);
  return { name, target: { ...target, baseUrl: url }, url };
}

function inOrderOfKinds(targets: ProvidersConfig['targets']): string[] {
  return PROVIDER_KINDS.flatMap(({ type }) =>
    Object.keys(targets).filter((name) => (targets[name]?.provider ?? 'llama-cpp') === type),
  );
}

/** Whether a prompt that goes there leaves the machine and its private network. */
function isRemote(url: string): boolean {
  const parsed = parseBaseUrl(url);
  return parsed.ok && !parsed.baseUrl.startsWith('unix:') && isPublicHost(new URL(parsed.baseUrl).hostname);
}

async function open(target: ProviderTarget, signal: AbortSignal | undefined): Promise<LlamaCppClient> {
  const { provider, ...options } = target;
  const kind = kindOf(provider ?? 'llama-cpp');
  const client = new LlamaCppClient({
    ...options,
    provider: kind.type,
    headers: { ...kind.headers, ...options.headers },
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const models = await kind.discover(client, {});
    const chosen = client.getCurrentModel() || options.models?.[0] || firstUsable(models)?.id;
    if (chosen !== undefined) {
      client.setModel(chosen);
      const model = models.find(({ id, aliases }) => id === chosen || aliases.includes(chosen));
      client.assumeContextSize(await kind.contextSize(client, model ?? configuredModel(chosen), {}));
    }
    return client;
  } catch (error) {
    await client.destroy();
    throw error;
  }
}

function noTarget(name: string, { targets }: ProvidersConfig): LlamactlError {
  const names = Object.keys(targets);
  return usageError(
    `no target or provider ${JSON.stringify(name)}: ${names.length === 0 ? 'the configuration has no targets' : `the configuration has ${names.join(', ')}`}`,
  );
}
