import { usageError } from '../errors/llamactl-error.js';
import { sameServer } from '../wire/base-url.js';
import { configError } from './config-error.js';
import { basicAuthorization, isHeaderValue, isOpenHeader } from './headers.js';
import type { LoadedConfig } from './load.js';
import type { Provider, Target } from './schema.js';

/** An address that is given in place of a target's, and by what. */
export interface GivenUrl {
  readonly url: string;
  readonly origin: string;
}

export interface ResolveOptions {
  readonly signal?: AbortSignal | undefined;
  /** `leave`: no file is read and no command is run for a key, and `***` stands for it. */
  readonly keys?: 'read' | 'leave';
  /**
   * Whether other targets are asked too: then what the environment holds for the one that is meant is not told to each of
   * them. A key of the target's own wins, and nobody gets a login.
   */
  readonly isOneOfSeveral?: boolean | undefined;
}

/** What the key and the headers of a target are chosen from. */
export interface KeyChoice {
  readonly config: LoadedConfig;
  readonly target: Target;
  readonly given: GivenUrl | null;
  /** Addresses that the target's key is for. */
  readonly own: readonly string[];
  readonly placeOf: (...field: string[]) => string;
  readonly text: (value: string | undefined, ...field: string[]) => string | undefined;
  readonly options: ResolveOptions;
}

export interface ChosenKey {
  readonly value?: string;
  readonly origin: string;
  readonly warnings: readonly string[];
}

/** The key, from the first of: flag, environment, `apiKey`, `apiKeyFile`, `apiKeyCommand`, `apiKeyKeyring`. */
export async function chooseKey(choice: KeyChoice): Promise<ChosenKey> {
  const { config, target, placeOf, text, options } = choice;
  const { flags, env } = config.options;
  const is = (value: string, origin: string): ChosenKey => ({ value, origin, warnings: [] });
  if (flags.apiKey) return is(flags.apiKey, 'flag');
  const shared = env['LLAMACTL_API_KEY'];
  if (shared && isMeantFor(choice)) return is(shared, 'env LLAMACTL_API_KEY');
  if (!isOwnServer(choice)) return { origin: 'default', warnings: [] };
  const written = text(target.apiKey, 'apiKey');
  if (written) return is(written, placeOf('apiKey'));
  if (!hasKeySource(target)) return { origin: 'default', warnings: [] };
  const field = KEY_SOURCES.find((each) => target[each] !== undefined) ?? 'apiKeyFile';
  if (options.keys === 'leave') return is('***', placeOf(field));
  const { readKey } = await import('./keys.js');
  const { key, warnings } = await readKey({
    ...keySourceOf(target, field, text),
    config,
    place: placeOf(field),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { value: key, origin: placeOf(field), warnings };
}

/** Whether the key of the environment is for this target. Servers of a user's own may share one; other kinds do not. */
function isMeantFor({ target, options }: KeyChoice): boolean {
  if (options.isOneOfSeveral !== true) return true;
  if (target.apiKey || hasKeySource(target)) return false;
  const { provider = 'llama-cpp', basicAuth } = target;
  return provider === 'llama-cpp' || (provider === 'openai-compatible' && basicAuth === undefined);
}

/** Beside `apiKey`, the first of these that is there. */
const KEY_SOURCES = ['apiKeyFile', 'apiKeyCommand', 'apiKeyKeyring'] as const;

function hasKeySource(target: Target): boolean {
  return KEY_SOURCES.some((field) => target[field] !== undefined);
}

function keySourceOf(
  { apiKeyFile, apiKeyCommand, apiKeyKeyring }: Target,
  field: (typeof KEY_SOURCES)[number],
  text: KeyChoice['text'],
) {
  if (field === 'apiKeyFile') return { file: text(apiKeyFile, 'apiKeyFile') ?? '' };
  return field === 'apiKeyCommand' ? { command: apiKeyCommand ?? '' } : { keyring: apiKeyKeyring ?? '' };
}

/** Whether a target has something that goes to its own servers only. */
export function hasCredentials(target: Target): boolean {
  const { apiKey, basicAuth, headers } = target;
  return apiKey !== undefined || basicAuth !== undefined || headers !== undefined || hasKeySource(target);
}

/** A target's key and headers go to the target's own servers only, not to whatever `--url` names. */
function isOwnServer({ given, own }: KeyChoice): boolean {
  return given === null || own.some((url) => sameServer(given.url, url));
}

/** Headers beside the key's, and what of them is secret. */
export interface ChosenHeaders {
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly origins: Readonly<Record<string, string>>;
}

/**
 * The configured headers, and the `Authorization` of a login: `LLAMACTL_BASIC_AUTH` (`USER:PASSWORD`), else `basicAuth`.
 * @param hasKey whether there is an API key too: then `Authorization` is taken, and only llama-server has another header for it
 * @throws LlamactlError (usage, configuration)
 */
export function chooseHeaders(choice: KeyChoice, provider: Provider, hasKey: boolean): ChosenHeaders {
  const { target, text, placeOf } = choice;
  const isOwn = isOwnServer(choice);
  const written = Object.entries(isOwn ? (target.headers ?? {}) : {}).map(([name, value]) => {
    const full = text(value, 'headers', name) ?? value;
    if (!isHeaderValue(full))
      throw configError(`${placeOf('headers', name)}: ${name} holds characters that no header can carry`);
    return [name.toLowerCase(), full] as const;
  });
  const login = loginOf(choice, isOwn);
  if (login !== null && hasKey && provider !== 'llama-cpp')
    throw usageError(
      `${login.origin}: an API key and a login exclude each other: both are sent as Authorization, and only llama-server takes a key in another header`,
      [{ text: 'Keep one of them', commands: ['llamactl config show'] }],
    );
  const { fields = [], secrets = [] } = login === null ? {} : sent(login);
  const origin = login === null ? {} : { basicAuth: login.origin };
  const places = written.length === 0 ? {} : { headers: placeOf('headers') };
  return {
    headers: Object.fromEntries([...written, ...fields]),
    secrets: [...secrets, ...written.flatMap(([name, value]) => (isOpenHeader(name) ? [] : [value]))],
    origins: { ...places, ...origin },
  };
}

interface Login {
  readonly username: string;
  readonly password: string;
  readonly origin: string;
}

function loginOf({ config, target, text, placeOf, options }: KeyChoice, isOwn: boolean): Login | null {
  const given = options.isOneOfSeveral === true ? undefined : config.options.env['LLAMACTL_BASIC_AUTH'];
  if (given) {
    const [, username = '', password = ''] = /^([^:]+):(.*)$/s.exec(given) ?? [];
    if (username === '' || /\p{Cc}/u.test(given))
      throw usageError('LLAMACTL_BASIC_AUTH is no login: write USER:PASSWORD, without a line break');
    return { username, password, origin: 'env LLAMACTL_BASIC_AUTH' };
  }
  if (!isOwn || target.basicAuth === undefined) return null;
  const username = text(target.basicAuth.username, 'basicAuth', 'username') ?? '';
  const password = text(target.basicAuth.password, 'basicAuth', 'password') ?? '';
  if (/[\p{Cc}:]/u.test(username) || /\p{Cc}/u.test(password) || username === '')
    throw configError(
      `${placeOf('basicAuth')}: the login is empty, or holds characters that no header can carry`,
    );
  return { username, password, origin: placeOf('basicAuth') };
}

function sent({ username, password }: Login) {
  const value = basicAuthorization(username, password);
  return {
    fields: [['authorization', value]] as const,
    secrets: [password, `${username}:${password}`, value.slice('Basic '.length)],
  };
}
