import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import type { Classification, Failure } from './classification.js';
import { identifyServer, isHtml, SERVER_NAMES, type ServerKind } from './identify-server.js';

type Response = Extract<Failure, { kind: 'response' }>;

/** As llama-server's router, OpenAI, vLLM, Ollama and llama-swap say it; the name, where the message has one. */
const UNKNOWN_MODEL =
  /\bmodel (?:[`'"]([^`'"]+)[`'"]|(?!is\b)(\S+)) (?:is not found|not found|does not exist)|could not find \S.{0,30} (?:handler|modelID) for (\S+)|\bmodel (?:is )?not found|unknown model|no such model/i;

/** What TLS servers say in clear to somebody who speaks HTTP: nginx, Apache, Go's. */
const HTTP_TO_TLS =
  /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|sent an HTTP request to an HTTPS server/i;

/** What an error body says, whatever its shape. */
interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Verdict {
  readonly type: LlamaCppErrorType;
  readonly code: CatalogueCode;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Characters of what a server says that are handed on. */
const LONGEST_MESSAGE = 300;

/** An HTTP answer that is not what was asked for → its cause. */
export function classifyResponse(failure: Response): Classification {
  const kind = identifyServer(failure);
  const error = parseErrorBody(failure.body);
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
      ...(verdict.code === 'connection.wrong-server' && server !== ''
        ? [`Server: ${server.slice(0, 80)}`]
        : []),
    ],
    details: {
      status: failure.status,
      serverKind: kind,
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

  if (status === 407 || ((status === 401 || status === 403) && isHtml(failure)))
    return {
      ...proxy(
        `a proxy or web server on the way ${status === 403 ? 'refuses the request' : 'wants a login'} (${status})`,
      ),
      // Not CONNECTION_ERROR: asking again changes nothing.
      type: 'AUTHENTICATION_ERROR',
    };
  if (status === 401 || (status === 403 && type !== 'feature_disabled')) return unauthorized(failure);
  if (error !== null) {
    const said = byMessage(failure, message, type, error);
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
  if (kind !== 'llama.cpp' && (isHtml(failure) || status < 300 || status === 404 || status === 405))
    return wrongServer(failure, kind);
  if (status === 404 || status === 405) return wrongPath(failure, `the server has no ${failure.path}`);
  if (status < 300)
    return {
      type: 'CONNECTION_ERROR',
      code: 'connection.wrong-server',
      message: `llama-server's answer to ${failure.path} is none that llamactl knows`,
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

/** llama-server's messages of all builds since 2023. First match wins, so the precise stand before the general. */
function byMessage(failure: Response, message: string, type: string, error: ErrorBody): Verdict | null {
  const { status } = failure;
  const says = (pattern: RegExp) => pattern.test(message);
  if (
    type === 'exceed_context_size_error' ||
    says(
      /exceeds? the (?:available )?context|max(?:imum)? context (?:length|size)|context (?:size|length|window) (?:has been )?exceeded|prompt is too long|too many tokens/i,
    )
  ) {
    return overflow(error, message);
  }
  if (says(/^loading model/i))
    return { type: 'SERVER_OVERLOADED', code: 'server.loading', message: 'the model is still loading' };
  if (
    says(/no slot available|no available slot|slot unavailable|queue is full|too many (?:pending )?requests/i)
  ) {
    return { type: 'SERVER_OVERLOADED', code: 'server.busy', message: `all slots are taken: ${message}` };
  }
  if (says(/model limit reached/i))
    return {
      type: 'SERVER_OVERLOADED',
      code: 'model.router-limit',
      message: 'the router has as many models loaded as --models-max allows',
    };
  if (says(/model name is missing|missing or invalid 'model' key/i)) {
    // A router; the type makes recovery pick the first model that it has.
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: 'this server is a router, and no model was named',
    };
  }
  const unknownModel = UNKNOWN_MODEL.exec(message);
  if (unknownModel !== null && status < 500) {
    const model = unknownModel.slice(1).find((name) => name !== undefined) ?? failure.model;
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: `the server has no model ${model ? `"${model}"` : 'of that name'}`,
      details: { model },
    };
  }
  if (says(/model is not (?:loaded|running)|^no models? loaded/i))
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: `the model${failure.model ? ` "${failure.model}"` : ''} is not loaded`,
    };
  if (says(/(?:failed to|could not) load(?: model)?\b/i) && says(/model/i))
    return { type: 'MODEL_NOT_FOUND', code: 'model.load-failed' };
  // Before the general ones: a template's own words ("must be", "not supported") and source stand in the message.
  if (says(/jinja exception|while executing \w+ at line|raise_exception|for this template/i))
    return templateError(message);
  if (says(/requires? --jinja/i))
    return {
      type: 'UNSUPPORTED_FEATURE',
      code: 'feature.disabled',
      message: 'tools need a server started with --jinja',
      details: { flag: '--jinja' },
    };
  if (type === 'not_supported_error' || type === 'feature_disabled' || status === 501)
    return disabled(message);
  if (says(/cannot use tools with stream/i))
    // Builds before 2025-06 take tools, but not streamed; the type makes recovery ask without streaming.
    return { type: 'STREAMING_ERROR', code: 'feature.unsupported-input' };
  if (
    says(
      /(?:image|audio|video|multimodal|file).*(?:not supported|unsupported)|does not support (?:multimodal|images?|audio)|unsupported content(?:\[\]\.| part )type/i,
    )
  ) {
    return { type: 'UNSUPPORTED_FEATURE', code: 'feature.unsupported-input' };
  }
  if (says(/too large to process|physical batch size/i))
    return { type: 'INVALID_REQUEST', code: 'request.batch-too-small' };
  if (says(/json\.exception\.parse_error|parse error at line|invalid json|json parse error/i))
    return invalid('request.invalid-json', `the server could not read the request as JSON: ${message}`);
  if (says(/gramm?ar|json schema (?:conversion|error)|unrecognized schema/i))
    return invalid('request.invalid-grammar');
  const beyond = /_M_range_check: __n \(which is (\d+)\) >= this->size\(\) \(which is (\d+)\)/.exec(message);
  if (beyond !== null && failure.path.startsWith('/detokenize'))
    return invalid(
      'request.invalid-parameter',
      `there is no token ${beyond[1]}: the vocabulary has ${count(Number(beyond[2]))}, from 0`,
    );
  if (
    says(
      /failed to parse (?:messages|tools?)\b|missing 'role'|unsupported param|must be|is required|type_error|out_of_range|_M_range_check|invalid (?:value|type|parameter|argument|input)/i,
    )
  ) {
    return invalid('request.invalid-parameter');
  }
  if (says(/failed to parse (?:input|tool)|parse tool call|tool call/i))
    return invalid('request.tool-call-parse');
  if (says(/template|jinja|minja|roles must alternate/i)) return templateError(message);
  return null;
}

function invalid(code: CatalogueCode, message?: string): Verdict {
  return { type: 'INVALID_REQUEST', code, ...(message === undefined ? {} : { message }) };
}

/** The template's source and the place in it come before what it says. */
function templateError(message: string): Verdict {
  const reason = /\bError: (?:Jinja Exception: )?([^\n]+)\s*$/.exec(message)?.[1];
  return invalid(
    'request.template-error',
    reason === undefined ? undefined : `the chat template refuses these messages: ${reason}`,
  );
}

function overflow(error: ErrorBody | null, message: string): Verdict {
  const number = (name: string, pattern: RegExp) => {
    const field = error?.fields[name];
    if (typeof field === 'number') return field;
    const text = pattern
      .exec(message)
      ?.slice(1)
      .find((group) => group !== undefined);
    return text === undefined ? undefined : Number(text);
  };
  const nPromptTokens = number(
    'n_prompt_tokens',
    /\((\d+) tokens\)|(?:requested|prompt of|has|resulted in) (\d+) (?:input )?tokens/i,
  );
  const nCtx = number('n_ctx', /context size \((\d+)|maximum context length is (\d+)/i);
  const both = nPromptTokens !== undefined && nCtx !== undefined;
  return {
    type: 'CONTEXT_OVERFLOW',
    code: 'context.overflow',
    message: both
      ? `the request is ${count(nPromptTokens)} tokens long, and a slot holds ${count(nCtx)}`
      : message || 'the request is longer than the context',
    details: {
      ...(nPromptTokens === undefined ? {} : { nPromptTokens }),
      ...(nCtx === undefined ? {} : { nCtx }),
    },
  };
}

function disabled(message: string): Verdict {
  // "Start it without `--embeddings`" names a flag to leave out, which is no remedy to add.
  const flag = /--[a-z][a-z-]*/.exec(message.replace(/without `?--[a-z-]+`?/g, ''))?.[0];
  return {
    type: 'UNSUPPORTED_FEATURE',
    code: 'feature.disabled',
    ...(flag === undefined ? {} : { details: { flag } }),
  };
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

function wrongServer(failure: Response, kind: ServerKind): Verdict {
  const { host } = new URL(failure.url);
  const name = SERVER_NAMES[kind];
  const isGuess = kind === 'proxy' || kind === 'unknown';
  const said = failure.headers['server'];
  return {
    type: 'CONNECTION_ERROR',
    code: 'connection.wrong-server',
    message: `${name} answers on ${host}${isGuess && said ? ` (${said.slice(0, 40)})` : ''}, not a llama-server`,
  };
}

/** `{error:{message,type}}` (llama.cpp, OpenAI), `{error:"…"}` (Ollama, LM Studio), `{message}`, `{detail}` (FastAPI). */
export function parseErrorBody(body: string): ErrorBody | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isRecord(parsed)) return null;
  const { error } = parsed;
  if (isRecord(error)) return { message: text(error['message']), type: text(error['type']), fields: error };
  if (typeof error === 'string') return { message: error, type: '', fields: parsed };
  const message = text(parsed['message']) || text(parsed['detail']);
  return message === '' ? null : { message, type: text(parsed['type']), fields: parsed };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
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

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
