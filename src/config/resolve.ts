import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { parseBaseUrl, withoutUserInformation } from '../wire/base-url.js';
import {
  chooseHeaders,
  chooseKey,
  type GivenUrl,
  hasCredentials,
  type ResolveOptions,
} from './credentials.js';
import { parseDuration } from './duration.js';
import type { LoadedConfig } from './load.js';
import type { Performance, Provider, Sampling, Target } from './schema.js';
import { substitute } from './variables.js';

/** A server to speak to, with everything known of it, and where each value is from. */
export interface ResolvedTarget {
  /** Null for a bare URL. */
  readonly name: string | null;
  readonly provider: Provider;
  /** Normalised. */
  readonly baseUrl: string;
  /** All of several servers, of which `baseUrl` is the first; absent where there is one. */
  readonly baseUrls?: readonly string[];
  readonly apiKey?: string;
  /** Further headers, and the `Authorization` of a login. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of these may be shown nowhere, beside the key. */
  readonly secrets: readonly string[];
  readonly models: readonly string[];
  readonly model?: string;
  /** Tokens that callers suppose a request may hold: `contextWindow`, else `performance.nCtx`; null where neither is set. */
  readonly contextWindow: number | null;
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxRetries: number;
  readonly sampling: Sampling;
  readonly performance: Performance;
  /** `file:line`, `flag`, `env NAME` or `default`, by field. */
  readonly origins: Readonly<Record<string, string>>;
  /** What the user should know of it, a sentence each. */
  readonly warnings: readonly string[];
}

/** What is meant on the command line beside the configuration. */
export interface Selection {
  readonly url?: readonly string[] | undefined;
  readonly target?: readonly string[] | undefined;
  /** Ends a command that asks for a key. */
  readonly signal?: AbortSignal;
  /** Told of a target that cannot be used as it is configured, which is then left out. Without it, that is thrown. */
  readonly onUnusable?: ((name: string, error: LlamactlError) => void) | undefined;
}

/** Where each kind is when nothing is said; null where nobody can know. The client's kinds have the same. */
export const USUAL_URLS: Readonly<Record<Provider, string | null>> = {
  'llama-cpp': 'http://localhost:8080',
  ollama: 'http://localhost:11434',
  openrouter: 'https://openrouter.ai/api',
  'openai-compatible': null,
};
/** schema.ts has the same; it is not loaded where there is no file, since zod costs start-up time. */
const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_RETRIES = 3;

/**
 * The servers that flags, environment and configuration mean, in that order: each `--url`, each `--target` (`all`: every
 * one), LLAMACTL_URL, LLAMACTL_TARGET, the configuration's default, http://localhost:8080. Keys are read from where they
 * are kept, one after the other, since a command may ask the user for a password.
 * @throws LlamactlError (usage or configuration)
 */
export async function resolveTargets(
  config: LoadedConfig,
  selection: Selection = {},
): Promise<ResolvedTarget[]> {
  const { signal, onUnusable } = selection;
  const resolved: ResolvedTarget[] = [];
  const selected = selectTargets(config, selection);
  const isOneOfSeveral = selected.length > 1 && selected.every(({ name }) => name !== null);
  for (const { name, given } of selected) {
    try {
      resolved.push(await resolveTarget(config, name, given, { signal, isOneOfSeveral }));
    } catch (error) {
      const isTold = error instanceof LlamactlError && error.type === 'USAGE_ERROR';
      if (!isTold || name === null || onUnusable === undefined) throw error;
      onUnusable(name, error);
    }
  }
  return resolved;
}

