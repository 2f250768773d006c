import { limited } from './limits.js';
import type { WatchedServer } from './look.js';
import { type Tick, watchServers } from './watch.js';

/** Milliseconds between two looks where one line is wanted: a slow model's token comes in it, and nobody minds the wait. */
export const ONCE = 1000;

/** One line of a watch: servers are looked at twice, since rates are of the time between two looks. @throws as the watch does */
export async function watchOnce(servers: readonly WatchedServer[], signal: AbortSignal): Promise<Tick> {
  const ticks = watchServers(servers, { intervalMs: ONCE }, signal);
  for await (const tick of limited(ticks, { lines: 2, lastOnly: true })) return tick;
  throw new Error('a watch ended before its second line');
}
