import assert from 'node:assert/strict';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Agent } from 'undici';
import type { FailurePhase } from '../../src/catalogue/classification.js';
import { classify } from '../../src/catalogue/classify.js';
import { causesOf } from '../../src/catalogue/classify-exception.js';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientOptions } from '../../src/client/types.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import type { LlamaCppErrorType } from '../../src/errors/error-type.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type CannedServer, cannedServer, chunk, eventStream } from '../support/canned-server.js';
import { type Certificates, type KeyPair, makeCertificates } from '../support/certificates.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { listening, type RawServer, rawServer } from '../support/raw-server.js';
import { freePort } from '../support/real-server.js';

/** What our client's user is told when the request fails; it must. */
async function failureOf(
  baseUrl: string,
  options: ClientOptions = {},
  ask: (client: LlamaCppClient) => Promise<unknown> = (client) => client.health(),
): Promise<LlamactlError> {
  const client = new LlamaCppClient({ baseUrl, maxRetries: 0, timeout: 5000, env: {}, ...options });
  try {
    await ask(client);
  } catch (error) {
    assert.ok(error instanceof LlamactlError, String(error));
    return error;
  } finally {
    await client.destroy();
  }
  return assert.fail('the request was answered');
}

const complete = (client: LlamaCppClient) => client.completion({ prompt: 'Hello' });
const stream = async (client: LlamaCppClient) => {
  for await (const _ of client.chatStream([{ role: 'user', content: 'Hello' }]));
};

function isFailure(
  error: LlamactlError,
  type: LlamaCppErrorType,
  code: CatalogueCode,
  message: RegExp,
  cause?: RegExp,
): void {
  assert.deepEqual([error.type, error.code], [type, code], error.message);
  assert.match(error.message, message);
  if (cause !== undefined) assert.match(String(error.details['cause']), cause);
  assert.equal(error.evidence.length, 1);
  assert.ok(error.remedies.length > 0);
}

