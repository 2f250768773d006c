import { cacheFolder } from '../cache-folder.js';
import { cachedServer } from './cached.js';
import { type PackagePin, PREBUILT_SERVER, type ServerPin, SOURCE_SERVER } from './pins.js';
import { ensurePrebuilt, PrebuiltUnusable, whyNotPrebuilt } from './prebuilt.js';
import type { InstallContext, InstallOptions } from './progress.js';
import { ensureSource } from './source.js';

/** A llama-server in the cache folder. */
export interface InstalledServer {
  readonly path: string;
  readonly pin: ServerPin;
}

export interface EnsureOptions extends InstallOptions {
  /** `prebuilt` is quick, runs the built-in model alone, and falls back to `source`. */
  readonly prefer: 'prebuilt' | 'source';
}

/**
 * A llama-server that works here: from the cache, else prebuilt after its probe, else built from the pinned source. Nothing
 * else is downloaded than what pins.ts names. Safe when several processes do it at once.
 * @throws LlamactlError where tools are missing (exit 2) or it cannot be had; what the signal was aborted with
 */
export async function ensureServer(options: EnsureOptions): Promise<InstalledServer> {
  const context = contextOf(options);
  const built = await cachedServer(context.cacheDirectory, SOURCE_SERVER);
  // What is built runs everything, so it is as good as the prebuilt one.
  if (built !== null) return built;
  if (options.prefer === 'prebuilt') {
    try {
      const path = await ensurePrebuilt(context);
      context.report({ step: 'done', message: `llama-server ${PREBUILT_SERVER.version} is ready` });
      return { path, pin: PREBUILT_SERVER };
    } catch (error) {
      if (!(error instanceof PrebuiltUnusable)) throw error;
      context.report({
        step: 'fallback',
        message: `not the prebuilt llama-server: ${error.message}. Building one from source`,
      });
    }
  }
  const path = await ensureSource(context);
  context.report({ step: 'done', message: `llama-server ${SOURCE_SERVER.version} is ready` });
  return { path, pin: SOURCE_SERVER };
}

/** What {@link ensureServer} would do where the cache is empty, for people to agree to: `download …`. */
export async function describeInstall(options: EnsureOptions): Promise<string> {
  const { source, version } = SOURCE_SERVER;
  const build = `download the source of llama-server ${version} (${nameOf(source)}) and build it (some 4 minutes on 2 cores)`;
  if (options.prefer === 'source' || (await whyNotPrebuilt(contextOf(options))) !== null) return build;
  return `download llama-server ${PREBUILT_SERVER.version} (${nameOf(PREBUILT_SERVER.source)}) or, where that does not run, ${build}`;
}

function nameOf({ name, version, size }: PackagePin): string {
  return `${Math.round(size / 1e6)} MB, ${name} ${version}`;
}

/** The options with their defaults. */
export function contextOf(options: InstallOptions): InstallContext {
  const env = options.env ?? process.env;
  return {
    cacheDirectory: options.cacheDirectory ?? cacheFolder(env),
    report: options.onProgress ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
    env,
  };
}
