import type { Facts } from '../facts.js';
import { type AskOptions, answerOf, type OpenClient } from './identity.js';
import { probeTls } from './tls.js';

/** Whether http and https may be mixed up: servers answer the wrong one with silence or a reset. */
export function isSchemeInDoubt(health: Facts['health'], tls: Facts['tls']): boolean {
  return [health, tls].some(
    (fact) =>
      fact.state === 'failed' && /^connection\.(?:reset|timeout)$|^server\.wedged$/.test(fact.error.code),
  );
}

/** Whether the port speaks the other one of http and https. */
export async function tryOtherScheme(
  open: OpenClient,
  baseUrl: string,
  options: AskOptions,
): Promise<{ readonly answers: boolean }> {
  if (baseUrl.startsWith('http:'))
    return {
      answers: await probeTls(new URL(baseUrl), { insecure: true }, options.signal, options.timeout).then(
        () => true,
        () => false,
      ),
    };
  const client = open({ baseUrl: baseUrl.replace(/^https:/, 'http:') });
  try {
    return { answers: (await answerOf(client, '/health', options)) !== null };
  } finally {
    await client.destroy();
  }
}

/** Whether something that is no llama-server has answered, or may have. */
export function answersOtherwise(health: Facts['health']): boolean {
  return (
    health.state === 'failed' &&
    /^connection\.wrong-|^auth\.|^feature\.|^network\.proxy|^server\.crashed|^request\.|^model\./.test(
      health.error.code,
    )
  );
}

/** The variable that names the proxy: curl and its kin read the small one first. */
export function proxyVariable({ protocol }: URL, env: Readonly<Record<string, string | undefined>>): string {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return env[name.toLowerCase()] ? name.toLowerCase() : name;
}

/** A proxy's address without its credentials. */
export function maskProxy(proxy: string): string {
  return proxy.replace(/:\/\/[^/@]*@/, '://***@');
}
