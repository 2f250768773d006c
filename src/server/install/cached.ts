import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, SERVER_PINS, type ServerPin } from './pins.js';

/** A llama-server in the cache. */
export interface CachedServer {
  readonly path: string;
  readonly pin: ServerPin;
}

/** Where the servers of a cache folder are. */
export function serversFolder(cacheDirectory: string): string {
  return join(cacheDirectory, 'servers');
}

/** Where a pinned server is, or will be. */
export function serverPath(cacheDirectory: string, pin: ServerPin): string {
  const name = process.platform === 'win32' ? 'llama-server.exe' : 'llama-server';
  return join(serversFolder(cacheDirectory), folderOf(pin), name);
}

/** A pinned server, where the cache has it. A folder only gets its name once all is in it. */
export async function cachedServer(cacheDirectory: string, pin: ServerPin): Promise<CachedServer | null> {
  const path = serverPath(cacheDirectory, pin);
  const facts = await stat(path).catch(() => null);
  return facts?.isFile() ? { path, pin } : null;
}

/** The servers of the cache, the one to prefer first. */
export async function cachedServers(
  cacheDirectory: string,
  { anyModel }: { readonly anyModel: boolean },
): Promise<CachedServer[]> {
  const pins = SERVER_PINS.filter(({ models }) => models === 'any' || !anyModel);
  const found = await Promise.all(pins.map((pin) => cachedServer(cacheDirectory, pin)));
  return found.filter((server) => server !== null);
}
