import { join } from 'node:path';
import envPaths from 'env-paths';
import { makeFolder } from '../client/make-folder.js';
import { usageError } from '../errors/llamactl-error.js';

/**
 * The folder for what can be made or fetched anew: server copies, generated models. `$XDG_CACHE_HOME/llamactl` wherever that
 * variable is set, else the platform's own (`~/.cache/llamactl`, `~/Library/Caches/llamactl`, `%LOCALAPPDATA%\llamactl\Cache`).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const xdg = env['XDG_CACHE_HOME'];
  return xdg ? join(xdg, 'llamactl') : envPaths('llamactl', { suffix: '' }).cache;
}

/**
 * Makes a folder inside the cache.
 * @throws LlamactlError (usage) where the system does not let us
 */
export async function makeCacheFolder(path: string): Promise<void> {
  await makeFolder(path, 0o777).catch((error: Error) => {
    throw usageError(`${path} cannot be made: ${error.message}`, [
      { text: 'Keep downloads and models in another folder:', commands: ['export XDG_CACHE_HOME=FOLDER'] },
    ]);
  });
}
