import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from './variables.js';

const NAMES = [
  'llamactl.config.json',
  'llamactl.config.jsonc',
  'llamactl.config.yaml',
  'llamactl.config.yml',
];
const USER_NAMES = ['config.json', 'config.jsonc', 'config.yaml', 'config.yml'];
const NANOCODER_NAME = 'agents.config.json';

/** A configuration file to read. */
export interface Source {
  readonly path: string;
  /** How it is named to the user: as given, or short. */
  readonly label: string;
  /** Named by flag or environment, so that its absence is an error. */
  readonly required: boolean;
}

/** The first configuration file there is: what `--config` or LLAMACTL_CONFIG names, this folder's, the user's. */
export function findSource(cwd: string, env: Environment, given: string | undefined): Source | null {
  const named = given ?? (env['LLAMACTL_CONFIG'] || undefined);
  if (named !== undefined) return { path: resolve(cwd, named), label: named, required: true };
  for (const { path, label } of places(cwd, env))
    if (existsSync(path)) return { path, label, required: false };
  return null;
}

/** Every configuration file there is, the one that wins first. */
export function findSources(cwd: string, env: Environment, given: string | undefined): Source[] {
  const first = findSource(cwd, env, given);
  const there = [...places(cwd, env)].filter(({ path }) => existsSync(path) && path !== first?.path);
  return [...(first === null ? [] : [first]), ...there.map((place) => ({ ...place, required: false }))];
}

/**
 * Where configurations are looked for, in order. nanocoder's own rules hold among its files: NANOCODER_CONFIG_DIR alone
 * where it is set, else the working folder's before the user's.
 */
function* places(cwd: string, env: Environment): Generator<Omit<Source, 'required'>> {
  for (const name of NAMES) yield { path: join(cwd, name), label: name };
  const chosen = env['NANOCODER_CONFIG_DIR'];
  if (chosen) {
    const path = join(resolve(cwd, chosen), NANOCODER_NAME);
    yield { path, label: path };
  } else {
    yield { path: join(cwd, NANOCODER_NAME), label: NANOCODER_NAME };
  }
  const folder = userFolder(process.platform, env);
  for (const name of USER_NAMES) yield { path: join(folder, name), label: join(folder, name) };
  if (!chosen) {
    const path = join(userFolder(process.platform, env, 'nanocoder'), NANOCODER_NAME);
    yield { path, label: path };
  }
}

/** The user's configuration folder: `$XDG_CONFIG_HOME/llamactl` everywhere it is set, else the platform's own. */
export function userFolder(platform: NodeJS.Platform, env: Environment, program = 'llamactl'): string {
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], program);
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  if (platform === 'win32') return join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), program);
  return platform === 'darwin'
    ? join(home, 'Library', 'Preferences', program)
    : join(home, '.config', program);
}

/** What stands in the environment instead of a file, above any of nanocoder's files. */
export function environmentSource(
  cwd: string,
  env: Environment,
):
  | { readonly text: string; readonly name: string }
  | { readonly path: string; readonly name: string }
  | null {
  const text = env['NANOCODER_PROVIDERS'];
  if (text?.trim()) return { text, name: 'NANOCODER_PROVIDERS' };
  const file = env['NANOCODER_PROVIDERS_FILE'];
  // nanocoder passes over a file that is not there.
  const path = file ? resolve(cwd, file) : null;
  return path !== null && existsSync(path) ? { path, name: 'NANOCODER_PROVIDERS_FILE' } : null;
}
