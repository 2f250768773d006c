import { isIP } from 'node:net';

const PRIVATE_V4 =
  /^(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|0)\./;
/** Loopback, link-local, unique local, and IPv4 addresses of the kinds above inside IPv6. */
const PRIVATE_V6 = /^(?:::1?$|fe[89ab][\da-f]:|f[cd][\da-f]{2}:|::ffff:)/i;
const INTERNAL_NAME =
  /^localhost$|^[^.]+$|\.(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa|svc|test|ts\.net)$/i;

/** Whether a host name or address is one of the open internet, as far as it tells by itself. */
export function isPublicHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) === 4) return !PRIVATE_V4.test(bare);
  if (isIP(bare) === 6) return !PRIVATE_V6.test(bare);
  return !INTERNAL_NAME.test(bare);
}

/** Whether a server is reached over the open internet. @param url as `parseBaseUrl` normalised it */
export function isRemote(url: string): boolean {
  return !url.startsWith('unix:') && URL.canParse(url) && isPublicHost(new URL(url).hostname);
}

/**
 * Whether what was meant for one target would leave the machine and its private network on the way to another. Each may have
 * several servers; one decides.
 */
export function leavesNetwork(from: readonly string[], to: readonly string[]): boolean {
  return !from.every(isRemote) && to.some(isRemote);
}
