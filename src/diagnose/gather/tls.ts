import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, rootCertificates, type TLSSocket } from 'node:tls';
import type { TlsFacts } from '../facts.js';
import { endpointOf, failure } from './network.js';

export interface TlsOptions {
  /** PEM file of authorities to trust beside the system's. */
  readonly caCert?: string | undefined;
  readonly insecure: boolean;
}

/**
 * Shakes hands with a TLS server, and tells the certificate that it shows.
 * @throws LlamactlError (connection.tls-untrusted, with the certificate's facts as evidence; connection.tls-mismatch)
 */
export async function probeTls(
  url: URL,
  { caCert, insecure }: TlsOptions,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<TlsFacts> {
  const { host, port } = endpointOf(url);
  let socket: TLSSocket | undefined;
  const end = () => socket?.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    const shown = await new Promise<TLSSocket>((resolve, reject) => {
      socket = connect({
        host,
        port,
        // An address has no server name; one is refused by the standard.
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(caCert === undefined ? {} : { ca: [...rootCertificates, readFileSync(caCert, 'utf8')] }),
        // The certificate is looked at, whatever it is worth: what is wrong with it is told below.
        rejectUnauthorized: false,
      });
      socket.setTimeout(timeoutMs, () =>
        reject(Object.assign(new Error(`no TLS handshake in ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
      );
      socket.once('error', reject);
      socket.once('secureConnect', () => socket !== undefined && resolve(socket));
    });
    const certificate = shown.getPeerCertificate();
    const facts = {
      protocol: shown.getProtocol(),
      subject: nameOf(certificate.subject),
      issuer: nameOf(certificate.issuer),
      validTo: certificate.valid_to,
    };
    if (!shown.authorized && !insecure) throw untrusted(shown.authorizationError, certificate);
    return facts;
  } catch (error) {
    throw await failure(url, error, { timeoutMs });
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

function untrusted(reason: Error | string, certificate: PeerCertificate): Error {
  const code = typeof reason === 'string' ? reason : 'code' in reason ? String(reason.code) : '';
  const about = `certificate for ${nameOf(certificate.subject)} (${certificate.subjectaltname ?? 'no names'}), issued by ${nameOf(certificate.issuer)}, valid until ${certificate.valid_to}`;
  const message = typeof reason === 'string' ? reason : reason.message;
  return Object.assign(new Error(`${message}: ${about}`), { code });
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  // A name may stand several times.
  return [name?.CN ?? name?.O ?? 'nobody'].flat().join(', ');
}
