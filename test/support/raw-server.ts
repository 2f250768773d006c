import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export interface RawServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A TCP server that says what no HTTP server would. @param onSocket each connection, once it is there */
export function rawServer(onSocket: (socket: Socket) => void): Promise<RawServer> {
  return listening(createServer(), onSocket);
}

/** Has a server of Node's (net, tls, http) listen on a free port of loopback, and ends its connections with it. */
export async function listening(
  server: Server,
  onSocket: (socket: Socket) => void = () => {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
