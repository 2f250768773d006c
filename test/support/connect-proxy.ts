import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly url: string;
  /** What it was asked to connect to: `llama.invalid:80`. */
  readonly targets: readonly string[];
  stop(): Promise<void>;
}

/**
 * A forward proxy as companies have one (`HTTP_PROXY`): every host that it is asked for is the given server, so that names
 * which only the proxy resolves can be tested on loopback.
 * @param refuse answers each CONNECT with this status instead, e.g. 407
 */
export async function connectProxy(upstream: string, refuse?: number): Promise<ConnectProxy> {
  const { hostname, port } = new URL(upstream);
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(refuse ?? 405).end());
  server.on('connect', (request, client: Socket, head: Buffer) => {
    targets.push(request.url ?? '');
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
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}
