import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import { hostOf } from '../wire/base-url.js';
import type { Classification, Failure } from './classification.js';

type Exception = Extract<Failure, { kind: 'exception' }>;

interface Cause {
  readonly code: string;
  readonly message: string;
}

/** Node's, OpenSSL's and undici's codes, and what each means for a request that had not been answered yet. */
const BY_CODE: Readonly<Record<string, CatalogueCode>> = {
  ECONNREFUSED: 'connection.refused',
  // A unix socket that is not there, or not for us.
  ENOENT: 'connection.refused',
  EACCES: 'connection.refused',
  ENOTFOUND: 'connection.dns',
  EAI_AGAIN: 'connection.dns',
  EAI_FAIL: 'connection.dns',
  EAI_NODATA: 'connection.dns',
  EAI_NONAME: 'connection.dns',
  ETIMEDOUT: 'connection.timeout',
  EHOSTUNREACH: 'connection.timeout',
  EHOSTDOWN: 'connection.timeout',
  ENETUNREACH: 'connection.timeout',
  EADDRNOTAVAIL: 'connection.refused',
  UND_ERR_CONNECT_TIMEOUT: 'connection.timeout',
  UND_ERR_HEADERS_TIMEOUT: 'connection.timeout',
  UND_ERR_BODY_TIMEOUT: 'connection.timeout',
  TimeoutError: 'connection.timeout',
  LLAMACTL_DEADLINE: 'connection.timeout',
  ECONNRESET: 'connection.reset',
  ECONNABORTED: 'connection.reset',
  EPIPE: 'connection.reset',
  UND_ERR_SOCKET: 'connection.reset',
  UND_ERR_CLOSED: 'connection.reset',
  UND_ERR_DESTROYED: 'connection.reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection.reset',
  HPE_INVALID_EOF_STATE: 'connection.reset',
  EPROTO: 'connection.tls-mismatch',
  ERR_SSL_WRONG_VERSION_NUMBER: 'connection.tls-mismatch',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'connection.tls-mismatch',
  ERR_SSL_HTTP_REQUEST: 'connection.tls-mismatch',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'connection.tls-mismatch',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'connection.tls-mismatch',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'connection.tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'connection.tls-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'connection.tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'connection.tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'connection.tls-untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'connection.tls-untrusted',
  HOSTNAME_MISMATCH: 'connection.tls-untrusted',
  INVALID_CA: 'connection.tls-untrusted',
  UND_ERR_PRX_TLS: 'network.proxy-interference',
  LLAMACTL_PROXY: 'network.proxy-interference',
  UND_ERR_HEADERS_OVERFLOW: 'connection.wrong-server',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'connection.wrong-server',
  LLAMACTL_TOO_LARGE: 'connection.wrong-server',
};

/** An exception of Node's or undici's, or a deadline of ours → its cause. */
export function classifyException(failure: Exception): Classification {
  const causes = causesOf(failure.error);
  // Why a proxy cannot be reached says nothing of the server.
  const known =
    causes.find(({ code }) => code === 'LLAMACTL_PROXY') ??
    causes.find((cause) => codeOf(cause) !== undefined);
  const cause = known ?? causes[0] ?? { code: '', message: String(failure.error) };
  const code = refine(failure, cause, codeOf(cause));
  const details: Record<string, unknown> = {};
  if (cause.code !== '') details['cause'] = cause.code;
  if (failure.timeoutMs !== undefined) details['timeoutMs'] = failure.timeoutMs;
  return {
    type: typeOf(code, cause),
    code,
    message: messageOf(failure, cause, code),
    evidence: [`${failure.method} ${failure.path} → ${describe(causes, failure)}`],
    details,
  };
}

/**
 * The exceptions inside an exception: fetch and undici wrap (`cause`), and a host with several addresses gives an
 * AggregateError with one failure each (`errors`).
 */
export function causesOf(error: unknown, depth = 0): Cause[] {
  if (!(error instanceof Error) || depth > 8) return [];
  const code = 'code' in error && typeof error.code === 'string' ? error.code : nameAsCode(error);
  const inner = [
    ...causesOf(error.cause, depth + 1),
    ...(error instanceof AggregateError
      ? error.errors.flatMap((each: unknown) => causesOf(each, depth + 1))
      : []),
  ];
  return [...inner, { code, message: error.message }];
}

/** AbortSignal.timeout's error has a number for its code, and undici's parser leaves its own out. */
function nameAsCode({ name, message }: Error): string {
  if (name === 'HTTPParserError') return /\bEOF\b/.test(message) ? 'HPE_INVALID_EOF_STATE' : 'HPE_INVALID';
  return name === 'TimeoutError' ? name : '';
}

function codeOf(cause: Cause): CatalogueCode | undefined {
  const { code, message } = cause;
  if (code in BY_CODE) return BY_CODE[code];
  if (/^CERT_/.test(code) || /certificate/i.test(message)) return 'connection.tls-untrusted';
  if (/^ERR_SSL_/.test(code) || /SSL routines|wrong version number/i.test(message))
    return 'connection.tls-mismatch';
  if (/proxy/i.test(message)) return 'network.proxy-interference';
  // An answer that is not HTTP: TLS records begin with 0x15 or 0x16, what OpenSSL says when it is spoken to in clear.
  if (/^HPE_/.test(code)) return 'connection.wrong-server';
  return undefined;
}

