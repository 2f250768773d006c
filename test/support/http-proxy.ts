import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificates.js';

/** What a reverse proxy does to an exchange. Those of streams touch answers of `text/event-stream` only. */
export type HttpFault =
  | { readonly kind: 'pass' }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Hands status and headers on, and then nothing. */
  | { readonly kind: 'head-only' }
  /** Holds an answer back. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** A very slow line. */
  | { readonly kind: 'trickle'; readonly bytesPerSecond: number }
  /** Answers itself. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Breaks off after so many events. */
  | { readonly kind: 'cut-stream'; readonly afterEvents: number }
  /** After so many events nothing more comes, and the connection stays open. */
  | { readonly kind: 'stop-stream'; readonly afterEvents: number }
  /** Hands the whole stream on when it has ended. */
  | { readonly kind: 'buffer-stream' }
  /** Damages the JSON of every event. */
  | { readonly kind: 'garble-stream' };

export interface HttpProxyOptions {
  /** The fault of a request. */
  readonly fault?: (request: IncomingMessage) => HttpFault;
  /** Ends TLS before the server. */
  readonly tls?: Pick<KeyPair, 'key' | 'cert'>;
}

export interface HttpProxy {
  readonly url: string;
  readonly port: number;
  /** What was asked: `POST /v1/chat/completions`. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const PASS: HttpFault = { kind: 'pass' };

/** A reverse proxy before a server that understands HTTP, so that it can fail on some paths, or on streams, only. */
export async function httpProxy(upstream: string, options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const { hostname, port } = new URL(upstream);
  const agent = new Agent({ keepAlive: false });
  const requests: string[] = [];
  const handle = (asked: IncomingMessage, answer: ServerResponse) => {
    requests.push(`${asked.method} ${asked.url}`);
    const fault = options.fault?.(asked) ?? PASS;
    answer.on('error', () => {});
    if (fault.kind === 'hang') return void asked.resume();
    if (fault.kind === 'answer') {
      asked.resume();
      const body = fault.body ?? '';
      answer
        .writeHead(fault.status, { 'content-length': Buffer.byteLength(body), ...fault.headers })
        .end(body);
      return;
    }
    const sent = request(
      { agent, hostname, port, method: asked.method, path: asked.url, headers: asked.headers },
      (response) => void handOn(response, answer, fault),
    );
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    asked.pipe(sent);
  };
  const server = options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${own}`,
    port: own,
    requests,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handOn(response: IncomingMessage, answer: ServerResponse, fault: HttpFault): Promise<void> {
  const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
  if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  answer.writeHead(response.statusCode ?? 502, response.headers);
  answer.flushHeaders();
  if (fault.kind === 'head-only') return void response.resume();
  if (fault.kind === 'trickle') return trickle(response, answer, fault.bytesPerSecond);
  if (!isStream || fault.kind === 'pass' || fault.kind === 'delay') {
    response.pipe(answer);
    response.on('error', () => answer.destroy());
    return;
  }
  response.setEncoding('utf8');
  let events = 0;
  let rest = '';
  const held: string[] = [];
  try {
    for await (const chunk of response) {
      const parts = `${rest}${chunk}`.split('\n\n');
      rest = parts.pop() ?? '';
      for (const event of parts) {
        if (fault.kind === 'stop-stream' && events >= fault.afterEvents) continue;
        if (fault.kind === 'cut-stream' && events >= fault.afterEvents) return void answer.destroy();
        events++;
        if (fault.kind === 'buffer-stream') held.push(event);
        else answer.write(`${fault.kind === 'garble-stream' ? garbled(event) : event}\n\n`);
      }
    }
  } catch {
    return void answer.destroy();
  }
  if (fault.kind === 'stop-stream') return;
  if (held.length > 0) answer.write(`${held.join('\n\n')}\n\n`);
  answer.end(rest);
}

async function trickle(response: IncomingMessage, answer: ServerResponse, rate: number): Promise<void> {
  for await (const chunk of response) {
    for (const byte of Buffer.from(chunk)) {
      if (answer.destroyed) return;
      answer.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
    }
  }
  answer.end();
}

/** As a proxy that rewrites quotes does. */
function garbled(event: string): string {
  return event.startsWith('data: {') ? event.replaceAll('"', '\u201d') : event;
}
