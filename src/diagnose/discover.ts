import type { ServerKind } from '../catalogue/identify-server.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { findServerProcesses } from '../server/processes.js';
import { checkHealth } from '../services/health.js';
import { identifyStranger, type OpenClient } from './gather/identity.js';
import { probeTcp } from './gather/network.js';

/** A server that answers on this machine. */
export interface DiscoveredServer {
  readonly url: string;
  readonly kind: ServerKind;
}

/** Where servers are met: llama-server today and tomorrow, Ollama, LM Studio, llama-swap. */
export const KNOWN_PORTS = [8080, 9931, 11_434, 1234, 9292];

/** Milliseconds: loopback connects at once, and a live server says what it is soon. */
const CONNECT_TIMEOUT = 500;
const ANSWER_TIMEOUT = 1500;

/**
 * The servers of this machine: on the ports where they are met, and wherever a llama-server process listens.
 * @returns llama-servers first, then by port
 * @throws LlamactlError (interrupted)
 */
export async function discoverServers(open: OpenClient, signal: AbortSignal): Promise<DiscoveredServer[]> {
  const processes = await findServerProcesses();
  const theirs = new Set(
    processes.filter(({ routerPid }) => routerPid === undefined).flatMap(({ ports }) => ports),
  );
  const ports = new Set([...KNOWN_PORTS, ...theirs]);
  const found = await Promise.all(
    [...ports].map((port) => lookAt(`http://localhost:${port}`, theirs.has(port), open, signal)),
  );
  return found
    .filter((server) => server !== null)
    .sort((a, b) => Number(b.kind === 'llama.cpp') - Number(a.kind === 'llama.cpp'));
}

/** @param isTheirs a llama-server process listens there: one that does not answer, or not so, is all the more to be diagnosed */
async function lookAt(
  url: string,
  isTheirs: boolean,
  open: OpenClient,
  signal: AbortSignal,
): Promise<DiscoveredServer | null> {
  try {
    await probeTcp(new URL(url), signal, CONNECT_TIMEOUT);
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return isTheirs && error.code !== 'connection.refused' ? { url, kind: 'llama.cpp' } : null;
  }
  const client = open({ baseUrl: url });
  try {
    const { report } = await checkHealth(client, signal, ANSWER_TIMEOUT);
    if (isTheirs || report.ready || report.status === 'loading' || report.status === 'unauthorized')
      return { url, kind: 'llama.cpp' };
    const kind = report.server.kind ?? 'unknown';
    const named = kind !== 'unknown' && kind !== 'proxy';
    return {
      url,
      kind: named ? kind : await identifyStranger(open, url, { signal, timeout: ANSWER_TIMEOUT }),
    };
  } finally {
    await client.destroy();
  }
}
