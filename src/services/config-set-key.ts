import { deleteFromKeyring, SERVICE, writeKeyring } from '../config/keyring.js';
import { loadConfig } from '../config/load.js';
import type { Environment } from '../config/variables.js';
import { usageError } from '../errors/llamactl-error.js';

export interface SetKeyOptions {
  /** How the entry is called: what `apiKeyKeyring` says. */
  readonly name: string;
  readonly cwd: string;
  readonly env: Environment;
  readonly config: string | undefined;
  readonly signal: AbortSignal;
}

/** The JSON document of `config set-key`. */
export interface SetKeyDocument {
  readonly service: string;
  readonly account: string;
  readonly stored: boolean;
  /** Only of `--delete`: whether there was such an entry. */
  readonly deleted?: boolean;
  /** Targets of the configuration that take their key from this entry. */
  readonly usedBy: readonly string[];
  /** The target of that name has an `apiKey` of its own, which wins. */
  readonly hidden: boolean;
}

/** Longest that any keyring takes (Windows: 2,560 bytes). */
const LONGEST = 2500;

/**
 * Puts an API key into the system's keyring.
 * @throws LlamactlError (usage) for what cannot be a key; (configuration) where there is no keyring
 */
export async function setKey(key: string, options: SetKeyOptions): Promise<SetKeyDocument> {
  const { name: account, signal } = options;
  if (key === '') throw usageError('no key was given: nothing is stored');
  if (/\P{ASCII}|\p{Cc}/u.test(key) || key.length > LONGEST)
    throw usageError(
      `what was given is no API key: ${key.length > LONGEST ? `it has ${key.length} characters` : 'it holds characters that no header can carry'}`,
    );
  const about = await usersOf(options);
  await writeKeyring({ service: SERVICE, account }, key, 'config set-key', signal);
  return { service: SERVICE, account, stored: true, ...about };
}

/** Takes a key out of the system's keyring. @throws LlamactlError (configuration) where there is none */
export async function deleteKey(options: SetKeyOptions): Promise<SetKeyDocument> {
  const { name: account, signal } = options;
  const about = await usersOf(options);
  const deleted = await deleteFromKeyring({ service: SERVICE, account }, 'config set-key', signal);
  return { service: SERVICE, account, stored: false, deleted, ...about };
}

async function usersOf({ name, cwd, env, config }: SetKeyOptions) {
  const { targets } = await loadConfig({ cwd, env, flags: { config } });
  const usedBy = Object.entries(targets).flatMap(([target, { apiKeyKeyring }]) =>
    apiKeyKeyring === name ? [target] : [],
  );
  const same = Object.hasOwn(targets, name) ? targets[name] : undefined;
  const hidden = [same?.apiKey, same?.apiKeyFile, same?.apiKeyCommand].some((each) => each !== undefined);
  return { usedBy, hidden };
}
