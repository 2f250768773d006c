import { type Certificates, makeCertificates } from '../../support/certificates.js';
import { rawServer } from '../../support/raw-server.js';
import type { Lab } from '../lab.js';
import { problem, type Scenario } from '../scenario.js';
import { diagnose } from './ways.js';

/** A real server behind TLS with one of the certificates. */
async function behindTls(lab: Lab, certificate: keyof Certificates): Promise<string> {
  const { url } = await lab.server(['-c', '512']);
  return (await lab.httpProxy(url, { tls: makeCertificates()[certificate] })).url;
}

export const TLS: readonly Scenario[] = [
  {
    id: 'tls-https-to-http',
    // It waits for the end of a line that a handshake never has, so nothing comes back.
    title: 'https:// to a server that speaks http',
    layer: 'tls',
    waits: true,
    setUp: async (lab) => diagnose((await lab.server(['-c', '512'])).url.replace('http:', 'https:')),
    expect: problem('connection.tls-mismatch', { alone: true, mentions: [/http:\/\//] }),
  },
  {
    id: 'tls-http-to-https',
    title: 'http:// to a server that speaks https',
    layer: 'tls',
    setUp: async (lab) => diagnose((await behindTls(lab, 'trusted')).replace('https:', 'http:')),
    expect: problem('connection.tls-mismatch', { alone: true, mentions: [/https:\/\//] }),
  },
  {
    id: 'tls-http-to-https-nginx',
    title: 'http:// to the https port of nginx, which says so on a page',
    layer: 'tls',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512']);
      const { certFile, keyFile } = makeCertificates().trusted;
      const nginx = await lab.nginx(
        `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile}; location / { proxy_pass ${url}; }`,
        'ssl',
      );
      return diagnose(`http://127.0.0.1:${nginx.port}`);
    },
    expect: problem('connection.tls-mismatch', { alone: true, mentions: [/https:\/\//] }),
  },
  {
    id: 'tls-http-to-https-go',
    title: 'the same of a server in Go, which says so in a line',
    layer: 'tls',
    setUp: async (lab) => {
      const { url } = await lab.canned({
        '*': { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' },
      });
      return diagnose(url);
    },
    expect: problem('connection.tls-mismatch', { alone: true, mentions: [/https:\/\//] }),
  },
  {
    id: 'tls-http-to-https-alert',
    title: 'the same of a server that answers with an alert of TLS',
    layer: 'tls',
    setUp: async (lab) =>
      diagnose(
        lab.keep(
          await rawServer((socket) =>
            socket.once('data', () => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]))),
          ),
        ).url,
      ),
    expect: problem('connection.tls-mismatch', { alone: true, mentions: [/https:\/\//] }),
  },
  {
    id: 'tls-self-signed',
    title: 'a self-signed certificate',
    layer: 'tls',
    setUp: async (lab) => diagnose(await behindTls(lab, 'selfSigned')),
    expect: problem('connection.tls-untrusted', { alone: true, mentions: [/--ca-cert/] }),
  },
  {
    id: 'tls-private-authority',
    title: 'a certificate of a private authority that was not given',
    layer: 'tls',
    setUp: async (lab) => diagnose(await behindTls(lab, 'trusted')),
    expect: problem('connection.tls-untrusted', { alone: true, mentions: [/--ca-cert/] }),
  },
  {
    id: 'tls-wrong-authority',
    title: '--ca-cert names another authority',
    layer: 'tls',
    setUp: async (lab) =>
      diagnose(await behindTls(lab, 'trusted'), '--ca-cert', makeCertificates().otherAuthority.certFile),
    expect: problem('connection.tls-untrusted', { alone: true }),
  },
  {
    id: 'tls-expired',
    title: 'an expired certificate',
    layer: 'tls',
    setUp: async (lab) =>
      diagnose(await behindTls(lab, 'expired'), '--ca-cert', makeCertificates().authority.certFile),
    expect: problem('connection.tls-untrusted', { alone: true, mentions: [/expired/i] }),
  },
  {
    id: 'tls-wrong-name',
    title: 'a certificate of another host',
    layer: 'tls',
    setUp: async (lab) =>
      diagnose(await behindTls(lab, 'wrongName'), '--ca-cert', makeCertificates().authority.certFile),
    expect: problem('connection.tls-untrusted', { alone: true, mentions: [/gpu1\.example\.com/] }),
  },
];
