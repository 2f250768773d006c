import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LlamactlError } from '../errors/llamactl-error.js';
import { decodeConfig } from './decode.js';
import type { Form } from './form.js';
import type { Problem } from './problem.js';
import type { ReadConfig } from './read.js';
import type { Provider, Target } from './schema.js';
import { environmentSource, findSource, type Source } from './sources.js';
import type { Environment } from './variables.js';

/** What the command line gives. */
export interface ConfigFlags {
  readonly config?: string | undefined;
  readonly url?: readonly string[] | undefined;
  readonly target?: readonly string[] | undefined;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
  readonly kind?: Provider | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly retries?: number | undefined;
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
  /** Whether every target may have a prompt that another does not answer. */
  readonly allowRemote: boolean;
  /** The file that won, as it is named to the user; null without one. */
  readonly file: string | null;
  readonly source: Source | null;
  /** Null without a configuration. */
  readonly form: Form | null;
  /** Where relative paths in it begin. */
  readonly folder: string;
  /** What variables in it are looked up in. */
  readonly env: Environment;
  readonly warnings: readonly string[];
  /** Targets to which the application that the configuration is for sends tools. */
  readonly withTools: ReadonlySet<string>;
  readonly options: LoadOptions;
  /** `file:line` or `env NAME` of the value at a path of our form; null where it is in neither. */
  readonly placeOf: (path: readonly PropertyKey[]) => string | null;
}

const LARGEST_FILE = 4 * 1024 * 1024;

/**
 * Finds and reads the configuration. zod and the readers are loaded where there is one, since they cost start-up time.
 * @throws LlamactlError (configuration) naming file, line and what to do
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { cwd, env, flags } = options;
  const source = findSource(cwd, env, flags.config);
  const fromEnvironment = environmentSource(cwd, env);
  if (source === null && fromEnvironment === null) return none(options);
  const { readConfig } = await import('./read.js');
  const read = source === null ? null : await readConfig(readSource(source), source.label);
  const base = read === null ? none(options) : loaded(read, source, options);
  // Our own file says what is meant by itself.
  if (fromEnvironment === null || base.form === 'llamactl') return withDotenvOf(base);
  const { name } = fromEnvironment;
  const text = 'text' in fromEnvironment ? fromEnvironment.text : readFileSync(fromEnvironment.path, 'utf8');
  return withDotenvOf(overlay(base, loaded(await readConfig(text, name), null, options), name));
}

/**
 * The text of a configuration file, without a byte order mark.
 * @throws LlamactlError (configuration) where it cannot be read
 */
export function readSource(source: Source): string {
  try {
    if (statSync(source.path).size > LARGEST_FILE) throw new Error('it is larger than 4 MiB');
    return decodeConfig(readFileSync(source.path));
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

function none(options: LoadOptions): LoadedConfig {
  return {
    default: null,
    targets: {},
    fallback: [],
    allowRemote: false,
    file: null,
    source: null,
    form: null,
    folder: options.cwd,
    env: options.env,
    warnings: [],
    withTools: new Set(),
    options,
    placeOf: () => null,
  };
}

/**
 * A file that was read, as a configuration.
 * @throws LlamactlError (configuration) where there are errors in it
 */
export function loaded(read: ReadConfig, source: Source | null, options: LoadOptions): LoadedConfig {
  const { config, form, file } = read;
  if (config === null) throw invalid(read);
  return {
    ...none(options),
    default: config.default ?? Object.keys(config.targets)[0] ?? null,
    targets: config.targets,
    fallback: config.fallback ?? [],
    allowRemote: config.allowRemote ?? false,
    file,
    source,
    form,
    withTools: read.withTools,
    ...(source === null ? {} : { folder: dirname(source.path) }),
    placeOf: (path) => {
      const position = read.positionOf(path);
      return position === null ? null : `${file}:${position.line}`;
    },
  };
}

/** nanocoder's environment over its file: a provider replaces the one of the same name. */
function overlay(base: LoadedConfig, above: LoadedConfig, name: string): LoadedConfig {
  return {
    ...base,
    default: base.default ?? above.default,
    targets: { ...base.targets, ...above.targets },
    form: base.form ?? above.form,
    withTools: new Set([...base.withTools, ...above.withTools]),
    placeOf: (path) => {
      const isAbove = path[0] === 'targets' && Object.hasOwn(above.targets, String(path[1]));
      if (!isAbove) return base.placeOf(path);
      // The kind is read off the address, and so has no place of its own.
      const isThere = above.placeOf(path) !== null || path[2] === 'provider';
      return isThere ? `env ${name}` : null;
    },
  };
}

/** nanocoder takes variables from `.env` too. */
export async function withDotenvOf(config: LoadedConfig): Promise<LoadedConfig> {
  if (config.form === null || config.form === 'llamactl') return config;
  const { withDotenv } = await import('./dotenv.js');
  return { ...config, env: withDotenv(config.options.cwd, config.env) };
}

/** The file's first error, and the others as evidence. */
function invalid({ problems, file }: ReadConfig): LlamactlError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first, ...others] = errors.map((problem) => sentence(problem, file));
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'config.invalid',
    message: first ?? `${file} is no configuration`,
    evidence: others.slice(0, 9),
    remedies: [
      { text: 'See all that is wrong with it:', commands: [`llamactl config validate ${file}`] },
      { text: 'Or do without it:', commands: ['llamactl health --url http://localhost:8080'] },
    ],
  });
}

function sentence({ line, column, path, message }: Problem, file: string): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}
