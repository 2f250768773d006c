import type { Finding } from '../../catalogue/entry.js';
import { type Check, failed, finding, passed, skipped } from '../check.js';
import { endpointOf } from '../gather/network.js';

/** The key is needed, and nobody on the way can read it. */
export const keyHygiene: Check = {
  id: 'key.hygiene',
  title: 'the key is needed, and cannot be read on the way',
  category: 'key',
  needs: ['key.accepted'],
  asks: ['keyless'],
  run(facts) {
    const { configured, keyless, dns } = facts;
    if (!configured.keyGiven) return skipped('no key is given');
    const isLlama = facts.program === 'llama.cpp';
    const findings: Finding[] = [];
    if (keyless.state === 'known' && keyless.value.accepted) {
      findings.push(
        finding('config.invalid', facts, {
          severity: 'info',
          title: 'a key is given, and the server takes requests without one',
          evidence: [`GET ${isLlama ? '/props' : '/v1/models'} without the key → 200`],
          rank: 10,
          remedies: [
            isLlama
              ? {
                  text: 'Leave the key out, or start the server with it:',
                  commands: ['llama-server -m MODEL --api-key-file FILE'],
                }
              : { text: 'Leave the key out, where the server is meant to need none.', commands: [] },
          ],
        }),
      );
    }
    const url = new URL(facts.url);
    const { host } = endpointOf(url);
    const addresses = dns.state === 'known' ? dns.value.addresses : [host];
    if (url.protocol === 'http:' && addresses.some((address) => !isPrivate(address))) {
      const title = `the key goes in clear over the network to ${host}`;
      return failed(
        title,
        ...findings,
        finding('config.invalid', facts, {
          severity: 'warning',
          title,
          evidence: [`${url.origin} is http, and ${addresses.join(', ')} is no private address`],
          rank: 40,
          remedies: [
            {
              text: 'Put TLS in front of the server, and use https:',
              commands: [`llamactl diagnose --url https://${url.host}`],
            },
          ],
        }),
      );
    }
    return passed(findings.length > 0 ? 'not needed' : 'needed', ...findings);
  },
};

/** Loopback, link-local and private networks, where many run without TLS on purpose. */
export function isPrivate(address: string): boolean {
  return (
    /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      address,
    ) || /^(?:::1$|fe80:|f[cd][0-9a-f]{2}:|::ffff:(?:127|10)\.)/i.test(address)
  );
}
