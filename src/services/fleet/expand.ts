import { usageError } from '../../errors/llamactl-error.js';

/**
 * The servers that addresses stand for:
 * - `@FILE`: an address a line, blank lines and `#` comments left out; `@-` is stdin
 * - `dns+srv://NAME[/PREFIX]`: the targets of SRV records, by http; `dns+srv+https://` by https
 * - `k8s://NAMESPACE/SERVICE[:PORT][/PREFIX]`: the endpoints of a Service, asked for with kubectl; PORT is a name or number
 *
 * Anything else stands for itself. A server that is named twice is one.
 * @throws LlamactlError (usage) for what cannot be read, and where nothing is behind it
 */
export async function expandUrls(urls: readonly string[], signal: AbortSignal): Promise<string[]> {
  const lists = await Promise.all(
    urls.map(async (url) => {
      const list = await expand(url, signal);
      if (list.length === 0) throw usageError(`${url} names no server`);
      return list;
    }),
  );
  return [...new Set(lists.flat())];
}

async function expand(url: string, signal: AbortSignal): Promise<readonly string[]> {
  if (url.startsWith('@')) return (await import('./list-file.js')).readList(url.slice(1), process.stdin);
  if (url.startsWith('dns+srv')) return (await import('./srv-records.js')).resolveServers(url);
  if (url.startsWith('k8s:')) return (await import('./kubernetes.js')).listEndpoints(url, signal);
  return [url];
}
