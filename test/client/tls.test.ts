import assert from 'node:assert/strict';
import { createServer as createHttpsServer } from 'node:https';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import { cannedServer } from '../support/canned-server.js';
import { type Certificates, type KeyPair, makeCertificates } from '../support/certificates.js';
import { keeper } from '../support/keeper.js';
import { listening } from '../support/raw-server.js';
import { failureOf, isFailure, saying } from './failure-of.js';

describe('TLS', () => {
  const keep = keeper();

  describe('http and https mixed up', () => {
    let certificates: Certificates;

    before(() => {
      certificates = makeCertificates();
    });

    const secure = async (certificate: KeyPair) => {
      const https = createHttpsServer(certificate, (_request, response) => response.end('{"status":"ok"}'));
      return (await keep(listening(https))).port;
    };

    it('https to a port that speaks http', async () => {
      const plain = await keep(cannedServer({ '*': { body: { status: 'ok' } } }));
      const error = await failureOf(`https://127.0.0.1:${plain.port}`);
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.tls-mismatch',
        /does not speak TLS: use http:\/\/$/,
        /ERR_SSL|EPROTO/,
      );
    });

    it('http to a port that answers with a TLS alert, as OpenSSL does', async () => {
      const alert = await keep(saying(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])));
      const error = await failureOf(alert.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.tls-mismatch', /speaks TLS: use https:\/\/$/);
    });

    for (const [server, status, body] of [
      ['nginx', 400, '<center>The plain HTTP request was sent to HTTPS port</center>'],
      ['Go', 400, 'Client sent an HTTP request to an HTTPS server.\n'],
      ['Apache', 400, "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
    ] as const) {
      it(`http to a port of ${server}'s that says in clear that it speaks TLS`, async () => {
        const told = await keep(cannedServer({ '*': { status, body } }));
        const error = await failureOf(told.url);
        isFailure(error, 'CONNECTION_ERROR', 'connection.tls-mismatch', /speaks TLS: use https:\/\/$/);
      });
    }

    it('a certificate signed by itself', async () => {
      const error = await failureOf(`https://localhost:${await secure(certificates.selfSigned)}`);
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.tls-untrusted',
        /^the certificate of localhost:\d+ is not trusted/,
        /DEPTH_ZERO_SELF_SIGNED_CERT/,
      );
    });

    it('a certificate of an authority that nobody knows', async () => {
      const error = await failureOf(`https://localhost:${await secure(certificates.trusted)}`);
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.tls-untrusted',
        /not trusted/,
        /UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/,
      );
    });

    it('a certificate for another name', async () => {
      const url = `https://localhost:${await secure(certificates.wrongName)}`;
      const error = await failureOf(url, { caCert: certificates.authority.certFile });
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.tls-untrusted',
        /gpu1\.example\.com/,
        /ERR_TLS_CERT_ALTNAME_INVALID/,
      );
    });

    it('a certificate that has ended', async () => {
      const url = `https://localhost:${await secure(certificates.expired)}`;
      const error = await failureOf(url, { caCert: certificates.authority.certFile });
      isFailure(error, 'CONNECTION_ERROR', 'connection.tls-untrusted', /not trusted/, /CERT_HAS_EXPIRED/);
    });

    it('is none of these with the authority given, or with --insecure', async () => {
      for (const [certificate, options] of [
        [certificates.trusted, { caCert: certificates.authority.certFile }],
        [certificates.selfSigned, { insecure: true }],
        [certificates.expired, { insecure: true }],
      ] as const) {
        const client = new LlamaCppClient({
          baseUrl: `https://localhost:${await secure(certificate)}`,
          ...options,
        });
        assert.deepEqual(await client.health(), { status: 'ok' });
        await client.destroy();
      }
    });
  });
});