describe('failures below HTTP, as they happen', () => {
  const stops: (() => Promise<void>)[] = [];
  const server = async (onSocket: (socket: Socket) => void): Promise<RawServer> => {
    const started = await rawServer(onSocket);
    stops.push(started.stop);
    return started;
  };
  /** Says this to whoever asks, byte for byte, and closes. */
  const says = (bytes: string | Buffer, how: 'fin' | 'rst' = 'fin') =>
    server((socket) =>
      socket.once('data', () => {
        socket.write(bytes, () => (how === 'fin' ? socket.end() : socket.resetAndDestroy()));
      }),
    );

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  describe('nothing there', () => {
    it('a port on which nothing listens', async () => {
      const port = await freePort();
      for (const host of ['127.0.0.1', 'localhost']) {
        const error = await failureOf(`http://${host}:${port}`);
        isFailure(error, 'CONNECTION_ERROR', 'connection.refused', /^nothing listens on /, /ECONNREFUSED/);
        assert.match(error.message, new RegExp(`${host}:${port}$`));
        assert.match(error.evidence[0] ?? '', /^GET \/health → .*ECONNREFUSED/);
      }
    });

    it('a name with two addresses, neither of which answers: an AggregateError', async () => {
      const port = await freePort();
      const dispatcher = new Agent({
        connect: {
          autoSelectFamily: true,
          lookup: (_host, _options, found) =>
            found(null, [
              { address: '127.0.0.1', family: 4 },
              { address: '::1', family: 6 },
            ]),
        },
      });
      const error = await failureOf(`http://gpu1:${port}`, { dispatcher });
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.refused',
        new RegExp(`nothing listens on gpu1:${port}`),
      );
      const { cause } = error;
      assert.ok(cause instanceof AggregateError, String(cause));
      assert.equal(cause.errors.length, 2);
    });

    it("the same out of Node's own fetch, which hides it: `fetch failed`", async () => {
      const url = `http://localhost:${await freePort()}/health`;
      const error = await fetch(url).then(
        () => assert.fail('answered'),
        (failed: unknown) => failed,
      );
      assert.match(String(error), /fetch failed/);
      const found = classify({
        kind: 'exception',
        url,
        method: 'GET',
        path: '/health',
        sentKey: false,
        error,
        phase: 'connect',
      });
      assert.equal(found.code, 'connection.refused');
      assert.ok(!found.evidence.join().includes('fetch failed'), 'which says nothing');
    });

    it('a name that does not resolve', async () => {
      const error = await failureOf('http://gpu1.invalid:8080');
      isFailure(error, 'CONNECTION_ERROR', 'connection.dns', /gpu1\.invalid/, /ENOTFOUND|EAI_AGAIN/);
    });

    it('a name that takes for ever to resolve', async () => {
      const dispatcher = new Agent({ connect: { lookup: () => {} } });
      const error = await failureOf('http://gpu1:8080', { dispatcher, pool: { connectionTimeout: 100 } });
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^no connection to gpu1:8080 in 100 ms$/);
      assert.equal(error.details['timeoutMs'], 100);
    });
  });

  describe('cut off', () => {
    let proxy: FaultProxy;
    let upstream: CannedServer;

    before(async () => {
      upstream = await cannedServer({
        'GET /health': { body: { status: 'ok' } },
        'POST /completion': { body: { content: 'Hello', stop: true } },
        'POST /v1/chat/completions': eventStream([
          chunk({ content: 'Hel' }),
          chunk({ content: 'lo' }),
          200,
          '[DONE]',
        ]),
      });
      proxy = await FaultProxy.start(upstream.url);
    });

    after(async () => {
      await proxy.stop();
      await upstream.stop();
    });

    it('a reset before anything was said', async () => {
      proxy.next({ kind: 'reset' });
      const error = await failureOf(proxy.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.reset', /closed the connection without an answer$/);
    });

    it('a close in the middle of the head', async () => {
      for (const how of ['fin', 'rst'] as const) {
        proxy.next({ kind: 'cut', afterBytes: 20, how });
        const error = await failureOf(proxy.url);
        isFailure(error, 'CONNECTION_ERROR', 'connection.reset', /closed the connection without an answer$/);
      }
    });

    it('a body that is shorter than its Content-Length', async () => {
      const short = await says('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"status":');
      const error = await failureOf(short.url);
      isFailure(
        error,
        'CONNECTION_ERROR',
        'connection.reset',
        /closed the connection/,
        /UND_ERR_SOCKET|MISMATCH/,
      );
    });

    it('a stream cut in the middle', async () => {
      for (const how of ['fin', 'rst'] as const) {
        proxy.next({ kind: 'cut', afterBytes: 330, how });
        const error = await failureOf(proxy.url, { fallback: false }, stream);
        isFailure(error, 'STREAMING_ERROR', 'stream.truncated', /cut/);
      }
    });

    it('a stream whose chunks are garbled', async () => {
      const garbled = await says(
        'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      );
      const error = await failureOf(garbled.url, { fallback: false }, stream);
      isFailure(error, 'STREAMING_ERROR', 'stream.malformed', /./, /^HPE_/);
    });
  });

  describe('silent', () => {
    let proxy: FaultProxy;
    let upstream: CannedServer;

    before(async () => {
      upstream = await cannedServer({ '*': { body: 'x'.repeat(1000) } });
      proxy = await FaultProxy.start(upstream.url);
      proxy.always = { kind: 'half-open', afterBytes: 10 };
    });

    after(async () => {
      await proxy.stop();
      await upstream.stop();
    });

    it('what answers at once on a healthy server: it is wedged', async () => {
      const error = await failureOf(proxy.url, { timeout: 150 });
      isFailure(
        error,
        'TIMEOUT_ERROR',
        'server.wedged',
        /accepts connections but does not answer in 150 ms$/,
      );
    });

    it('what may take its time: no answer in time', async () => {
      for (const ask of [complete, (client: LlamaCppClient) => client.slots()]) {
        const error = await failureOf(proxy.url, { timeout: 150 }, ask);
        isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /did not answer in 150 ms$/);
      }
    });

    it('a stream before its first token', async () => {
      const error = await failureOf(proxy.url, { timeout: 150 }, stream);
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^no first token from .* in 150 ms$/);
    });

    it('all connections in use', async () => {
      const error = await failureOf(
        proxy.url,
        { pool: { maxConnections: 1, connectionTimeout: 100 } },
        (client) =>
          Promise.any([client.health(), client.health()]).catch((all: AggregateError) => {
            throw all.errors[1];
          }),
      );
      isFailure(error, 'TIMEOUT_ERROR', 'connection.timeout', /^all 1 connections were in use for 100 ms/);
    });
  });

  describe('something else than HTTP', () => {
    for (const [name, bytes] of [
      ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
      ['SMTP', '220 mail.example.com ESMTP\r\n'],
      ['Redis', "-ERR wrong number of arguments for 'get' command\r\n"],
      ['zeroes', Buffer.alloc(64)],
    ] as const) {
      it(name, async () => {
        const error = await failureOf((await says(bytes)).url);
        isFailure(error, 'CONNECTION_ERROR', 'connection.wrong-server', /does not speak HTTP$/, /^HPE_/);
      });
    }

    it('a head without an end', async () => {
      const long = await says(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`);
      const error = await failureOf(long.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.wrong-server', /./, /OVERFLOW/);
    });
  });

  describe('http and https mixed up', () => {
    let certificates: Certificates;

    before(() => {
      certificates = makeCertificates();
    });

    const secure = async (certificate: KeyPair) => {
      const https = createHttpsServer(certificate, (_request, response) => response.end('{"status":"ok"}'));
      const started = await listening(https);
      stops.push(started.stop);
      return started.port;
    };

    it('https to a port that speaks http', async () => {
      const plain = await cannedServer({ '*': { body: { status: 'ok' } } });
      stops.push(plain.stop);
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
      const alert = await says(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]));
      const error = await failureOf(alert.url);
      isFailure(error, 'CONNECTION_ERROR', 'connection.tls-mismatch', /speaks TLS: use https:\/\/$/);
    });

    for (const [server, status, body] of [
      ['nginx', 400, '<center>The plain HTTP request was sent to HTTPS port</center>'],
      ['Go', 400, 'Client sent an HTTP request to an HTTPS server.\n'],
      ['Apache', 400, "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
    ] as const) {
      it(`http to a port of ${server}'s that says in clear that it speaks TLS`, async () => {
        const told = await cannedServer({ '*': { status, body } });
        stops.push(told.stop);
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

  describe('a proxy on the way out', () => {
    for (const target of ['http://gpu1.invalid:8080', 'https://gpu1.invalid']) {
      describe(`to ${target}`, () => {
        const through = (proxy: string): ClientOptions => ({
          env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy },
        });

        for (const [status, reason, type] of [
          [407, 'Proxy Authentication Required', 'AUTHENTICATION_ERROR'],
          [502, 'Bad Gateway', 'CONNECTION_ERROR'],
        ] as const) {
          it(`that answers ${status}`, async () => {
            const proxy = await says(`HTTP/1.1 ${status} ${reason}\r\ncontent-length: 0\r\n\r\n`);
            const error = await failureOf(target, through(proxy.url));
            isFailure(error, type, 'network.proxy-interference', new RegExp(`proxy .*${status}`));
          });
        }

        it('on whose port nothing listens: it is not the server that is missing', async () => {
          const port = await freePort();
          const error = await failureOf(target, through(`http://127.0.0.1:${port}`));
          isFailure(
            error,
            'CONNECTION_ERROR',
            'network.proxy-interference',
            new RegExp(`^the proxy 127\\.0\\.0\\.1:${port} cannot be reached: connect ECONNREFUSED`),
            /LLAMACTL_PROXY/,
          );
        });

        it('whose name does not resolve', async () => {
          const error = await failureOf(target, through('http://proxy.invalid:3128'));
          isFailure(
            error,
            'CONNECTION_ERROR',
            'network.proxy-interference',
            /^the proxy proxy\.invalid:3128 cannot be reached/,
          );
        });

        it('that closes the connection, and is not asked again and again', async () => {
          let connections = 0;
          const proxy = await server((socket) => {
            connections++;
            socket.once('data', () => socket.destroy());
          });
          const error = await failureOf(target, through(proxy.url));
          isFailure(
            error,
            'CONNECTION_ERROR',
            /^https/.test(target) ? 'network.proxy-interference' : 'connection.reset',
            /./,
          );
          assert.equal(connections, 1);
        });

        it('that says nothing', async () => {
          const proxy = await server((socket) => socket.resume());
          const error = await failureOf(target, { ...through(proxy.url), timeout: 150 });
          isFailure(
            error,
            'TIMEOUT_ERROR',
            /^https/.test(target) ? 'connection.timeout' : 'server.wedged',
            /in 150 ms$/,
          );
        });

        it('of a kind that is not spoken', async () => {
          for (const proxy of ['socks5://127.0.0.1:1080', 'http://proxy:99999']) {
            const error = await failureOf(target, through(proxy));
            assert.equal(error.type, 'USAGE_ERROR');
            assert.match(
              error.message,
              /^the proxy of HTTPS?_PROXY is (?:no URL|of a kind that is not supported)/,
            );
          }
        });
      });
    }
  });
});

// What loopback cannot provoke, from error objects of the same shape.
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
