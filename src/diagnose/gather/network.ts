import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { ServerKind } from '../../catalogue/identify-server.js';
import { toError } from '../../catalogue/to-error.js';
import type { LlamactlError } from '../../errors/llamactl-error.js';
import type { DnsFacts, TcpFacts } from '../facts.js';

/** Host and port of a URL, the brackets of an IPv6 address taken off; of a unix socket its path, and port 0. */
export function endpointOf(url: URL): { readonly host: string; readonly port: number } {
  if (url.protocol === 'unix:') return { host: url.pathname, port: 0 };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
}

/**
 * The addresses that a URL's host has.
 * @throws LlamactlError (connection.dns; connection.timeout where the resolver does not answer)
 */
export async function resolveName(url: URL, timeoutMs: number, program?: ServerKind): Promise<DnsFacts> {
  const { host } = endpointOf(url);
  if (url.protocol === 'unix:') return { addresses: [host] };
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
    throw await failure(url, error, { program });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Opens a connection and closes it, apart from HTTP: so that a server that accepts and never answers is told from a silent
 * host.
 * @throws LlamactlError (connection.refused, connection.timeout …)
 */
export async function probeTcp(
  url: URL,
  signal: AbortSignal,
  timeoutMs: number,
  program?: ServerKind,
): Promise<TcpFacts> {
  const { host, port } = endpointOf(url);
  const started = performance.now();
  try {
    const address = await new Promise<string>((resolve, reject) => {
      const where = url.protocol === 'unix:' ? { path: host } : { host, port, autoSelectFamily: true };
      const socket = connect({ ...where, signal });
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
    throw await failure(url, error, { timeoutMs, program });
  }
}

/**
 * A failure below HTTP as the error that it is for the user.
 * @param about milliseconds of the deadline, and the program that is meant to answer there; default llama.cpp
 */
export function failure(
  url: URL,
  error: unknown,
  { timeoutMs, program }: { readonly timeoutMs?: number; readonly program?: ServerKind | undefined } = {},
): Promise<LlamactlError> {
  const { host, port } = endpointOf(url);
  const isSocket = url.protocol === 'unix:';
  return toError(
    {
      kind: 'exception',
      error,
      phase: 'connect',
      url: url.href,
      method: 'connect',
      path: isSocket ? host : `${host}:${port}`,
      sentKey: false,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(program === undefined ? {} : { program }),
    },
    isSocket ? { url: url.href } : { url: url.origin, host, port },
  );
}
