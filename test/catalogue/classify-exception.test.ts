import assert from 'node:assert/strict';
import { request } from 'undici';
import { classifyException } from '../../src/catalogue/classify-exception.js';
import { rawServer } from '../support/raw-server.js';

describe('what answers without HTTP', () => {
  for (const [what, says, code, evidence] of [
    [
      'an SSH server',
      { first: 'SSH-2.0-OpenSSH_9.2p1\r\n' },
      'connection.wrong-server',
      /"SSH-2\.0-OpenSSH_9\.2p1"/,
    ],
    [
      'Redis',
      { answer: "-ERR unknown command 'GET'\r\n" },
      'connection.wrong-server',
      /-ERR unknown command/,
    ],
    // A fatal alert, "protocol version": OpenSSL's answer to a request in clear.
    [
      'TLS',
      { answer: '\u0015\u0003\u0001\u0000\u0002\u0002\u0046' },
      'connection.tls-mismatch',
      /HTTP\/1\.1/,
    ],
  ] as const) {
    it(`is told as ${what}`, async () => {
      const server = await rawServer(says);
      const url = `${server.url}/health`;
      try {
        const error: unknown = await request(url).then(
          () => assert.fail('it spoke HTTP'),
          (reason: unknown) => reason,
        );
        const told = classifyException({
          kind: 'exception',
          error,
          phase: 'response',
          url,
          method: 'GET',
          path: '/health',
          sentKey: false,
        });
        assert.equal(told.code, code);
        assert.match(told.evidence.join(), evidence);
      } finally {
        await server.stop();
      }
    });
  }
});
