import assert from 'node:assert/strict';
import type { FailurePhase } from '../../src/catalogue/classification.js';
import { classify } from '../../src/catalogue/classify.js';
import { causesOf } from '../../src/catalogue/classify-exception.js';
import type { CatalogueCode } from '../../src/errors/codes.js';

// Every code of Node's and undici's, from error objects of the same shape. What loopback can provoke is provoked in
// test/client: broken-connections, tls, proxied.
describe('failures below HTTP, by code', () => {
  const coded = (code: string, message = `connect ${code} 10.0.0.7:8080`) =>
    Object.assign(new Error(message), { code });
  const classified = (error: unknown, phase: FailurePhase = 'connect') =>
    classify({
      kind: 'exception',
      url: 'http://gpu1:8080/completion',
      method: 'POST',
      path: '/completion',
      sentKey: false,
      error,
      phase,
    });

  const CODES: readonly (readonly [CatalogueCode, readonly string[]])[] = [
    ['connection.refused', ['ECONNREFUSED', 'EADDRNOTAVAIL']],
    ['connection.dns', ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']],
    [
      'connection.timeout',
      [
        'ETIMEDOUT',
        'EHOSTUNREACH',
        'EHOSTDOWN',
        'ENETUNREACH',
        'UND_ERR_CONNECT_TIMEOUT',
        'UND_ERR_HEADERS_TIMEOUT',
        'UND_ERR_BODY_TIMEOUT',
      ],
    ],
    [
      'connection.reset',
      [
        'ECONNRESET',
        'ECONNABORTED',
        'EPIPE',
        'UND_ERR_SOCKET',
        'UND_ERR_CLOSED',
        'UND_ERR_DESTROYED',
        'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      ],
    ],
    [
      'connection.tls-mismatch',
      ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_HTTP_REQUEST', 'ERR_SSL_ANY_OTHER'],
    ],
    [
      'connection.tls-untrusted',
      [
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        'ERR_TLS_CERT_ALTNAME_INVALID',
        'CERT_HAS_EXPIRED',
        'CERT_NOT_YET_VALID',
        'CERT_REVOKED',
        'CERT_UNTRUSTED',
      ],
    ],
    ['network.proxy-interference', ['UND_ERR_PRX_TLS']],
    ['connection.wrong-server', ['HPE_INVALID_CONSTANT', 'UND_ERR_HEADERS_OVERFLOW']],
  ];

  for (const [code, names] of CODES) {
    for (const name of names) {
      it(`${name} is ${code}, however deep it stands`, () => {
        const error = coded(name);
        const wrapped = new TypeError('fetch failed', {
          cause: new AggregateError([error, coded('ENETUNREACH')]),
        });
        for (const each of [error, new Error('outer', { cause: error }), wrapped]) {
          const found = classified(each);
          assert.equal(found.code, code);
          assert.equal(found.details['cause'], name);
        }
      });
    }
  }

  for (const [code, name] of [
    ['stream.truncated', 'ECONNRESET'],
    ['stream.truncated', 'UND_ERR_SOCKET'],
    ['stream.truncated', 'EPIPE'],
    ['stream.idle-timeout', 'UND_ERR_BODY_TIMEOUT'],
    ['stream.malformed', 'HPE_INVALID_CHUNK_SIZE'],
  ] as const) {
    it(`${name} in the middle of a stream is ${code}`, () => {
      const found = classified(coded(name), 'stream');
      assert.deepEqual([found.type, found.code], ['STREAMING_ERROR', code]);
    });
  }

  it('a name that cannot be looked up just now is told from one that does not exist', () => {
    assert.match(classified(coded('EAI_AGAIN')).message, /could not be looked up just now/);
    assert.match(classified(coded('ENOTFOUND')).message, /does not resolve/);
  });

  it('a deadline of AbortSignal.timeout, as a caller of the library may hand over, is a timeout', () => {
    const found = classified(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    assert.deepEqual([found.type, found.code], ['TIMEOUT_ERROR', 'connection.timeout']);
  });

  it('what nobody foresaw is told in its own words', () => {
    const found = classified(coded('EWEIRD', 'the moon is in the way'));
    assert.equal(found.code, 'connection.reset');
    assert.equal(found.message, 'the connection to gpu1:8080 failed: the moon is in the way');
    assert.match(classified('a string').message, /a string/);
    assert.match(classified(undefined).message, /undefined/);
  });

  it("tells what undici's own ProxyAgent says, which a caller may bring, from the server's failures", () => {
    const refused = (status: number) =>
      classified(coded('UND_ERR_ABORTED', `Proxy response (${status}) !== 200 when HTTP Tunneling`));
    assert.equal(refused(502).code, 'network.proxy-interference');
    assert.equal(refused(502).type, 'CONNECTION_ERROR');
    assert.equal(refused(407).type, 'AUTHENTICATION_ERROR');
  });
});

describe('causesOf', () => {
  it('lists the innermost first, and ends with a chain that does not', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    assert.ok(causesOf(loop).length < 20);
    const inner = Object.assign(new Error('inner'), { code: 'A' });
    assert.deepEqual(
      causesOf(new Error('outer', { cause: inner })).map(({ message }) => message),
      ['inner', 'outer'],
    );
    assert.deepEqual(causesOf('text'), []);
  });
});
