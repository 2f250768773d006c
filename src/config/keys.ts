import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { LlamactlError } from '../errors/llamactl-error.js';
import { configError } from './config-error.js';
import { modeText, readableByOthers } from './file-modes.js';
import { type KeyringEntry, keyringEntryOf, readKeyring } from './keyring.js';
import type { LoadedConfig } from './load.js';

export interface KeyRequest {
  readonly file?: string;
  readonly command?: string | readonly string[];
  readonly keyring?: string | KeyringEntry;
  readonly config: LoadedConfig;
  /** Names the setting in messages: `llamactl.config.json:7`. */
  readonly place: string;
  readonly signal?: AbortSignal;
}

/** Milliseconds: long enough to type a password, or to touch a key. */
const COMMAND_TIMEOUT = 60_000;
const LARGEST = 64 * 1024;

/**
 * The API key from where it is kept: the first line of a file, of what a command prints, or an entry of the keyring. The key itself is in no
 * message.
 * @throws LlamactlError (configuration) where there is none to be had
 */
export async function readKey(request: KeyRequest): Promise<{ key: string; warnings: readonly string[] }> {
  checkOwner(request);
  const { file, command, keyring, place, signal } = request;
  if (file !== undefined) {
    const path = keyFilePath(file, request.config.folder, request.config.env);
    const { text, warnings } = readKeyFile(path, place);
    return { key: firstLine(text, `the key file ${path}`, place), warnings };
  }
  if (keyring !== undefined) return { key: await keyFromKeyring(keyring, place, signal), warnings: [] };
  const text = await runCommand(command ?? '', request);
  return { key: firstLine(text, 'what apiKeyCommand prints', place), warnings: [] };
}

async function keyFromKeyring(
  written: string | KeyringEntry,
  place: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const entry = keyringEntryOf(written);
  const { service, account } = entry;
  const found = await readKeyring(entry, place, signal);
  if (found !== null) return firstLine(found, `the entry "${account}" of the keyring`, place);
  throw configError(`${place}: the keyring has no entry "${account}" of the service "${service}"`, [
    typeof written === 'string'
      ? { text: 'Put the key into it; it is asked for:', commands: [`llamactl config set-key ${account}`] }
      : { text: 'Correct the service or the account.', commands: [] },
  ]);
}

/** `~/` is the home folder; other relative paths begin at the configuration file. */
export function keyFilePath(
  file: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (/^~[/\\]/.test(file)) return join(env['HOME'] || env['USERPROFILE'] || homedir(), file.slice(2));
  return isAbsolute(file) ? file : resolve(folder, file);
}

function readKeyFile(path: string, place: string): { text: string; warnings: string[] } {
  try {
    const stats = statSync(path);
    if (stats.isFile() && stats.size > LARGEST) throw new Error('it is larger than 64 KiB');
    const isOpen = readableByOthers(stats, path);
    const warning = `${path} holds an API key, and others can read it (${modeText(stats.mode)}): chmod 600 ${path}`;
    return { text: readFileSync(path, 'utf8'), warnings: isOpen ? [warning] : [] };
  } catch (error) {
    throw configError(
      `${place}: the key file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      [{ text: 'Write the key into it, for you alone:', commands: [`install -m 600 /dev/stdin ${path}`] }],
    );
  }
}

/**
 * Runs the command as git runs a credential helper: a text goes to the shell, a list is run as it is. It may ask on the
 * terminal: stdin and stderr are the user's own.
 */
async function runCommand(
  command: string | readonly string[],
  { config, place, signal }: KeyRequest,
): Promise<string> {
  const { spawn } = await import('node:child_process');
  const [program = '', ...args] = typeof command === 'string' ? [command] : command;
  const child = spawn(program, args, {
    cwd: config.folder,
    shell: typeof command === 'string',
    stdio: ['inherit', 'pipe', 'inherit'],
    windowsHide: true,
  });
  return new Promise((done, fail) => {
    let text = '';
    const stop = (error: LlamactlError) => {
      finish();
      // What it started itself may live on and hold the pipe open.
      child.stdout.destroy();
      child.kill();
      fail(error);
    };
    const timer = setTimeout(
      () => stop(configError(`${place}: apiKeyCommand printed no key in ${COMMAND_TIMEOUT / 1000} s`)),
      COMMAND_TIMEOUT,
    );
    const onAbort = () =>
      stop(new LlamactlError({ type: 'INTERRUPTED', code: 'interrupted', message: 'interrupted' }));
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.length > LARGEST) stop(configError(`${place}: apiKeyCommand prints more than a key`));
    });
    child.once('error', (error) =>
      stop(configError(`${place}: apiKeyCommand cannot be run: ${error.message}`)),
    );
    child.once('close', (code, killed) => {
      finish();
      if (code === 0) done(text);
      else fail(configError(`${place}: apiKeyCommand failed: ${code === null ? killed : `exit ${code}`}`));
    });
  });
}

/**
 * Another user's configuration, met by chance in a shared folder, must not run commands or send files of ours: the rule of
 * ssh and of git's safe.directory. A file that was named by flag or environment is meant.
 */
function checkOwner({ config, place, file, keyring }: KeyRequest): void {
  const { source } = config;
  const me = process.getuid?.();
  if (source === null || source.required || me === undefined) return;
  const { uid, mode } = statSync(source.path);
  if ((uid === me || uid === 0) && (mode & 0o002) === 0) return;
  const why = uid === me || uid === 0 ? 'everybody can write to it' : 'it belongs to another user';
  throw configError(
    `${place}: ${file !== undefined ? 'apiKeyFile' : keyring !== undefined ? 'apiKeyKeyring' : 'apiKeyCommand'} of ${source.label} is not obeyed: ${why}`,
    [{ text: 'Where the file is meant, name it:', commands: [`export LLAMACTL_CONFIG=${source.path}`] }],
  );
}

function firstLine(text: string, what: string, place: string): string {
  const [line = ''] = text.trim().split(/\r?\n/);
  const key = line.trim();
  if (key === '') throw configError(`${place}: ${what} is empty`);
  if (/\P{ASCII}|\p{Cc}/u.test(key))
    throw configError(`${place}: ${what} holds characters that no header can carry`);
  return key;
}
