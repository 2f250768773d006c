import { Resolver } from 'node:dns/promises';
import { usageError } from '../../errors/llamactl-error.js';

/** Milliseconds for one try of a name server; two are made. */
const TIMEOUT = 3000;

/**
 * The servers that SRV records name, those of the best priority first.
 * @param url `dns+srv://_llama._tcp.example.com/PREFIX`
 * @param nameServers addresses to ask instead of the system's
 * @throws LlamactlError (usage) where there are no such records
 */
export async function resolveServers(
  url: string,
  nameServers: readonly string[] = nameServersOf(process.env),
): Promise<readonly string[]> {
  const [, https, name, prefix = ''] = /^dns\+srv(\+https)?:\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/.exec(url) ?? [];
  if (name === undefined)
    throw usageError(`${url} is no address of SRV records`, [
      { text: 'Write it so:', commands: ['--url dns+srv://_http._tcp.llama.default.svc.cluster.local'] },
    ]);
  const resolver = new Resolver({ timeout: TIMEOUT, tries: 2 });
  if (nameServers.length > 0) resolver.setServers([...nameServers]);
  try {
    const records = await resolver.resolveSrv(name);
    return records
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight || (a.name < b.name ? -1 : 1))
      .map(({ name: host, port }) => {
        const bare = host.replace(/\.$/, '');
        const literal = bare.includes(':') ? `[${bare}]` : bare;
        return `http${https === undefined ? '' : 's'}://${literal}:${port}${prefix.replace(/\/$/, '')}`;
      });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw usageError(`${name} has no SRV records: ${REASONS[code] ?? code}`, [
      { text: 'See what a name server says:', commands: [`dig +short SRV ${name}`] },
    ]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'the name has other records only',
  ETIMEOUT: 'no name server answered',
  ECONNREFUSED: 'no name server listens',
  ESERVFAIL: 'the name server failed',
};

/** `LLAMACTL_DNS`: name servers to ask, `ADDRESS[:PORT]` each, separated by commas. */
function nameServersOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return (env['LLAMACTL_DNS'] ?? '').split(',').filter((address) => address !== '');
}
