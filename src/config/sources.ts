import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ['llamactl.config.json', 'llamactl.config.yaml', 'llamactl.config.yml', 'agents.config.json'];
const USER_NAMES = ['config.json', 'config.yaml', 'config.yml'];

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
  for (const name of NAMES) {
    if (existsSync(join(cwd, name))) return { path: join(cwd, name), label: name, required: false };
  }
  const folder = userFolder(process.platform, env);
  for (const name of USER_NAMES) {
    const path = join(folder, name);
    if (existsSync(path)) return { path, label: path, required: false };
  }
  return null;
}

/** The user's configuration folder: `$XDG_CONFIG_HOME/llamactl` everywhere it is set, else the platform's own. */
export function userFolder(platform: NodeJS.Platform, env: Environment): string {
  if (env['XDG_CONFIG_HOME']) return join(env['XDG_CONFIG_HOME'], 'llamactl');
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  if (platform === 'win32') return join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), 'llamactl');
  return platform === 'darwin'
    ? join(home, 'Library', 'Preferences', 'llamactl')
    : join(home, '.config', 'llamactl');
}
