import { cacheFolder } from '../cache-folder.js';
import { cachedServer } from './cached.js';
import { PREBUILT_SERVER, type ServerPin, SOURCE_SERVER } from './pins.js';
import { ensurePrebuilt, PrebuiltUnusable, unsuitable } from './prebuilt.js';
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

/** What {@link ensureServer} would download where the cache is empty, as a sentence for people to agree to. */
export function describeInstall(prefer: EnsureOptions['prefer']): string {
  const pin = prefer === 'prebuilt' && unsuitable() === null ? PREBUILT_SERVER : SOURCE_SERVER;
  const megabytes = Math.round(pin.source.size / 1e6);
  return pin.origin === 'prebuilt'
    ? `download llama-server ${pin.version} (${megabytes} MB, ${pin.source.name} ${pin.source.version})`
    : `download the source of llama-server ${pin.version} (${megabytes} MB, ${pin.source.name} ${pin.source.version}) and build it, some 4 minutes on 2 cores`;
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
