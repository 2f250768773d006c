import { type Check, type Conclusion, failed, finding, findingOf, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';

const DAY = 86_400_000;
/** Days before its end at which a certificate is worth a word. */
const SOON = 7;

/** The certificate is trusted, and holds for a while. */
export const networkTls: Check = {
  id: 'network.tls',
  title: 'the certificate is trusted',
  category: 'network',
  needs: ['network.tcp'],
  asks: ['tls', 'health', 'otherScheme'],
  run(facts) {
    const { tls } = facts;
    if (tls.state === 'not-asked') return mismatch(facts) ?? skipped(tls.reason);
    if (tls.state === 'failed') {
      return mismatch(facts) ?? failed(tls.error.message, findingOf(tls.error, 97));
    }
    const { protocol, issuer, validTo } = tls.value;
    const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY);
    const end = Number.isFinite(days) && days <= SOON ? `, ends in ${days} days` : '';
    return passed(`${protocol ?? 'TLS'}, issued by ${issuer}${end}`);
  },
};

/** http and https mixed up, which the port answers with silence or a reset; null where they are not. */
function mismatch(facts: Facts): Conclusion | null {
  const { otherScheme, tls, health, url } = facts;
  if (otherScheme.state !== 'known' || !otherScheme.value.answers) return null;
  const isHttps = url.startsWith('https:');
  const other = isHttps ? url.replace(/^https:/, 'http:') : url.replace(/^http:/, 'https:');
  const { host } = new URL(url);
  const title = isHttps ? `${host} does not speak TLS: use http://` : `${host} speaks TLS: use https://`;
  const evidence = [tls, health].flatMap((fact) => (fact.state === 'failed' ? fact.error.evidence : []));
  return failed(
    title,
    finding('connection.tls-mismatch', facts, {
      title,
      evidence: [...new Set(evidence), `${other} answers`],
      rank: 97,
      remedies: [{ text: 'Use that address:', commands: [`llamactl diagnose --url ${other}`] }],
    }),
  );
}
