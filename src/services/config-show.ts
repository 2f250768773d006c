import type { Form } from '../config/form.js';
import { isOpenHeader } from '../config/headers.js';
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../config/load.js';
import { type ResolvedTarget, resolveTarget, selectTargets } from '../config/resolve.js';
import type { Target } from '../config/schema.js';
import type { Environment } from '../config/variables.js';
import { LlamactlError } from '../errors/llamactl-error.js';

export interface ShowOptions {
  readonly cwd: string;
  readonly env: Environment;
  readonly flags: ConfigFlags;
}

/** A target as it is used. */
export interface ShownTarget {
  readonly provider: string;
  /** Of several servers the first. */
  readonly baseUrl: string;
  readonly baseUrls?: readonly string[];
  /** Always `***`: where it is from stands in the origins. */
  readonly apiKey?: '***';
  readonly apiKeyFile?: string;
  readonly apiKeyCommand?: string | readonly string[];
  readonly apiKeyKeyring?: Target['apiKeyKeyring'];
  readonly basicAuth?: { readonly username: string; readonly password: '***' };
  /** Values are `***`, save of those that tell who asks. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly models: readonly string[];
  readonly model?: string;
  readonly contextWindow?: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly maxRetries: number;
  readonly sampling?: Target['sampling'];
  readonly performance?: Target['performance'];
}

/** The JSON document of `config show`. */
export interface ShowDocument {
  /** The target that a command without flags speaks to; of a bare URL its address. */
  readonly default: string;
  readonly targets: Readonly<Record<string, ShownTarget>>;
  readonly fallback: readonly string[];
  /** Whether targets that `fallback` does not name may have a prompt too. */
  readonly allowRemote: boolean;
  /** `targets.local.baseUrl` → `llamactl.config.json:4`, `flag`, `env NAME` or `default`. */
  readonly origins: Readonly<Record<string, string>>;
  readonly file: string | null;
  readonly form: Form | null;
  /** Targets that cannot be used as they are, and why. */
  readonly problems: readonly { readonly target: string; readonly message: string }[];
}

/**
 * The configuration as commands use it, every value with its origin. No key is read and no command is run for it.
 * @throws LlamactlError (usage, configuration)
 */
export async function showConfig(options: ShowOptions): Promise<ShowDocument> {
  const config = await loadConfig(options);
  const { flags, env } = options;
  const chosen = selectTargets(config, flags);
  const isNarrowed = (flags.url?.length ?? 0) > 0 || (flags.target?.length ?? 0) > 0;
  const others = isNarrowed
    ? []
    : Object.keys(config.targets).filter((name) => !chosen.some((each) => each.name === name));
  const targets: Record<string, ShownTarget> = {};
  const origins: Record<string, string> = {};
  const problems: ShowDocument['problems'][number][] = [];
  const keys: string[] = [];
  for (const { name, given } of [...chosen, ...others.map((other) => ({ name: other, given: null }))]) {
    try {
      const resolved = await resolveTarget(config, name, given, { keys: 'leave' });
      const key = name ?? resolved.baseUrl;
      keys.push(key);
      targets[key] = shown(resolved, name === null ? {} : (config.targets[name] ?? {}));
      for (const [field, origin] of Object.entries(originsOf(config, resolved)))
        origins[`targets.${key}.${field}`] = origin;
    } catch (error) {
      if (!(error instanceof LlamactlError) || name === null || isNarrowed) throw error;
      problems.push({ target: name, message: error.message });
    }
  }
  const [first] = chosen;
  const standard = first?.name ?? keys[0] ?? '';
  origins['default'] = defaultOrigin(config, env, first?.name ?? null, isNarrowed);
  if (config.fallback.length > 0)
    origins['fallback'] = config.placeOf(['fallback']) ?? config.file ?? 'default';
  if (config.allowRemote)
    origins['allowRemote'] = config.placeOf(['allowRemote']) ?? config.file ?? 'default';
  const { fallback, allowRemote, file, form } = config;
  return { default: standard, targets, fallback, allowRemote, origins, file, form, problems };
}

function shown(resolved: ResolvedTarget, written: Target): ShownTarget {
  const {
    provider,
    baseUrl,
    baseUrls,
    apiKey,
    models,
    model,
    contextWindow,
    timeout,
    maxRetries,
    sampling,
    performance,
  } = resolved;
  const { apiKeyFile, apiKeyCommand, apiKeyKeyring, basicAuth } = written;
  const headers = shownHeaders(resolved);
  return {
    provider,
    baseUrl,
    ...(baseUrls === undefined ? {} : { baseUrls }),
    ...(apiKey === undefined ? {} : { apiKey: '***' }),
    ...(apiKeyFile === undefined ? {} : { apiKeyFile }),
    ...(apiKeyCommand === undefined ? {} : { apiKeyCommand }),
    ...(apiKeyKeyring === undefined ? {} : { apiKeyKeyring }),
    ...(basicAuth === undefined ? {} : { basicAuth: { username: basicAuth.username, password: '***' } }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    models,
    ...(model === undefined ? {} : { model }),
    ...(contextWindow === null ? {} : { contextWindow }),
    timeout,
    maxRetries,
    ...(Object.keys(sampling).length === 0 ? {} : { sampling }),
    ...(Object.keys(performance).length === 0 ? {} : { performance }),
  };
}

function shownHeaders({ headers }: ResolvedTarget): Record<string, string> {
  const written = Object.entries(headers).filter(([name]) => name !== 'authorization');
  return Object.fromEntries(written.map(([name, value]) => [name, isOpenHeader(name) ? value : '***']));
}

/** What the resolved target says, and where the sources of its key stand. */
function originsOf(config: LoadedConfig, { name, origins }: ResolvedTarget): Record<string, string> {
  const sources = ['apiKeyFile', 'apiKeyCommand', 'apiKeyKeyring'].flatMap((field) => {
    const place = name === null ? null : config.placeOf(['targets', name, field]);
    return place === null ? [] : [[field, place]];
  });
  return { models: 'default', ...origins, ...Object.fromEntries(sources) };
}

function defaultOrigin(
  config: LoadedConfig,
  env: Environment,
  name: string | null,
  isNarrowed: boolean,
): string {
  if (isNarrowed) return 'flag';
  if (env['LLAMACTL_URL']) return 'env LLAMACTL_URL';
  if (env['LLAMACTL_TARGET']) return 'env LLAMACTL_TARGET';
  if (name === null) return 'default';
  return config.placeOf(['default']) ?? config.placeOf(['targets', name]) ?? 'default';
}
