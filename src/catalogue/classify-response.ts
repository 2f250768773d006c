import { hostOf } from '../wire/base-url.js';
import type { Classification } from './classification.js';
import { byGateway, gatewayEvidence, isGatewayError, statusOfCode } from './classify-gateway.js';
import { byMessage, disabled, overflow, type Response, type Verdict } from './classify-message.js';
import { type ErrorBody, parseErrorBody } from './error-body.js';
import { identifyServer, isHtml, SERVER_NAMES, type ServerKind } from './identify-server.js';

/** What TLS servers say in clear to somebody who speaks HTTP: nginx, Apache, Go's. */
const HTTP_TO_TLS =
  /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|sent an HTTP request to an HTTPS server/i;

/** Characters of what a server says that are handed on. */
const LONGEST_MESSAGE = 300;

/** An HTTP answer that is not what was asked for → its cause. */
export function classifyResponse(given: Response): Classification {
  const kind = identifyServer(given);
  const error = parseErrorBody(given.body);
  const failure = given.status < 300 ? { ...given, status: statusOfCode(error) ?? given.status } : given;
  const verdict = judge(failure, error, kind);
  const retryAfterMs = parseRetryAfter(failure.headers['retry-after']);
  const server = failure.headers['server'] ?? '';
  const said = error?.message || firstLine(failure);
  return {
    type: verdict.type,
    code: verdict.code,
    message: oneLine(verdict.message ?? error?.message ?? '') || `HTTP ${failure.status}`,
    evidence: [
      `${failure.method} ${failure.path} → ${failure.status}${said === '' ? '' : ` ${quote(said)}`}`,
      ...(retryAfterMs === null ? [] : [`Retry-After: ${Math.ceil(retryAfterMs / 1000)} s`]),
      ...gatewayEvidence(error),
      ...(verdict.code === 'connection.wrong-server' && server !== ''
        ? [`Server: ${server.slice(0, 80)}`]
        : []),
    ],
    details: {
      status: failure.status,
      serverKind: kind,
      // Each answer of a gateway is paid for, at a price that is the model's.
      ...(kind !== 'llama.cpp' && isGatewayError(error) ? { paid: true } : {}),
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
      ...verdict.details,
    },
  };
}

/**
 * Seconds, or an HTTP date, → milliseconds from now, at most an hour.
 * @returns null where the header is absent or makes no sense
 */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | null {
  if (value === undefined) return null;
  const ms = /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : null;
}

function judge(failure: Response, error: ErrorBody | null, kind: ServerKind): Verdict {
  const { status } = failure;
  const message = error?.message ?? '';
  const type = error?.type ?? '';

  // Only a proxy asks for a login: llama-server and its kin want a key.
  const wantsLogin =
    status === 407 ||
    (status === 401 &&
      kind !== 'llama-swap' &&
      (isHtml(failure) || /^basic\b/i.test(failure.headers['www-authenticate'] ?? '')));
  if (wantsLogin || (status === 403 && isHtml(failure)))
    return {
      ...proxy(
        `a proxy or web server on the way ${status === 403 ? 'refuses the request' : 'wants a login'} (${status})`,
      ),
      // Not CONNECTION_ERROR: asking again changes nothing.
      type: 'AUTHENTICATION_ERROR',
      ...(wantsLogin && status === 401 ? { details: { wantsLogin: true } } : {}),
    };
  const ofGateway = kind !== 'llama.cpp' && isGatewayError(error) ? byGateway(failure, error) : null;
  if (ofGateway !== null) return ofGateway;
  if (status === 401 || (status === 403 && type !== 'feature_disabled')) return unauthorized(failure);
  if (error !== null) {
    const said = byMessage(failure, error);
    if (said !== null) return said;
  }
  if (status >= 300 && status < 400)
    return wrongPath(failure, `${failure.path} is redirected to ${failure.headers['location'] ?? 'nowhere'}`);
  if (status === 400 && HTTP_TO_TLS.test(failure.body))
    return {
      type: 'CONNECTION_ERROR',
      code: 'connection.tls-mismatch',
      message: `${new URL(failure.url).host} speaks TLS: use https://`,
    };
  if (status === 502 && /^unable to start process/i.test(failure.body))
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.load-failed',
      message: `llama-swap cannot start the model's server: ${firstLine(failure)}`,
    };
  if (status === 502 || status === 504)
    return proxy(`a proxy answered ${status}: it cannot reach the server behind it`);
  // llama-server's own answers are JSON with an `error`.
  const byProxy = isHtml(failure) || (error === null && kind !== 'llama.cpp');
  if (status === 413)
    return byProxy ? proxy('a proxy refused the request as too large (413)') : overflow(error, message);
  if (status === 429)
    return {
      type: 'SERVER_OVERLOADED',
      code: 'server.busy',
      message: `the server asks to slow down (429)${tail(message)}`,
    };
  if (status === 503)
    return byProxy && failure.headers['retry-after'] === undefined
      ? proxy('a proxy answered 503: no server behind it is ready')
      : {
          type: 'SERVER_OVERLOADED',
          code: 'server.busy',
          message: `the server is overloaded (503)${tail(message)}`,
        };
  const isExpected = isMeant(failure, kind, error !== null);
  if (!isExpected && (isHtml(failure) || status < 300 || status === 404 || status === 405))
    return wrongServer(failure, kind);
  if (status === 404 || status === 405)
    return wrongPath(failure, `the server has no ${failure.path}${orNoModel(failure)}`);
  if (status < 300)
    return {
      type: 'CONNECTION_ERROR',
      code: 'connection.wrong-server',
      message: `${possessiveOf(failure.program)} answer to ${failure.path} is none that llamactl knows`,
    };
  if (status === 501) return disabled(message);
  if (status >= 500)
    return {
      type: 'CONNECTION_ERROR',
      code: 'server.crashed',
      message: `the server failed: ${message || `HTTP ${status}`}`,
    };
  return { type: 'INVALID_REQUEST', code: 'request.invalid-parameter' };
}

