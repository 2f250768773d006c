import { type LlamactlError, usageError } from '../errors/llamactl-error.js';
import { parseBaseUrl, sameServer, withoutUserInformation } from '../wire/base-url.js';
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
}

export interface ResolveOptions {
  readonly signal?: AbortSignal | undefined;
  /** `leave`: no file is read and no command is run for a key, and `***` stands for it. */
  readonly keys?: 'read' | 'leave';
}

/** schema.ts has the same; it is not loaded where there is no file, since zod costs start-up time. */
const DEFAULT_URL = 'http://localhost:8080';
/** Where each kind is when nothing is said; null where nobody can know. The client's kinds have the same. */
const USUAL_URLS: Readonly<Record<Provider, string | null>> = {
  'llama-cpp': DEFAULT_URL,
  ollama: 'http://localhost:11434',
  openrouter: 'https://openrouter.ai/api',
  'openai-compatible': null,
};
const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_RETRIES = 3;

interface GivenUrl {
  readonly url: string;
  readonly origin: string;
}

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
  const resolved: ResolvedTarget[] = [];
  for (const { name, given } of selectTargets(config, selection))
    resolved.push(await resolveTarget(config, name, given, { signal: selection.signal }));
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
  const usualUrl = USUAL_URLS[target.provider ?? 'llama-cpp'];
  const configuredUrls =
    given === null || target.apiKey !== undefined || hasKeySource(target)
      ? (target.baseUrls?.map((url, index) => text(url, 'baseUrls', String(index)) ?? url) ??
        [text(target.baseUrl, 'baseUrl')].filter((url) => url !== undefined))
      : [];
  const urlText =
    choose('baseUrl', [
      [given?.url, given?.origin ?? ''],
      [configuredUrls[0], placeOf(isSeveral ? 'baseUrls' : 'baseUrl')],
    ]) ?? usualUrl;
  if (urlText === null)
    throw usageError(`${placeOf()}: targets.${name} needs a baseUrl: ${target.provider} may be anywhere`);
  const baseUrls = (given === null && isSeveral ? configuredUrls : [urlText]).map((url) => {
    const parsed = parseBaseUrl(url);
    if (!parsed.ok) throw badUrl(url, parsed.reason, origins['baseUrl'] ?? '');
    return parsed.baseUrl;
  });
  const several = [...new Set(baseUrls)];
  if (several.length > 1) origins['baseUrls'] = placeOf('baseUrls');

  const key = await chooseKey({
    config,
    target,
    given,
    ownUrls: configuredUrls.length > 0 ? configuredUrls : [usualUrl ?? DEFAULT_URL],
    placeOf,
    text,
    options,
  });
  if (key.value !== undefined) origins['apiKey'] = key.origin;
  const envTimeout = env['LLAMACTL_TIMEOUT']
    ? parseDuration(env['LLAMACTL_TIMEOUT'], 'a duration (LLAMACTL_TIMEOUT)')
    : undefined;
  const models = (target.models ?? []).map((model, index) => text(model, 'models', String(index)) ?? model);
  if (models.length > 0) origins['models'] = placeOf('models');
  const isLlama = target.provider === undefined || target.provider === 'llama-cpp';
  const model = choose('model', [
    [flags.model, 'flag'],
    [env['LLAMACTL_MODEL'] || undefined, 'env LLAMACTL_MODEL'],
    [isLlama ? undefined : models[0], placeOf('models')],
  ]);
  if (model === undefined) delete origins['model'];
  const contextWindow = choose('contextWindow', [
    [target.contextWindow, placeOf('contextWindow')],
    [target.performance?.nCtx, placeOf('performance', 'nCtx')],
  ]);
  if (contextWindow === undefined) delete origins['contextWindow'];
  return {
    name,
    provider: choose('provider', [[target.provider, placeOf('provider')]]) ?? 'llama-cpp',
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

interface KeyChoice {
  readonly config: LoadedConfig;
  readonly target: Target;
  readonly given: GivenUrl | null;
  /** Where the target's key may go. */
  readonly ownUrls: readonly string[];
  readonly placeOf: (...field: string[]) => string;
  readonly text: (value: string | undefined, ...field: string[]) => string | undefined;
  readonly options: ResolveOptions;
}

interface ChosenKey {
  readonly value?: string;
  readonly origin: string;
  readonly warnings: readonly string[];
}

/** The key, from the first of: flag, environment, `apiKey`, `apiKeyFile`, `apiKeyCommand`. */
async function chooseKey(choice: KeyChoice): Promise<ChosenKey> {
  const { config, target, given, ownUrls, placeOf, text, options } = choice;
  const { flags, env } = config.options;
  const is = (value: string, origin: string): ChosenKey => ({ value, origin, warnings: [] });
  if (flags.apiKey) return is(flags.apiKey, 'flag');
  if (env['LLAMACTL_API_KEY']) return is(env['LLAMACTL_API_KEY'], 'env LLAMACTL_API_KEY');
  // A target's key goes to the target's own servers only, not to whatever `--url` names.
  const isOwnServer = given === null || ownUrls.some((url) => sameServer(given.url, url));
  if (!isOwnServer) return { origin: 'default', warnings: [] };
  const written = text(target.apiKey, 'apiKey');
  if (written) return is(written, placeOf('apiKey'));
  if (!hasKeySource(target)) return { origin: 'default', warnings: [] };
  const field = target.apiKeyFile === undefined ? 'apiKeyCommand' : 'apiKeyFile';
  if (options.keys === 'leave') return is('***', placeOf(field));
  const { readKey } = await import('./keys.js');
  const { key, warnings } = await readKey({
    ...(target.apiKeyFile === undefined
      ? { command: target.apiKeyCommand ?? '' }
      : { file: text(target.apiKeyFile, 'apiKeyFile') ?? '' }),
    config,
    place: placeOf(field),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { value: key, origin: placeOf(field), warnings };
}

function hasKeySource({ apiKeyFile, apiKeyCommand }: Target): boolean {
  return apiKeyFile !== undefined || apiKeyCommand !== undefined;
}

/** Where each setting of the groups is from: `performance.nCtx` → `llamactl.config.json:7`. */
function nestedOrigins(target: Target, placeOf: (...field: string[]) => string): Record<string, string> {
  return Object.fromEntries(
    (['sampling', 'performance'] as const).flatMap((group) =>
      Object.keys(target[group] ?? {}).map((field) => [`${group}.${field}`, placeOf(group, field)]),
    ),
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
