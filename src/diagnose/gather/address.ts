import type { Facts } from '../facts.js';

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
