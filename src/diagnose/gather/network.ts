import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { toError } from '../../catalogue/to-error.js';
import type { LlamactlError } from '../../errors/llamactl-error.js';
import type { DnsFacts, TcpFacts } from '../facts.js';

/** Host and port of a URL, the brackets of an IPv6 address taken off. */
export function endpointOf(url: URL): { readonly host: string; readonly port: number } {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
}

/**
 * The addresses that a URL's host has.
 * @throws LlamactlError (connection.dns; connection.timeout where the resolver does not answer)
 */
export async function resolveName(url: URL, timeoutMs: number): Promise<DnsFacts> {
  const { host } = endpointOf(url);
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    const reason = Object.assign(new Error(`the resolver did not answer in ${timeoutMs} ms`), {
      code: 'EAI_AGAIN',
    });
    timer = setTimeout(() => reject(reason), timeoutMs);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), silent]);
    return { addresses: found.map(({ address }) => address) };
  } catch (error) {
    throw await failure(url, error);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Opens a connection and closes it, apart from HTTP: so that a server that accepts and never answers is told from a silent
 * host.
 * @throws LlamactlError (connection.refused, connection.timeout …)
 */
export async function probeTcp(url: URL, signal: AbortSignal, timeoutMs: number): Promise<TcpFacts> {
  const { host, port } = endpointOf(url);
  const started = performance.now();
  try {
    const address = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host, port, signal, autoSelectFamily: true });
      const fail = (error: Error) => {
        socket.destroy();
        reject(error);
      };
      socket.setTimeout(timeoutMs, () =>
        fail(Object.assign(new Error(`no connection in ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
      );
      socket.once('error', fail);
      socket.once('connect', () => {
        const { remoteAddress = host } = socket;
        socket.destroy();
        resolve(remoteAddress);
      });
    });
    return { connectMs: Math.round((performance.now() - started) * 10) / 10, address };
  } catch (error) {
    throw await failure(url, error, timeoutMs);
  }
}

/** A failure below HTTP as the error that it is for the user. */
export function failure(url: URL, error: unknown, timeoutMs?: number): Promise<LlamactlError> {
  const { host, port } = endpointOf(url);
  return toError(
    {
      kind: 'exception',
      error,
      phase: 'connect',
      url: url.href,
      method: 'connect',
      path: `${host}:${port}`,
      sentKey: false,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
    { url: url.origin, host, port },
  );
}