function unauthorized(failure: Response): Verdict {
  return failure.sentKey
    ? { type: 'AUTHENTICATION_ERROR', code: 'auth.wrong-key', message: 'the server refuses this API key' }
    : {
        type: 'AUTHENTICATION_ERROR',
        code: 'auth.missing-key',
        message: 'the server needs an API key, and none was given',
      };
}

function proxy(message: string): Verdict {
  return { type: 'CONNECTION_ERROR', code: 'network.proxy-interference', message };
}

function wrongPath(failure: Response, message: string): Verdict {
  return { type: 'CONNECTION_ERROR', code: 'connection.wrong-path', message: `${message} (${failure.url})` };
}

/** A router says the same of a model that it does not have as a single server of the whole route. */
function orNoModel({ path, model }: Response): string {
  return /^\/models\/(?:load|unload)$/.test(path) && model !== undefined
    ? `, or it is a router without a model "${model}"`
    : '';
}

/** Whether the program that is meant has answered, as far as its answer tells. */
function isMeant(
  { program = 'llama.cpp', ...answer }: Response,
  kind: ServerKind,
  isError: boolean,
): boolean {
  if (program === kind) return true;
  const isOpen = program === 'unknown' || program === 'openrouter';
  // A proxy before it may put its own name into the head.
  return isOpen && !isHtml(answer) && (isError || kind !== 'proxy');
}

const MEANT: Readonly<Partial<Record<ServerKind, string>>> = {
  'llama.cpp': 'a llama-server',
  unknown: "a server of OpenAI's API",
};

function possessiveOf(program: ServerKind = 'llama.cpp'): string {
  if (program === 'llama.cpp') return "llama-server's";
  return program === 'unknown' ? "the server's" : `${SERVER_NAMES[program]}'s`;
}

function wrongServer(failure: Response, kind: ServerKind): Verdict {
  const host = hostOf(failure.url);
  const name = SERVER_NAMES[kind];
  const isGuess = kind === 'proxy' || kind === 'unknown';
  const said = failure.headers['server'];
  const { program = 'llama.cpp' } = failure;
  return {
    type: 'CONNECTION_ERROR',
    code: 'connection.wrong-server',
    message: `${name} answers on ${host}${isGuess && said ? ` (${said.slice(0, 40)})` : ''}, not ${MEANT[program] ?? SERVER_NAMES[program]}`,
  };
}

function tail(message: string): string {
  return message === '' ? '' : `: ${message}`;
}

function firstLine(failure: Response): string {
  const title = /<title>([^<]*)<\/title>/i.exec(failure.body)?.[1];
  return (title ?? failure.body.trim().split('\n', 1)[0] ?? '').trim();
}

function quote(said: string): string {
  return `"${oneLine(said)}"`;
}

/** Some builds put the whole conversation behind what they say, and a template's source into it. */
function oneLine(said: string): string {
  const printable = said
    .replace(/; messages = \[.*$/s, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return printable.length > LONGEST_MESSAGE ? `${printable.slice(0, LONGEST_MESSAGE)}…` : printable;
}
