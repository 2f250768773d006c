import { readFileSync, statSync } from 'node:fs';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { parseBaseUrl, withoutUserInformation } from '../wire/base-url.js';
import { parseDuration } from './duration.js';
import type { ParsedConfig } from './parse.js';
import type { ConfigFile, Performance, Provider, Sampling, Target } from './schema.js';
import { findSource, type Source } from './sources.js';
import { substitute } from './variables.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line gives. */
export interface ConfigFlags {
  readonly config?: string;
  readonly url?: readonly string[];
  readonly target?: readonly string[];
  readonly apiKey?: string;
  readonly model?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly retries?: number;
}

export interface LoadOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly flags: ConfigFlags;
}

/** The configuration as it stands: nothing substituted or checked against a target yet. */
export interface LoadedConfig {
  readonly default: string | null;
  readonly targets: Readonly<Record<string, Target>>;
  readonly fallback: readonly string[];
  /** The file that won; null without one. */
  readonly file: string | null;
  readonly warnings: readonly string[];
  readonly options: LoadOptions;
  readonly positionOf: ParsedConfig['positionOf'];
}

/** A server to speak to, with everything known of it, and where each value is from. */
export interface ResolvedTarget {
  /** Null for a bare URL. */
  readonly name: string | null;
  readonly provider: Provider;
  /** Normalised. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly models: readonly string[];
  readonly model?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxRetries: number;
  readonly sampling: Sampling;
  readonly performance: Performance;
  /** `file:line`, `flag`, `env NAME` or `default`, by field. */
  readonly origins: Readonly<Record<string, string>>;
}

/** schema.ts has the same; it is not loaded where there is no file, since zod costs start-up time. */
const DEFAULT_URL = 'http://localhost:8080';
const DEFAULT_TIMEOUT = 30_000;
const DEFAULT_RETRIES = 3;
const LARGEST_FILE = 4 * 1024 * 1024;

/**
 * Finds and reads the configuration.
 * @throws LlamactlError (usage or configuration) naming file, line and what to do
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const source = findSource(options.cwd, options.env, options.flags.config);
  if (source === null) {
    return {
      default: null,
      targets: {},
      fallback: [],
      file: null,
      warnings: [],
      options,
      positionOf: () => null,
    };
  }
  const text = read(source);
  const { parseConfig } = await import('./parse.js');
  const { config, positionOf } = parseConfig(text, source.label);
  checkNames(config, source.label);
  return {
    default: config.default ?? Object.keys(config.targets)[0] ?? null,
    targets: config.targets,
    fallback: config.fallback ?? [],
    file: source.label,
    warnings: [],
    options,
    positionOf,
  };
}

/**
 * The servers that flags, environment and configuration mean, in that order: each `--url`, each `--target` (`all`: every
 * one), LLAMACTL_URL, LLAMACTL_TARGET, the configuration's default, http://localhost:8080.
 * @throws LlamactlError (usage or configuration)
 */
export function resolveTargets(
  config: LoadedConfig,
  selection: { readonly url?: readonly string[]; readonly target?: readonly string[] } = {},
): ResolvedTarget[] {
  const { env } = config.options;
  const urls = selection.url ?? [];
  const named = selection.target ?? [];
  const names =
    named.length > 0 ? named : (env['LLAMACTL_TARGET'] ?? '').split(',').filter((name) => name !== '');
  const envUrl = env['LLAMACTL_URL'] || undefined;
  if (urls.length > 0 && named.length === 0)
    return urls.map((url) => resolve(config, null, { url, origin: 'flag' }));
  if (named.length === 0 && envUrl !== undefined)
    return [resolve(config, null, { url: envUrl, origin: 'env LLAMACTL_URL' })];
  if (names.length > 0) {
    const chosen = names.includes('all') ? Object.keys(config.targets) : names;
    if (chosen.length === 0)
      throw usageError('--target all: the configuration has no targets', [
        { text: 'Name servers by --url, or write a llamactl.config.json.', commands: [] },
      ]);
    const [url, second] = urls;
    if (second !== undefined || (url !== undefined && chosen.length > 1))
      throw usageError('--url with --target replaces the address of one target: give one of each');
    return chosen.map((name) => resolve(config, name, url === undefined ? null : { url, origin: 'flag' }));
  }
  return [resolve(config, config.default, null)];
}

