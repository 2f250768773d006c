import { type ConnectionFlags, listOf } from './connection-flags.js';

/** An address that stands for several servers (services/fleet, loaded only where there is one). */
const MANY = /^(?:@|dns\+srv(?:\+https)?:|k8s:)/;

/**
 * The flags with each server named: `--url @FILE`, `dns+srv://NAME` and `k8s://NAMESPACE/SERVICE` stand for many.
 * @throws LlamactlError (usage)
 */
export async function withEachServer<Flags extends ConnectionFlags>(
  flags: Flags,
  signal: AbortSignal,
): Promise<Flags> {
  const given = listOf(flags.url);
  const meant =
    given.length > 0 || listOf(flags.target).length > 0 ? given : [process.env['LLAMACTL_URL'] ?? ''];
  if (!meant.some((url) => MANY.test(url))) return flags;
  const { expandUrls } = await import('../services/fleet/expand.js');
  return { ...flags, url: await expandUrls(meant, signal) };
}
