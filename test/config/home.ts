import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../../src/config/load.js';
import { type ResolvedTarget, resolveTargets } from '../../src/config/resolve.js';

/** A working folder and a home, apart from the user's own. */
export interface Home {
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** Writes a file, relative to the working folder; `~/` is the home. */
  write(path: string, text: string, mode?: number): string;
  load(flags?: ConfigFlags, env?: Readonly<Record<string, string>>): Promise<LoadedConfig>;
  resolve(flags?: ConfigFlags, env?: Readonly<Record<string, string>>): Promise<ResolvedTarget[]>;
  remove(): void;
}

export function makeHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'llamactl-config-'));
  const cwd = join(root, 'work');
  const home = join(root, 'home');
  mkdirSync(cwd);
  mkdirSync(home);
  const env = { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), PATH: process.env['PATH'] ?? '' };
  const load: Home['load'] = (flags = {}, more = {}) => loadConfig({ cwd, env: { ...env, ...more }, flags });
  return {
    cwd,
    env,
    load,
    write: (path, text, mode = 0o600) => {
      const full = path.startsWith('~/') ? join(home, path.slice(2)) : join(cwd, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
      chmodSync(full, mode);
      return full;
    },
    resolve: async (flags = {}, more = {}) => resolveTargets(await load(flags, more), flags),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
