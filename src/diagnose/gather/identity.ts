import { identifyServer, type ServerKind } from '../../catalogue/identify-server.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { LlamactlError } from '../../errors/llamactl-error.js';

/** Opens a client for another base URL of the same host, or without the key. */
export type OpenClient = (changes: {
  readonly baseUrl?: string;
  readonly withoutKey?: true;
}) => LlamaCppClient;

export interface AskOptions {
  readonly signal: AbortSignal;
  readonly timeout: number;
}

/** Routes by which other programs tell who they are, when `/health` did not. */
const TELLING_ROUTES = ['/', '/api/version', '/v1/models', '/version', '/running'];

/**
 * Who answers, where it is no llama-server: asked on the routes of the programs that are met on its ports.
 * @returns `unknown` where none tells
 */
export async function identifyStranger(
  open: OpenClient,
  baseUrl: string,
  options: AskOptions,
): Promise<ServerKind> {
  const client = open({ baseUrl: baseUrl.startsWith('unix:') ? baseUrl : new URL(baseUrl).origin });
  try {
    const answers = await Promise.all(TELLING_ROUTES.map((path) => answerOf(client, path, options)));
    const kinds = answers.flatMap((answer) => (answer === null ? [] : [answer.kind]));
    const named = kinds.find((kind) => kind !== 'unknown' && kind !== 'proxy');
    return named ?? (kinds.includes('proxy') ? 'proxy' : 'unknown');
  } finally {
    await client.destroy();
  }
}

/**
 * Where on this host a llama-server does answer: at the root, or without a doubled `/v1`.
 * @param baseUrl where it does not
 * @param options asked before each question, since the time that is left shrinks with each
 */
export async function findPath(
  open: OpenClient,
  baseUrl: string,
  options: () => AskOptions,
): Promise<string | null> {
  for (const candidate of candidatesFor(baseUrl)) {
    const client = open({ baseUrl: candidate });
    try {
      const answer = await answerOf(client, '/health', options());
      if (answer !== null && answer.kind === 'llama.cpp' && answer.status !== 404) return candidate;
    } finally {
      await client.destroy();
    }
  }
  return null;
}

/** The path's beginnings, the longest first: `/llm/v1` → `/llm`, ``. None ends in `/v1`, which clients add themselves. */
function candidatesFor(baseUrl: string): string[] {
  if (baseUrl.startsWith('unix:')) return [];
  const { origin, pathname } = new URL(baseUrl);
  const parts = pathname.split('/').filter(Boolean);
  return parts
    .map((_, index) => parts.slice(0, parts.length - 1 - index))
    .filter((beginning) => beginning.at(-1) !== 'v1')
    .map((beginning) => [origin, ...beginning].join('/'));
}

/** An answer of whatever status, and who gave it as far as it tells; null where there is none. */
export async function answerOf(
  client: LlamaCppClient,
  path: string,
  { signal, timeout }: AskOptions,
): Promise<{ readonly status: number; readonly kind: ServerKind } | null> {
  try {
    const answer = await client.request({ method: 'GET', path, signal, timeoutMs: timeout });
    const kind = identifyServer(answer);
    const isOllama = kind === 'unknown' && path === '/api/version' && /"version"\s*:/.test(answer.body);
    return { status: answer.status, kind: isOllama ? 'ollama' : kind };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    const { status, serverKind } = error.details;
    if (typeof status !== 'number') return null;
    return { status, kind: typeof serverKind === 'string' ? (serverKind as ServerKind) : 'unknown' };
  }
}

/** Whether a llama-server takes requests without the key that is given. @throws LlamactlError */
export async function askWithoutKey(
  open: OpenClient,
  options: AskOptions & { readonly retries: number },
): Promise<{ readonly accepted: boolean }> {
  const client = open({ withoutKey: true });
  try {
    await client.props(options);
    return { accepted: true };
  } catch (error) {
    if (error instanceof LlamactlError && error.type === 'AUTHENTICATION_ERROR') return { accepted: false };
    throw error;
  } finally {
    await client.destroy();
  }
}
