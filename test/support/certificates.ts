import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

export interface Certificates {
  /** The authority's own file, for `--ca-cert`. */
  readonly caFile: string;
  /** Of another authority, which signed none of them. */
  readonly otherCaFile: string;
  /** Signed by the authority, for `localhost` and 127.0.0.1. */
  readonly good: Certificate;
  /** For another name. */
  readonly otherName: Certificate;
  /** Ended yesterday. */
  readonly expired: Certificate;
  /** Signed by itself. */
  readonly selfSigned: Certificate;
  remove(): void;
}

/** Makes certificates with openssl, in a folder of their own: no key stands in the repository. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (name: string) => [
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
    ...['-nodes', '-keyout', `${name}.key`],
  ];
  const selfSign = (name: string, subject: string) =>
    openssl('req', '-x509', ...newKey(name), '-out', `${name}.pem`, '-days', '1', '-subj', subject);
  const sign = (name: string, host: string, days: number) => {
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host},IP:127.0.0.1`];
    openssl('req', '-new', ...newKey(name), '-out', `${name}.csr`, ...subject);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-days', String(days), '-copy_extensions', 'copy', '-out', `${name}.pem`],
    );
  };
  const read = (name: string): Certificate => {
    const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8'), keyFile, certFile };
  };
  selfSign('ca', '/CN=llamactl test authority');
  selfSign('other-ca', '/CN=another authority');
  selfSign('self', '/CN=localhost');
  sign('good', 'localhost', 1);
  sign('other', 'gpu1.example.com', 1);
  sign('expired', 'localhost', -1);
  return {
    caFile: join(folder, 'ca.pem'),
    otherCaFile: join(folder, 'other-ca.pem'),
    good: read('good'),
    otherName: read('other'),
    expired: read('expired'),
    selfSigned: read('self'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
