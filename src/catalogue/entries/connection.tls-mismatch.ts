import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.tls-mismatch',
  type: 'CONNECTION_ERROR',
  title: 'https was spoken to an http port, or http to an https port',
  explanation:
    'One side speaks TLS and the other does not, so the first bytes make no sense. llama-server speaks plain http unless it was started with --ssl-key-file and --ssl-cert-file, and only builds with OpenSSL can speak https.',
  causes: [
    'the URL says https:// and llama-server was started without a certificate',
    'the URL says http:// and a certificate, or a TLS proxy, is in front of it',
    'the port of another service was asked',
  ],
  remedies: [
    {
      text: 'Change the scheme of the URL',
      commands: ['llamactl health --url http://{host}:{port}', 'llamactl health --url https://{host}:{port}'],
    },
    {
      text: 'Or start the server with a certificate',
      commands: [
        'llama-server -m {model} --port {port} --ssl-key-file server.key --ssl-cert-file server.crt',
      ],
    },
  ],
  diagnostics: {
    any: ['curl -v http://{host}:{port}/health', 'openssl s_client -connect {host}:{port} -brief'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#build-with-ssl',
  rules: [
    {
      pattern:
        /WRONG_VERSION_NUMBER|wrong version number|ERR_SSL_PROTOCOL_ERROR|ERR_SSL_PACKET_LENGTH_TOO_LONG|packet length too long|ERR_SSL_HTTP_REQUEST|SSL_ERROR_RX_RECORD_TOO_LONG|\bEPROTO\b|INVALID_SSL_DATA/i,
      rank: 80,
    },
    {
      pattern:
        /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|plain HTTP request was sent to (?:the )?HTTPS port|sent an HTTP request to an HTTPS server|speaking plain HTTP to an SSL/i,
      rank: 85,
    },
    {
      pattern:
        /received corrupt message of type|Received HTTP\/0\.9 when not allowed|record layer failure|Cannot determine the frame size|unknown ssl protocol|SSL_ERROR_SYSCALL|unsupported or unrecognized SSL message|http request.{0,10}routines|SSL routines.{0,60}(?:unknown protocol|http request|unexpected eof)/i,
      rank: 76,
    },
    {
      pattern:
        /received fatal alert|handshake failure|tlsv1 alert|alert protocol version|SSL handshake (?:failed|error)|TLS handshake (?:failed|error)|sslv3 alert|bad request version/i,
      excludes: [/certificate|timeout|unknown ca/i],
      rank: 62,
    },
    {
      pattern: /ssl[_ ]error|SSLError|failed to perform,? .{0,30}tls/i,
      excludes: [/certificate|verify|max retries exceeded/i],
      rank: 45,
    },
    {
      pattern: /invalid (?:HTTP )?method.{0,20}(?:x16|u0016)|bad request (?:syntax|version) .{0,6}x16/i,
      rank: 78,
    },
    {
      pattern: /TLSv1\.\d \((?:OUT|IN)\), TLS handsha(?!ke, Finished)/i,
      excludesAnywhere: [
        /SSL connection using|< HTTP\//i,
        /certificate verify failed|SSL certificate problem/i,
      ],
      rank: 30,
    },
  ],
};
