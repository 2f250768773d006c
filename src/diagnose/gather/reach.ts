import type { ServerKind } from '../../catalogue/identify-server.js';
import { type Facts, notAsked } from '../facts.js';
import { answerOf, findPath, identifyStranger, type OpenClient } from './identity.js';
import { probeTcp, resolveName } from './network.js';
import type { Questions } from './questions.js';
import { probeTls } from './tls.js';

/** Where a server is, and how it is reached. */
export interface Reach {
  readonly questions: Questions;
  readonly baseUrl: string;
  /** The program that is meant to answer there. */
  readonly program: ServerKind;
  readonly url: URL;
  /** The HTTP proxy that requests go through, its credentials masked; null without one. */
  readonly proxy: string | null;
  readonly open: OpenClient;
  readonly caCert?: string | undefined;
  readonly insecure: boolean;
}

/** Milliseconds for a connection, at most. */
export const CONNECT_TIMEOUT = 3000;
/** Where llama-server listens unless it is told otherwise: until today, and in a release to come, as it prints itself. */
export const DEFAULT_PORTS = ['8080', '9931'] as const;

/** Below HTTP: the name, the connection, the certificate. */
export async function askNetwork(reach: Reach): Promise<Pick<Facts, 'dns' | 'tcp' | 'tls'>> {
  const { questions, url, proxy, caCert, insecure, program } = reach;
  if (proxy !== null) {
    // The proxy looks names up and connects, perhaps to what this machine cannot reach.
    const reason = notAsked(`through the proxy ${proxy}`);
    return { dns: reason, tcp: reason, tls: reason };
  }
  const timeout = questions.left(CONNECT_TIMEOUT);
  const dns = await questions.want('dns', () => resolveName(url, timeout, program));
  if (dns.state === 'failed') {
    const reason = notAsked('the name does not resolve');
    return { dns, tcp: reason, tls: reason };
  }
  const tcp = await questions.want('tcp', () => probeTcp(url, questions.signal, timeout, program));
  const tls =
    url.protocol !== 'https:'
      ? notAsked('the address is http://')
      : tcp.state === 'failed'
        ? notAsked('there is no connection')
        : await questions.want('tls', () => probeTls(url, { caCert, insecure }, questions.signal, timeout));
  return { dns, tcp, tls };
}

/** Where else on the host a llama-server answers, and who does in its place. */
export async function askPath(
  { questions, baseUrl, url, open }: Reach,
  health: Facts['health'],
): Promise<Facts['path']> {
  if (health.state === 'not-asked') return health;
  // Newer builds answer `/v1/health`, and nothing else under `/v1/v1`.
  const doubled = /\/v1$/.test(url.pathname);
  if (health.state === 'known' && !doubled)
    return { state: 'known', value: { url: baseUrl, stranger: null }, durationMs: 0 };
  if (!doubled && !isMisplaced(health)) return notAsked('nothing answers as it should');
  return questions.want('path', async () => {
    const [found, stranger] = await Promise.all([
      findPath(open, baseUrl, () => questions.quick()),
      identifyStranger(open, baseUrl, questions.quick()),
    ]);
    return { url: found, stranger };
  });
}

/** Whether the port speaks the other one of http and https: servers answer the wrong one with silence or a reset. */
export async function askOtherScheme(
  { questions, baseUrl, url, proxy, open }: Reach,
  health: Facts['health'],
  tls: Facts['tls'],
): Promise<Facts['otherScheme']> {
  const broken = [health, tls].some(
    (fact) =>
      fact.state === 'failed' && /^connection\.(?:reset|timeout)$|^server\.wedged$/.test(fact.error.code),
  );
  if (!broken || proxy !== null || url.protocol === 'unix:') return notAsked('the scheme is not in doubt');
  const { signal } = questions;
  const timeout = questions.left(CONNECT_TIMEOUT);
  if (url.protocol === 'http:')
    return questions.want('otherScheme', async () => ({
      answers: await probeTls(url, { insecure: true }, signal, timeout).then(
        () => true,
        () => false,
      ),
    }));
  return questions.want('otherScheme', async () => {
    const client = open({ baseUrl: baseUrl.replace(/^https:/, 'http:') });
    try {
      return { answers: (await answerOf(client, '/health', { signal, timeout })) !== null };
    } finally {
      await client.destroy();
    }
  });
}

/** Whether a llama-server answers on its other default port, where none does on the one that was asked. */
export async function askMoved(
  { questions, baseUrl, url, open }: Reach,
  tcp: Facts['tcp'],
  health: Facts['health'],
): Promise<Facts['moved']> {
  const other = otherDefaultPort(url);
  if (other === null) return notAsked('the port is none of the defaults');
  const isRefused = tcp.state === 'failed' && tcp.error.code === 'connection.refused';
  if (!isRefused && !isMisplaced(health)) return notAsked('something answers on the port');
  const moved = new URL(baseUrl);
  moved.port = other;
  const there = moved.href.replace(/\/$/, '');
  return questions.want('moved', async () => {
    // Whoever listens there may be somebody else: the key stays here.
    const client = open({ baseUrl: there, withoutKey: true });
    try {
      const { signal } = questions;
      const answer = await answerOf(client, '/health', { signal, timeout: questions.left(CONNECT_TIMEOUT) });
      return { url: there, answers: answer?.kind === 'llama.cpp' };
    } finally {
      await client.destroy();
    }
  });
}

function otherDefaultPort({ port, protocol }: URL): string | null {
  const [today, tomorrow] = DEFAULT_PORTS;
  if (protocol === 'unix:') return null;
  return port === today ? tomorrow : port === tomorrow ? today : null;
}

/** Somebody answers, and no llama-server. */
function isMisplaced(health: Facts['health']): boolean {
  return (
    health.state === 'failed' &&
    (health.error.code === 'connection.wrong-path' || health.error.code === 'connection.wrong-server')
  );
}
