import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What a proxy was asked. */
export interface Asked {
  /** `GET http://llama.invalid:8080/health`, `CONNECT llama.invalid:443`. */
  readonly line: string;
  readonly host: string | undefined;
  /** Its `Proxy-Authorization`. */
  readonly login: string | undefined;
}

export interface ConnectProxy {
  readonly url: string;
  readonly asked: readonly Asked[];
  stop(): Promise<void>;
}

/**
 * A forward proxy as companies have one (`HTTP_PROXY`): whole URLs, and CONNECT. Every host that it is asked for is the
 * given server, so that names which only the proxy resolves can be tested on loopback.
 * @param refuse answers everything with this status instead, e.g. 407
 */
export async function connectProxy(upstream: string, refuse?: number): Promise<ConnectProxy> {
  const { hostname, port } = new URL(upstream);
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  const note = ({ method, url, headers }: IncomingMessage) =>
    asked.push({ line: `${method} ${url}`, host: headers.host, login: headers['proxy-authorization'] });

  const forward = (incoming: IncomingMessage, answer: ServerResponse) => {
    note(incoming);
    if (refuse !== undefined) return void answer.writeHead(refuse, { connection: 'close' }).end();
    const { pathname, search } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const sent = request({
      agent: false,
      host: hostname,
      port,
      method: incoming.method,
      path: pathname + search,
      headers,
    });
    sent.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    answer.on('close', () => sent.destroy());
    incoming.pipe(sent);
  };
  const tunnel = (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    note(incoming);
    sockets.add(client);
    client.on('error', () => {});
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    const other = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      other.write(head);
      other.pipe(client);
      client.pipe(other);
    });
    sockets.add(other);
    other.on('error', () => client.destroy());
    client.on('close', () => other.destroy());
  };

  const server = createServer(forward);
  server.on('connect', tunnel);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}