/** The names and addresses that are meant. @throws LlamactlError (usage) */
export function selectTargets(
  config: LoadedConfig,
  selection: Selection,
): { readonly name: string | null; readonly given: GivenUrl | null }[] {
  const { env } = config.options;
  const urls = selection.url ?? [];
  const named = selection.target ?? [];
  const names =
    named.length > 0 ? named : (env['LLAMACTL_TARGET'] ?? '').split(',').filter((name) => name !== '');
  const envUrl = env['LLAMACTL_URL'] || undefined;
  if (urls.length > 0 && named.length === 0)
    return urls.map((url) => ({ name: null, given: { url, origin: 'flag' } }));
  if (named.length === 0 && envUrl !== undefined)
    return [{ name: null, given: { url: envUrl, origin: 'env LLAMACTL_URL' } }];
  // Where that kind usually is, whatever the configuration's default.
  if (config.options.flags.kind !== undefined && named.length === 0) return [{ name: null, given: null }];
  if (names.length === 0) return [{ name: config.default, given: null }];
  const chosen = names.includes('all') ? Object.keys(config.targets) : names;
  if (chosen.length === 0)
    throw usageError('--target all: the configuration has no targets', [
      { text: 'Name servers by --url, or write a configuration:', commands: ['llamactl config init'] },
    ]);
  const [url, second] = urls;
  if (second !== undefined || (url !== undefined && chosen.length > 1))
    throw usageError('--url with --target replaces the address of one target: give one of each');
  return chosen.map((name) => ({ name, given: url === undefined ? null : { url, origin: 'flag' } }));
}

/**
 * One target, its values chosen.
 * @param name null for a bare URL
 * @throws LlamactlError (usage or configuration)
 */
export async function resolveTarget(
  config: LoadedConfig,
  name: string | null,
  given: GivenUrl | null,
  options: ResolveOptions = {},
): Promise<ResolvedTarget> {
  const { flags } = config.options;
  const { env } = config.options;
  if (name !== null && !Object.hasOwn(config.targets, name)) throw unknownTarget(config, name);
  const target: Target = (name === null ? undefined : config.targets[name]) ?? {};
  const placeOf = (...field: string[]) =>
    name === null ? 'default' : (config.placeOf(['targets', name, ...field]) ?? config.file ?? 'default');
  const origins: Record<string, string> = {};
  const choose = <T>(
    field: string,
    options: readonly (readonly [T | undefined, string])[],
  ): T | undefined => {
    const found = options.find(([value]) => value !== undefined);
    origins[field] = found?.[1] ?? 'default';
    return found?.[0];
  };
  const text = (value: string | undefined, ...field: string[]) =>
    value === undefined
      ? undefined
      : substitute(
          value,
          config.env,
          `${placeOf(...field)} ${name === null ? '' : `targets.${name}.`}${field.join('.')}`,
        );

  assertOneKindOfAddress(target, placeOf('baseUrls'));
  const isSeveral = target.baseUrls !== undefined;
  const configuredUrls =
    given === null || hasCredentials(target)
      ? (target.baseUrls?.map((url, index) => text(url, 'baseUrls', String(index)) ?? url) ??
        [text(target.baseUrl, 'baseUrl')].filter((url) => url !== undefined))
      : [];
  // What answers at an address that no target has.
  const kind = name === null ? flags.kind : undefined;
  const provider = kind ?? target.provider ?? 'llama-cpp';
  const usualUrl = USUAL_URLS[provider];
  const urlText =
    choose('baseUrl', [
      [given?.url, given?.origin ?? ''],
      [configuredUrls[0], placeOf(isSeveral ? 'baseUrls' : 'baseUrl')],
    ]) ?? usualUrl;
  if (urlText === null) throw noAddress(name, name === null ? null : placeOf());
  const baseUrls = (given === null && isSeveral ? configuredUrls : [urlText]).map((url) => {
    const parsed = parseBaseUrl(url);
    if (!parsed.ok) throw badUrl(url, parsed.reason, origins['baseUrl'] ?? '');
    return parsed.baseUrl;
  });
  const several = [...new Set(baseUrls)];
  if (several.length > 1) origins['baseUrls'] = placeOf('baseUrls');

  const choice = {
    config,
    target,
    given,
    own: configuredUrls.length === 0 && usualUrl !== null ? [usualUrl] : configuredUrls,
    placeOf,
    text,
    options,
  };
  const key = await chooseKey(choice);
  if (key.value !== undefined) origins['apiKey'] = key.origin;
  const login = chooseHeaders(choice, provider, key.value !== undefined);
  Object.assign(origins, login.origins);
  const envTimeout = env['LLAMACTL_TIMEOUT']
    ? parseDuration(env['LLAMACTL_TIMEOUT'], 'a duration (LLAMACTL_TIMEOUT)')
    : undefined;
  const models = (target.models ?? []).map((model, index) => text(model, 'models', String(index)) ?? model);
  if (models.length > 0) origins['models'] = placeOf('models');
  const model = choose('model', [
    [flags.model, 'flag'],
    [env['LLAMACTL_MODEL'] || undefined, 'env LLAMACTL_MODEL'],
    [provider === 'llama-cpp' ? undefined : models[0], placeOf('models')],
  ]);
  if (model === undefined) delete origins['model'];
  const contextWindow = choose('contextWindow', [
    [target.contextWindow, placeOf('contextWindow')],
    [target.performance?.nCtx, placeOf('performance', 'nCtx')],
  ]);
  if (contextWindow === undefined) delete origins['contextWindow'];
  choose('provider', [
    [kind, 'flag'],
    [target.provider, placeOf('provider')],
  ]);
  return {
    name,
    provider,
    baseUrl: several[0] ?? urlText,
    ...(several.length > 1 ? { baseUrls: several } : {}),
    models,
    contextWindow: contextWindow ?? null,
    timeout:
      choose('timeout', [
        [flags.timeout, 'flag'],
        [envTimeout, 'env LLAMACTL_TIMEOUT'],
        [target.timeout, placeOf('timeout')],
      ]) ?? DEFAULT_TIMEOUT,
    maxRetries:
      choose('maxRetries', [
        [flags.retries, 'flag'],
        [target.maxRetries, placeOf('maxRetries')],
      ]) ?? DEFAULT_RETRIES,
    sampling: target.sampling ?? {},
    performance: target.performance ?? {},
    origins: { ...origins, ...nestedOrigins(target, placeOf) },
    warnings: key.warnings,
    headers: login.headers,
    secrets: login.secrets,
    ...(key.value === undefined ? {} : { apiKey: key.value }),
    ...(model === undefined ? {} : { model }),
  };
}

