import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** A TCP server that speaks no HTTP: what it says when somebody connects, and when somebody has said something. */
export async function rawServer(says: {
  readonly first?: string;
  readonly answer?: string;
}): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (says.first !== undefined) socket.write(says.first);
    socket.on('data', () => {
      if (says.answer === undefined) return;
      socket.end(says.answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
