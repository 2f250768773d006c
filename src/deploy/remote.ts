import { errorOf } from '../catalogue/to-error.js';
import { HttpTransport } from '../client/http.js';
import type { ResponseHead } from '../client/http-types.js';
import { createDispatcher, POOL_DEFAULTS } from '../client/pool.js';
import { TransportError } from '../client/transport-error.js';
import type { LlamactlError } from '../errors/llamactl-error.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RemoteOptions {
  /** For proxies and tokens. */
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** A piece of a remote file, and how long the whole is. */
export interface RemoteBytes {
  readonly bytes: Uint8Array;
  /** Bytes of the whole file; null where the server does not tell. */
  readonly total: number | null;
}

const TIMEOUT = 30_000;
const MAX_REDIRECTS = 5;
/** Lists of a repository's files are some 100 KB. */
const LARGEST_ANSWER = 32 * 1024 * 1024;

/**
 * Bytes of a remote file, so that a header is read without the gigabytes after it. A server that knows no ranges sends
 * the file from its start, which is cut off once the piece is there.
 * @param from first byte
 * @param to last byte, inclusive
 * @throws LlamactlError (model.download-failed) where it cannot be had
 */
export async function fetchRange(
  url: string,
  from: number,
  to: number,
  options: RemoteOptions,
): Promise<RemoteBytes> {
  const { head, bytes } = await follow(url, { range: `bytes=${from}-${to}` }, to + 1, options);
  if (head.status === 206) {
    const total = /\/\s*(\d+)\s*$/.exec(head.headers['content-range'] ?? '')?.[1];
    return { bytes, total: total === undefined ? null : Number(total) };
  }
  const length = head.headers['content-length'];
  return { bytes: bytes.subarray(from, to + 1), total: length === undefined ? null : Number(length) };
}

/**
 * A JSON answer; what it holds is for the caller to check.
 * @throws LlamactlError (model.download-failed) where there is none
 */
export async function fetchJson(url: string, options: RemoteOptions): Promise<unknown> {
  const { bytes } = await follow(url, {}, LARGEST_ANSWER, options);
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw await downloadFailed(`${url} answered with something that is no JSON`, [], cause);
  }
}

interface Answer {
  readonly head: ResponseHead;
  readonly bytes: Uint8Array;
}

async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  limit: number,
  options: RemoteOptions,
): Promise<Answer> {
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const answer = await get(at, { ...headers, ...tokenFor(at, url, options.env) }, limit, options);
    const { status, headers: received } = answer.head;
    const location = received['location'];
    if (status >= 300 && status < 400 && location !== undefined && URL.canParse(location, at)) {
      at = new URL(location, at).href;
      continue;
    }
    if (status === 200 || status === 206) return answer;
    throw await refused(url, status, options.env);
  }
  throw await downloadFailed(`${url} redirects more than ${MAX_REDIRECTS} times`);
}

async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  limit: number,
  { env, signal }: RemoteOptions,
): Promise<Answer> {
  const { origin, pathname, search } = new URL(url);
  const transport = new HttpTransport({
    baseUrl: origin,
    dispatcher: () => createDispatcher({ baseUrl: origin, pool: POOL_DEFAULTS, env }),
    maxConnections: POOL_DEFAULTS.maxConnections,
    connectionTimeout: POOL_DEFAULTS.connectionTimeout,
    signal,
  });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      let head: ResponseHead = { url, status: 0, headers: {} };
      let length = 0;
      const chunks: Uint8Array[] = [];
      const timer = setTimeout(() => {
        exchange.abort();
        reject(new TransportError('response', new Error(`no answer in ${TIMEOUT / 1000} s`), url, TIMEOUT));
      }, TIMEOUT);
      const finish = () => {
        clearTimeout(timer);
        resolve({ head, bytes: Buffer.concat(chunks, Math.min(length, limit)) });
      };
      const exchange = transport.stream(
        { method: 'GET', path: `${pathname}${search}`, headers, timeoutMs: TIMEOUT },
        {
          onHead: (received) => {
            head = received;
          },
          onData: (chunk) => {
            length += chunk.length;
            chunks.push(chunk);
            if (length < limit) return;
            exchange.abort();
            finish();
          },
          onEnd: finish,
          onError: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        },
      );
    });
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw await downloadFailed(`${origin} cannot be reached: ${error.message}`, [`GET ${url}`], error);
  } finally {
    await transport.destroy();
  }
}

/** HF_TOKEN goes to the host that the user named, and to no host that it redirects to. */
function tokenFor(at: string, asked: string, env: Environment): Record<string, string> {
  const token = env['HF_TOKEN'];
  const isHub = new URL(at).origin === new URL(hubOf(env)).origin;
  return token && isHub && new URL(at).origin === new URL(asked).origin
    ? { authorization: `Bearer ${token}` }
    : {};
}

/** The hub of models: Hugging Face, or the mirror that `HF_ENDPOINT` names, as for llama-server itself. */
export function hubOf(env: Environment): string {
  return (env['HF_ENDPOINT'] || 'https://huggingface.co').replace(/\/+$/, '');
}

function refused(url: string, status: number, env: Environment): Promise<LlamactlError> {
  const gated = status === 401 || status === 403;
  const why = gated
    ? env['HF_TOKEN']
      ? 'HF_TOKEN does not open it, or its licence is not accepted yet'
      : 'it is gated or private, or the name is wrong: HF_TOKEN is not set'
    : status === 404
      ? 'there is no such repository or file'
      : `status ${status}`;
  return downloadFailed(`${url} cannot be read: ${why}`, [`GET ${url} → ${status}`]);
}

/** @param message one line that names the address */
export function downloadFailed(
  message: string,
  evidence: readonly string[] = [],
  cause?: unknown,
): Promise<LlamactlError> {
  return errorOf(
    { type: 'MODEL_NOT_FOUND', code: 'model.download-failed', message, evidence, details: {} },
    {},
    cause,
  );
}