/** Each server of a target, as a target of its own. */
export function serversOf(target: ResolvedTarget): ResolvedTarget[] {
  const { baseUrls, ...rest } = target;
  return baseUrls === undefined ? [target] : baseUrls.map((baseUrl) => ({ ...rest, baseUrl }));
}

function assertOneKindOfAddress({ baseUrl, baseUrls, provider = 'llama-cpp' }: Target, place: string): void {
  if (baseUrls === undefined) return;
  if (baseUrl !== undefined)
    throw usageError(`${place}: baseUrl and baseUrls exclude each other: put every address into baseUrls`);
  if (provider !== 'llama-cpp')
    throw usageError(`${place}: only llama.cpp servers are balanced, not ${provider}: write baseUrl`);
}

/** Where each setting of the groups is from: `performance.nCtx` → `llamactl.config.json:7`. */
function nestedOrigins(target: Target, placeOf: (...field: string[]) => string): Record<string, string> {
  return Object.fromEntries(
    (['sampling', 'performance'] as const).flatMap((group) =>
      Object.keys(target[group] ?? {}).map((field) => [`${group}.${field}`, placeOf(group, field)]),
    ),
  );
}

function noAddress(name: string | null, place: string | null): LlamactlError {
  return usageError(
    name === null
      ? "a server of OpenAI's API has no usual address: name it by --url"
      : `${place}: targets.${name} needs a baseUrl: openai-compatible may be anywhere`,
    [
      {
        text: 'For example:',
        commands: ['llamactl health --kind openai-compatible --url http://localhost:8000'],
      },
    ],
  );
}

function badUrl(text: string, reason: string, origin: string): LlamactlError {
  const shown = JSON.stringify(withoutUserInformation(text));
  return usageError(`${origin === 'flag' ? '--url' : origin}: ${shown} cannot be a server's URL: ${reason}`, [
    {
      text: 'Give the address that llama-server prints, for example:',
      commands: ['llamactl health --url http://localhost:8080'],
    },
  ]);
}

function unknownTarget(config: LoadedConfig, name: string): LlamactlError {
  const known = Object.keys(config.targets);
  return usageError(
    `there is no target "${name}"${config.file === null ? ': there is no configuration file' : ` in ${config.file}`}`,
    [
      known.length > 0
        ? { text: `Targets: ${known.join(', ')}`, commands: [] }
        : { text: 'Give the address instead:', commands: ['llamactl health --url http://localhost:8080'] },
    ],
  );
}
