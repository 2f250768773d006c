import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key and its certificate, as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
  /** The certificate's file. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** Certificates for a server on 127.0.0.1, each wrong in one way but the first. */
export interface Certificates {
  /** Of a private authority, valid. */
  readonly trusted: KeyPair;
  /** The authority that signed all but `selfSigned`. */
  readonly authority: KeyPair;
  /** Another authority, which signed none of them. */
  readonly otherAuthority: KeyPair;
  readonly selfSigned: KeyPair;
  readonly expired: KeyPair;
  /** For another host. */
  readonly wrongName: KeyPair;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
let made: Certificates | undefined;

/** Makes them with openssl, once a process; the folder goes when the process ends. */
export function makeCertificates(): Certificates {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-certificates-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const pair = (name: string): KeyPair => {
    const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile };
  };
  const selfSign = (name: string, subject: string, ...more: string[]): KeyPair => {
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      subject,
      ...more,
    );
    return pair(name);
  };
  const sign = (name: string, subjectAltName: string, days: number): KeyPair => {
    openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=localhost');
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${subjectAltName}\n`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'authority.pem',
      '-CAkey',
      'authority.key',
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return pair(name);
  };
  const authority = selfSign('authority', '/CN=llamactl test authority');
  const here = 'IP:127.0.0.1,DNS:localhost';
  made = {
    authority,
    otherAuthority: selfSign('other', '/CN=another authority'),
    selfSigned: selfSign('self', '/CN=localhost', '-addext', `subjectAltName=${here}`),
    trusted: sign('trusted', here, 2),
    // Ends before it begins: yesterday.
    expired: sign('expired', here, -1),
    wrongName: sign('wrong-name', 'DNS:gpu1.example.com', 2),
  };
  return made;
}
