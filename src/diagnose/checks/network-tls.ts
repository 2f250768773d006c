import { type Check, failed, findingOf, passed, skipped } from '../check.js';

const DAY = 86_400_000;
/** Days before its end at which a certificate is worth a word. */
const SOON = 7;

/** The certificate is trusted, and holds for a while. */
export const networkTls: Check = {
  id: 'network.tls',
  title: 'the certificate is trusted',
  category: 'network',
  needs: ['network.tcp'],
  asks: ['tls', 'health'],
  run({ tls, health, proxy }) {
    if (tls.state === 'not-asked') return skipped(tls.reason);
    if (tls.state === 'failed') {
      if (health.state === 'known' && proxy !== null) return passed(`through the proxy ${proxy}`);
      return failed(tls.error.message, findingOf(tls.error, 97));
    }
    const { protocol, issuer, validTo } = tls.value;
    const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY);
    const end = Number.isFinite(days) && days <= SOON ? `, ends in ${days} days` : '';
    return passed(`${protocol ?? 'TLS'}, issued by ${issuer}${end}`);
  },
};