function resolve(
  config: LoadedConfig,
  name: string | null,
  given: { url: string; origin: string } | null,
): ResolvedTarget {
  const { env, flags } = config.options;
  if (name !== null && config.targets[name] === undefined) throw unknownTarget(config, name);
  const target = name === null ? undefined : config.targets[name];
  const origins: Record<string, string> = {};
  const fromFile = (field: keyof Target) => {
    origins[field] = placeOf(config, name, field);
  };
  const text = (field: 'baseUrl' | 'apiKey') => {
    const value = target?.[field];
    if (value === undefined) return undefined;
    fromFile(field);
    return substitute(value, env, `${placeOf(config, name, field)} ${pathOf(name, field)}`);
  };
  const choose = <T>(
    field: string,
    options: readonly (readonly [T | undefined, string])[],
  ): T | undefined => {
    const found = options.find(([value]) => value !== undefined);
    if (found !== undefined) origins[field] = found[1];
    return found?.[0];
  };

  const configuredUrl = text('baseUrl');
  const urlText = given?.url ?? configuredUrl ?? DEFAULT_URL;
  origins['baseUrl'] = given?.origin ?? origins['baseUrl'] ?? 'default';
  const parsed = parseBaseUrl(urlText);
  if (!parsed.ok) {
    throw usageError(
      `${origins['baseUrl'] === 'flag' ? '--url' : origins['baseUrl']}: ${JSON.stringify(withoutUserInformation(urlText))} cannot be a server's URL: ${parsed.reason}`,
      [
        {
          text: 'Give the address that llama-server prints, for example:',
          commands: ['llamactl health --url http://localhost:8080'],
        },
      ],
    );
  }
  const configuredKey = keyFor(given, configuredUrl) ? text('apiKey') : undefined;
  const apiKey = choose('apiKey', [
    [flags.apiKey || undefined, 'flag'],
    [env['LLAMACTL_API_KEY'] || undefined, 'env LLAMACTL_API_KEY'],
    [configuredKey || undefined, origins['apiKey'] ?? ''],
  ]);
  const envTimeout = env['LLAMACTL_TIMEOUT']
    ? parseDuration(env['LLAMACTL_TIMEOUT'], 'a duration (LLAMACTL_TIMEOUT)')
    : undefined;
  const models = target?.models ?? [];
  const model = choose('model', [
    [flags.model, 'flag'],
    [env['LLAMACTL_MODEL'] || undefined, 'env LLAMACTL_MODEL'],
    [
      target?.provider === 'llama-cpp' || target?.provider === undefined ? undefined : models[0],
      placeOf(config, name, 'models'),
    ],
  ]);
  return {
    name,
    provider: target?.provider ?? 'llama-cpp',
    baseUrl: parsed.baseUrl,
    models,
    timeout:
      choose('timeout', [
        [flags.timeout, 'flag'],
        [envTimeout, 'env LLAMACTL_TIMEOUT'],
        [target?.timeout, placeOf(config, name, 'timeout')],
      ]) ?? DEFAULT_TIMEOUT,
    maxRetries:
      choose('maxRetries', [
        [flags.retries, 'flag'],
        [target?.maxRetries, placeOf(config, name, 'maxRetries')],
      ]) ?? DEFAULT_RETRIES,
    sampling: target?.sampling ?? {},
    performance: target?.performance ?? {},
    origins: { ...origins, ...nestedOrigins(config, name, target) },
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(model === undefined ? {} : { model }),
  };
}

/** Where each setting of the groups is from: `performance.nCtx` → `llamactl.config.json:7`. */
function nestedOrigins(
  config: LoadedConfig,
  name: string | null,
  target: Target | undefined,
): Record<string, string> {
  const groups = ['sampling', 'performance'] as const;
  return Object.fromEntries(
    groups.flatMap((group) =>
      Object.keys(target?.[group] ?? {}).map((field) => [
        `${group}.${field}`,
        placeOf(config, name, group, field),
      ]),
    ),
  );
}

/** A target's key goes to the target's own host only, not to whatever `--url` names. */
function keyFor(given: { readonly url: string } | null, configuredUrl: string | undefined): boolean {
  if (given === null) return true;
  const [a, b] = [given.url, configuredUrl ?? DEFAULT_URL].map(parseBaseUrl);
  return a?.ok === true && b?.ok === true && new URL(a.baseUrl).origin === new URL(b.baseUrl).origin;
}

function placeOf(config: LoadedConfig, name: string | null, ...field: string[]): string {
  if (name === null || config.file === null) return 'default';
  const position = config.positionOf(['targets', name, ...field]);
  return position === null ? config.file : `${config.file}:${position.line}`;
}

function pathOf(name: string | null, field: string): string {
  return name === null ? field : `targets.${name}.${field}`;
}

function checkNames(config: ConfigFile, file: string): void {
  for (const name of [config.default, ...(config.fallback ?? [])]) {
    if (name === undefined || name in config.targets) continue;
    throw new LlamactlError({
      type: 'USAGE_ERROR',
      code: 'config.invalid',
      message: `${file}: there is no target "${name}"`,
      evidence: [`targets: ${Object.keys(config.targets).join(', ') || 'none'}`],
    });
  }
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

function read(source: Source): string {
  try {
    if (statSync(source.path).size > LARGEST_FILE) throw new Error('it is larger than 4 MiB');
    return readFileSync(source.path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new LlamactlError({
      type: 'USAGE_ERROR',
      code: 'config.invalid',
      message: `the configuration ${source.label} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      remedies: source.required
        ? [{ text: 'Name a file that is there, or leave out --config and LLAMACTL_CONFIG.', commands: [] }]
        : [],
      cause: error,
    });
  }
}
