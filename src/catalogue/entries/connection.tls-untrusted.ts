import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.tls-untrusted',
  type: 'CONNECTION_ERROR',
  title: 'the certificate of the server is not trusted',
  explanation:
    'The server, or a proxy before it, showed a certificate that this machine cannot check: it is self-signed, signed by an authority that is not installed here, expired, or made out for another name. Nothing was sent but the handshake: the key and the prompt did not leave this machine.',
  causes: [
    'a self-signed certificate, or an authority of the company, is not known to this program',
    'a proxy that inspects traffic signs with its own authority',
    'the certificate has expired or is for another host name',
    'the server does not send its intermediate certificates',
  ],
  remedies: [
    {
      text: 'Trust the authority that signed it',
      commands: [
        'llamactl health --url {url} --ca-cert ca.pem',
        'export NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
        'export SSL_CERT_FILE=/path/to/ca.pem',
      ],
    },
    {
      text: 'Use the host name that the certificate is for',
      commands: [
        'openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout -subject -ext subjectAltName -dates',
      ],
    },
    {
      text: 'Only to try it, and never across a network that you do not own: skip the check',
      commands: ['llamactl health --url {url} --insecure'],
    },
  ],
  diagnostics: {
    any: ['openssl s_client -connect {host}:{port} -showcerts </dev/null', 'curl -v {url}/health'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#build-with-ssl',
  rules: [
    {
      pattern:
        /CERTIFICATE_VERIFY_FAILED|certificate verify failed|certificate verification failed|server certificate verification/i,
      rank: 84,
    },
    {
      pattern:
        /self.signed certificate|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)|unable to get (?:local )?issuer certificate|unable to verify the first certificate/i,
      rank: 84,
    },
    {
      pattern:
        /x509: |certificate signed by unknown authority|certificate is not trusted|certificate (?:has )?expired|CERT_HAS_EXPIRED|certificate is valid for|UnknownIssuer|invalid peer certificate/i,
      rank: 84,
    },
    {
      pattern:
        /ERR_TLS_CERT_ALTNAME|ERR_CERT_(?:AUTHORITY|COMMON|DATE)|does not match certificate|Hostname mismatch|HOSTNAME_MISMATCH|no alternative certificate subject name/i,
      rank: 84,
    },
    {
      pattern:
        /SSL certificate problem|SSL certificate (?:error|verification)|PKIX path building failed|remote certificate is invalid|tls: (?:unknown|bad) certificate|alert unknown ca|schannel:.{0,60}(?:SEC_E_UNTRUSTED_ROOT|revocation)|curl: \(60\)/i,
      rank: 82,
    },
  ],
};
