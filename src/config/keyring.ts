import { configError } from './config-error.js';

/** Where an entry of the system's keyring is. */
export interface KeyringEntry {
  readonly service: string;
  readonly account: string;
}

/** The service under which llamactl's own entries are. */
export const SERVICE = 'llamactl';
const PACKAGE = '@napi-rs/keyring';
/** Milliseconds: long enough to type a password that unlocks it. */
const TIMEOUT = 60_000;

/** The entry that `apiKeyKeyring` names. */
export function keyringEntryOf(written: string | KeyringEntry): KeyringEntry {
  return typeof written === 'string' ? { service: SERVICE, account: written } : written;
}

/**
 * The secret of an entry.
 * @param place names the setting in messages
 * @returns null where there is no such entry
 * @throws LlamactlError (configuration) where there is no keyring, or it does not open
 */
export async function readKeyring(
  entry: KeyringEntry,
  place: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const found = await using(entry, place, signal, (opened, ended) => opened.getPassword(ended));
  return found ?? null;
}

/** Writes the secret of an entry, in place of one that is there. @throws LlamactlError (configuration) */
export async function writeKeyring(
  entry: KeyringEntry,
  secret: string,
  place: string,
  signal?: AbortSignal,
): Promise<void> {
  await using(entry, place, signal, (opened, ended) => opened.setPassword(secret, ended));
}

/** @returns whether there was such an entry @throws LlamactlError (configuration) */
export async function deleteFromKeyring(
  entry: KeyringEntry,
  place: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return using(entry, place, signal, (opened, ended) => opened.deleteCredential(ended));
}

type AsyncEntry = import('@napi-rs/keyring').AsyncEntry;

async function using<T>(
  { service, account }: KeyringEntry,
  place: string,
  signal: AbortSignal | undefined,
  deed: (entry: AsyncEntry, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { AsyncEntry } = await load(place);
  const deadline = AbortSignal.timeout(TIMEOUT);
  const ended = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  try {
    // Linux has a second one, in the kernel's memory, which forgets everything when the machine is started anew.
    const entry = new AsyncEntry(service, account, { linux: { store: 'secret-service' } });
    const aborted = new Promise<never>((_, reject) => {
      ended.addEventListener('abort', () => reject(ended.reason), { once: true });
    });
    return await Promise.race([deed(entry, ended), aborted]);
  } catch (error) {
    signal?.throwIfAborted();
    throw noKeyring(place, deadline.aborted ? `it did not answer in ${TIMEOUT / 1000} s` : reasonOf(error));
  }
}

async function load(place: string): Promise<typeof import('@napi-rs/keyring')> {
  try {
    return await import('@napi-rs/keyring');
  } catch (error) {
    const isAbsent = error instanceof Error && /Cannot find (?:module|package)/.test(error.message);
    throw noKeyring(
      place,
      isAbsent ? `the optional package ${PACKAGE} is not installed` : `${PACKAGE} cannot be loaded`,
    );
  }
}

function noKeyring(place: string, reason: string) {
  return configError(`${place}: the keyring of this system cannot be used: ${reason}`, [
    ...(process.platform === 'linux'
      ? [{ text: 'On a desktop, start its keyring; on a server there is none as a rule.', commands: [] }]
      : []),
    {
      text: 'Keep the key in a file for you alone instead ("apiKeyFile"):',
      commands: ['install -m 600 /dev/stdin ~/.config/llamactl/api.key'],
    },
    {
      text: 'Or have a command print it ("apiKeyCommand"), or use a variable:',
      commands: ['export LLAMACTL_API_KEY=KEY'],
    },
  ]);
}

/** What the keyring says, in one line. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/autolaunch|DBUS_SESSION_BUS_ADDRESS/i.test(text))
    return 'there is no D-Bus session for a secret service';
  if (/ServiceUnknown|not provided by any|org\.freedesktop\.secrets/i.test(text))
    return 'no secret service (GNOME Keyring, KWallet, KeePassXC) answers in this session';
  if (/no result found/i.test(text))
    return 'it has no default keyring yet: make one in its own program (Seahorse, KWalletManager)';
  return text.replace(/\s+/g, ' ').trim().slice(0, 200) || 'it gives no reason';
}
