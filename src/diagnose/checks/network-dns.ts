import { type Check, failed, findingOf, originLine, passed, skipped } from '../check.js';

/** The name resolves. */
export const networkDns: Check = {
  id: 'network.dns',
  title: 'the name resolves',
  category: 'network',
  needs: [],
  asks: ['dns'],
  run(facts) {
    const { dns } = facts;
    if (dns.state === 'not-asked') return skipped(dns.reason);
    if (dns.state === 'known') return passed(dns.value.addresses.join(', '));
    const origin = originLine(facts);
    const found = findingOf(dns.error, 100);
    return failed(
      dns.error.message,
      origin === null ? found : { ...found, evidence: [...found.evidence, origin] },
    );
  },
};
