import { request as ask, createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listening, type RawServer } from './raw-server.js';

/** What a proxy was asked. */
export interface Asked {
  /** `GET http://llama.invalid:8080/health`, `CONNECT llama.invalid:443`. */
  readonly line: string;
  readonly host: string | undefined;
  /** Its `Proxy-Authorization`, which goes no further. */
  readonly login: string | undefined;
}

/**
 * A forward proxy as companies have one (`HTTP_PROXY`): every host that it is asked for, by whole URLs or by CONNECT, is the
 * given server, so that names which only the proxy resolves can be tested on loopback.
 * @param refuse answers each request with this status instead, e.g. 407
 */
export async function forwardProxy(
  upstream: string,
  refuse?: number,
): Promise<RawServer & { readonly asked: readonly Asked[] }> {
  const { hostname, port } = new URL(upstream);
  const notes: Asked[] = [];
  const note = ({ method, url, headers }: IncomingMessage) =>
    notes.push({ line: `${method} ${url}`, host: headers.host, login: headers['proxy-authorization'] });
  const server = createServer((asked, answer) => {
    note(asked);
    if (refuse !== undefined) return void answer.writeHead(refuse).end();
    const { pathname, search } = new URL(asked.url ?? '/', upstream);
    const { 'proxy-authorization': _, ...headers } = asked.headers;
    const sent = ask(
      { hostname, port, method: asked.method, path: pathname + search, headers, agent: false },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    asked.pipe(sent);
  });
  server.on('connect', (asked: IncomingMessage, client: Socket, head: Buffer) => {
    note(asked);
    if (refuse !== undefined)
      return void client.end(`HTTP/1.1 ${refuse} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    const other = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      other.write(head);
      other.pipe(client).pipe(other);
    });
    other.on('error', () => client.destroy());
    client.on('close', () => other.destroy());
  });
  return { ...(await listening(server)), asked: notes };
}
