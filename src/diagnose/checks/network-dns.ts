import { type Check, failed, findingOf, passed, skipped } from '../check.js';

/** The name resolves. */
export const networkDns: Check = {
  id: 'network.dns',
  title: 'the name resolves',
  category: 'network',
  needs: [],
  asks: ['dns', 'health'],
  run({ dns, health, proxy }) {
    if (dns.state === 'not-asked') return skipped(dns.reason);
    if (dns.state === 'known') return passed(dns.value.addresses.join(', '));
    // Behind a proxy the name need not be known here: what HTTP says counts.
    if (health.state === 'known' && proxy !== null) return passed(`known to the proxy ${proxy} only`);
    return failed(dns.error.message, findingOf(dns.error, 100));
  },
};
