import { readFileSync } from 'node:fs';
import Agent from 'undici/lib/dispatcher/agent.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { endpointOf } from '../wire/base-url.js';
import type { HttpDispatcher } from './http-types.js';
import type { PoolOptions } from './types.js';

/** The specification's 7.6. */
export const POOL_DEFAULTS: Required<PoolOptions> = {
  maxConnections: 5,
  maxIdleTime: 300_000,
  connectionTimeout: 10_000,
};

export interface DispatcherOptions {
  readonly baseUrl: string;
  readonly pool: Required<PoolOptions>;
  readonly caCert?: string;
  readonly insecure?: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The connections to one server: an undici Agent, through a proxy where the environment names one for this URL.
 * @throws LlamactlError (usage) where the CA file cannot be read, or the proxy is none that we can speak to
 */
export async function createDispatcher(options: DispatcherOptions): Promise<HttpDispatcher> {
  const { pool } = options;
  const tls = {
    ...(options.caCert === undefined
      ? {}
      : { ca: [...(await import('node:tls')).rootCertificates, readCertificates(options.caCert)] }),
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
  };
  const common = {
    connections: pool.maxConnections,
    // undici's word for "one request at a time on a connection"; 0 would close it after each.
    pipelining: 1,
    // llama-server announces `Keep-Alive: timeout=5`, which undici keeps within; this is for servers that say nothing.
    keepAliveTimeout: pool.maxIdleTime,
    keepAliveMaxTimeout: pool.maxIdleTime,
    // Deadlines are ours (http.ts): undici's 300 s end a long prefill, and its timers are a second coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const { socketPath } = endpointOf(options.baseUrl);
  const connect = {
    timeout: pool.connectionTimeout + 1000,
    ...tls,
    ...(socketPath === null ? {} : { socketPath }),
  };
  const proxy = proxyFor(new URL(options.baseUrl), options.env);
  if (proxy === null) return new Agent({ ...common, connect });
  const { createProxied } = await import('./proxied.js');
  return createProxied({ proxy, target: new URL(options.baseUrl), agent: common, connect });
}

/**
 * The proxy that the environment names for a URL; null where none does. A loopback host is never proxied (as in Go and
 * in browsers): a corporate `HTTP_PROXY` cannot reach this machine's own ports.
 */
export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): string | null {
  // A socket of this machine is no proxy's to reach.
  if (url.protocol === 'unix:') return null;
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const proxy = url.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY');
  if (proxy === undefined) return null;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(host)) return null;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const excluded = (read('NO_PROXY') ?? '').split(/[\s,]+/).some((entry) => {
    if (entry === '') return false;
    if (entry === '*') return true;
    const [, name = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (entryPort !== undefined && entryPort !== port) return false;
    const suffix = name.toLowerCase().replace(/^\*?\.?/, '');
    return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
  });
  if (excluded) return null;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** Whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d+){3}$/.test(host)
  );
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LlamactlError({
      type: 'USAGE_ERROR',
      code: 'usage.invalid',
      message: `the CA certificate ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      remedies: [{ text: 'Give a PEM file with --ca-cert.', commands: [] }],
      cause: error,
    });
  }
}
