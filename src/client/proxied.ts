import type { Agent as AgentType } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { usageError } from '../errors/llamactl-error.js';
import type { HttpDispatcher } from './http-types.js';
import { ProxyError } from './transport-error.js';

export interface ProxiedOptions {
  /** As the environment names it; a user name and password in it are the proxy's. */
  readonly proxy: string;
  readonly target: URL;
  readonly agent: AgentType.Options;
  /** For connections to the proxy, and for TLS with the server behind it. */
  readonly connect: {
    /** Milliseconds. */
    readonly timeout: number;
    readonly ca?: string[];
    readonly rejectUnauthorized?: boolean;
  };
}

/**
 * The connections to a server behind a proxy. A server that speaks http is asked for by its whole URL, as curl and browsers
 * do it (many proxies allow CONNECT to port 443 alone); one that speaks https through a tunnel.
 *
 * undici has a ProxyAgent; it asks a proxy that closes the connection again without pause, a thousand times a second
 * (7.30), and needs the whole of undici, which costs a start 40 ms.
 * @throws LlamactlError (usage) where the proxy is none that we can speak to
 */
export function createProxied({ proxy: text, target, agent, connect }: ProxiedOptions): HttpDispatcher {
  const proxy = URL.canParse(text) ? new URL(text) : null;
  const variable = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  if (proxy === null || !/^https?:$/.test(proxy.protocol)) {
    throw usageError(
      `the proxy of ${variable} is ${proxy === null ? 'no URL' : `of a kind that is not supported (${proxy.protocol.slice(0, -1)})`}`,
      [
        { text: 'Name one that speaks http:', commands: [`export ${variable}=http://HOST:PORT`] },
        { text: 'Or reach the server directly:', commands: [`export NO_PROXY=${target.hostname}`] },
      ],
    );
  }
  return target.protocol === 'https:' ? tunnelled(proxy, agent, connect) : forwarded(proxy, agent, connect);
}

function forwarded(
  proxy: URL,
  agent: ProxiedOptions['agent'],
  connect: ProxiedOptions['connect'],
): HttpDispatcher {
  const toProxy = buildConnector(connect);
  const connections = new Agent({
    ...agent,
    connect: (options, done) => {
      toProxy(options, (...[error, socket]) =>
        error === null
          ? done(null, socket)
          : done(new ProxyError(`${proxy.host} of HTTP_PROXY`, error), null),
      );
    },
  });
  return {
    dispatch: ({ origin, path, headers, ...request }, handler) =>
      connections.dispatch(
        {
          ...request,
          origin: proxy.origin,
          path: `${origin}${path}`,
          headers: { ...headers, host: new URL(origin).host, ...credentials(proxy) },
        },
        handler,
      ),
    close: () => connections.close(),
    destroy: () => connections.destroy(),
  };
}

function tunnelled(
  proxy: URL,
  agent: ProxiedOptions['agent'],
  connect: ProxiedOptions['connect'],
): HttpDispatcher {
  const withServer = buildConnector(connect);
  return new Agent({
    ...agent,
    connect: (options, done) => {
      const authority = `${options.hostname}:${options.port || 443}`;
      openTunnel(proxy, authority, connect).then(
        (httpSocket) => void withServer({ ...options, httpSocket }, done),
        (error: Error) => done(error, null),
      );
    },
  });
}

/** @throws ProxyError */
async function openTunnel(proxy: URL, authority: string, { timeout, ...tls }: ProxiedOptions['connect']) {
  const { request } = await (proxy.protocol === 'https:' ? import('node:https') : import('node:http'));
  return new Promise<import('node:net').Socket>((resolve, reject) => {
    const asked = request({
      ...tls,
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...credentials(proxy) },
      agent: false,
      timeout,
    });
    asked.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new ProxyError(`${proxy.host} of HTTPS_PROXY`, statusCode));
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer in ${timeout} ms`)));
    asked.once('error', (error) => reject(new ProxyError(`${proxy.host} of HTTPS_PROXY`, error)));
    asked.end();
  });
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