function refine(failure: Exception, cause: Cause, code: CatalogueCode | undefined): CatalogueCode {
  const found = code ?? 'connection.reset';
  if (failure.phase === 'stream') {
    if (found === 'connection.reset') return 'stream.truncated';
    if (found === 'connection.timeout') return 'stream.idle-timeout';
    if (/^HPE_/.test(cause.code)) return 'stream.malformed';
  }
  if (/^HPE_/.test(cause.code) && failure.url.startsWith('http:') && answeredWithTls(failure.error))
    return 'connection.tls-mismatch';
  // These answer at once when the server is alive; `/slots` waits for the running task in builds of 2025.
  if (
    found === 'connection.timeout' &&
    failure.phase === 'response' &&
    failure.method === 'GET' &&
    !failure.path.startsWith('/slots')
  ) {
    return 'server.wedged';
  }
  return found;
}

/** undici's HTTPParserError carries the bytes that are no HTTP; a TLS alert is `15 03 0x`. */
function answeredWithTls(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    if ('data' in each && typeof each.data === 'string' && isTlsRecord(each.data)) return true;
  }
  return false;
}

/** A TLS record begins with its kind (0x15 alert, 0x16 handshake) and the major version 3. */
function isTlsRecord(data: string): boolean {
  const kind = data.charCodeAt(0);
  return (kind === 0x15 || kind === 0x16) && data.charCodeAt(1) === 3;
}

function typeOf(code: CatalogueCode, { message }: Cause): LlamaCppErrorType {
  if (code.startsWith('stream.')) return 'STREAMING_ERROR';
  // A proxy that wants a login, or forbids the host: asking again changes nothing.
  if (code === 'network.proxy-interference' && /\(40[137]\)/.test(message)) return 'AUTHENTICATION_ERROR';
  return code === 'connection.timeout' || code === 'server.wedged' ? 'TIMEOUT_ERROR' : 'CONNECTION_ERROR';
}

function messageOf(failure: Exception, cause: Cause, code: CatalogueCode): string {
  const url = new URL(failure.url);
  const origin = hostOf(failure.url);
  const seconds = failure.timeoutMs === undefined ? '' : ` in ${duration(failure.timeoutMs)}`;
  switch (code) {
    case 'connection.refused':
      return cause.code === 'EACCES'
        ? `${origin} cannot be opened: permission denied`
        : `nothing listens on ${origin}`;
    case 'connection.dns':
      return cause.code === 'EAI_AGAIN'
        ? `the name ${url.hostname} could not be looked up just now`
        : `the name ${url.hostname} does not resolve`;
    case 'connection.timeout':
      if (failure.phase === 'first-token') return `no first token from ${origin}${seconds}`;
      if (failure.phase === 'waiting-for-connection') return `${cause.message} (${origin})`;
      if (/UNREACH|HOSTDOWN/.test(cause.code)) return `${url.hostname} cannot be reached (${cause.code})`;
      if (failure.phase === 'response') return `${origin} accepted the request and did not answer${seconds}`;
      return `no connection to ${origin}${seconds}`;
    case 'server.wedged':
      return `${origin} accepts connections but does not answer${seconds}`;
    case 'connection.reset':
      return codeOf(cause) === undefined
        ? `the connection to ${origin} failed: ${cause.message || failure.error}`
        : `${origin} closed the connection without an answer`;
    case 'connection.tls-mismatch':
      return url.protocol === 'https:'
        ? `${origin} does not speak TLS: use http://`
        : `${origin} speaks TLS: use https://`;
    case 'connection.tls-untrusted':
      return `the certificate of ${origin} is not trusted: ${cause.message}`;
    case 'connection.wrong-server':
      return /^HPE_/.test(cause.code)
        ? `what listens on ${origin} does not speak HTTP`
        : `what listens on ${origin} ${(failure.program ?? 'llama.cpp') === 'llama.cpp' ? 'is no llama-server' : 'does not answer as it should'}: ${cause.message}`;
    case 'network.proxy-interference':
      return cause.code === 'LLAMACTL_PROXY'
        ? cause.message
        : `the proxy on the way to ${origin} failed: ${cause.message}`;
    case 'stream.truncated':
      return 'the connection was cut in the middle of the answer';
    case 'stream.idle-timeout':
      return `the answer stopped: nothing came${seconds}`;
    default:
      return cause.message;
  }
}

function describe(causes: readonly Cause[], failure: Exception): string {
  const last = causes[0];
  if (last === undefined) return String(failure.error);
  const texts = causes.filter(
    (cause) => cause.message !== '' && !/^fetch failed$|^terminated$/.test(cause.message),
  );
  const text = (texts[0] ?? last).message;
  const code = causes.find((cause) => cause.code !== '' && cause.code !== 'LLAMACTL_DEADLINE')?.code ?? '';
  return code === '' || text.includes(code) ? text : `${code}: ${text}`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
