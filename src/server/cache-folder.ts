import { join } from 'node:path';
import envPaths from 'env-paths';

/**
 * The folder for what can be made or fetched anew: server copies, generated models. `$XDG_CACHE_HOME/llamactl` wherever that
 * variable is set, else the platform's own (`~/.cache/llamactl`, `~/Library/Caches/llamactl`, `%LOCALAPPDATA%\llamactl\Cache`).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env['XDG_CACHE_HOME'];
  return xdg ? join(xdg, 'llamactl') : envPaths('llamactl', { suffix: '' }).cache;
}
