import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeCacheFolder } from './cache-folder.js';
import { encodeTinyModel, TINY_CONTEXT_LENGTH } from './tiny-model/bigram-model.js';

/** Raised with every change of the model's bytes, so that a copy in the cache is never an old one. */
const CONTENT_VERSION = 1;

/**
 * Writes the built-in model. Readers see the whole file or none.
 * @param path where to; its folder is made
 * @param options.contextLength tokens that the model claims to be trained for; default 8192
 */
export async function writeTinyModel(
  path: string,
  { contextLength = TINY_CONTEXT_LENGTH }: { readonly contextLength?: number } = {},
): Promise<void> {
  await makeCacheFolder(dirname(path));
  const temporary = `${path}.${process.pid}-${process.hrtime.bigint().toString(36)}.tmp`;
  try {
    await writeFile(temporary, encodeTinyModel(contextLength));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * The built-in model in the cache folder, written there where it is not yet.
 * @returns its path
 */
export async function ensureTinyModel(cacheDirectory: string): Promise<string> {
  const path = join(cacheDirectory, 'models', `tiny-v${CONTENT_VERSION}.gguf`);
  const known = await stat(path).catch(() => null);
  if (!known?.isFile()) await writeTinyModel(path);
  return path;
}
