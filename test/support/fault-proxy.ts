import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does to a connection. Faults of a response count its bytes from the first, head included. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Closes at once, without an answer. */
  | { readonly kind: 'reset' }
  /** Accepts, and then nothing. */
  | { readonly kind: 'silence' }
  /** Holds the response's first byte back. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Ends the response after so many bytes: politely (FIN), or not (RST). */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly how: 'fin' | 'rst' }
  /** After so many bytes of the response nothing more comes, and the connection stays open. */
  | { readonly kind: 'half-open'; readonly afterBytes: number }
  /** Flips bits of the response from this offset on, for so many bytes. */
  | { readonly kind: 'garble'; readonly atByte: number; readonly bytes: number }
  /** Hands the response on in pieces of this size, each in a packet of its own. */
  | { readonly kind: 'split'; readonly size: number }
  /** Answers itself, without asking the server. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

const RST_DELAY_MS = 20;
const PASS: Fault = { kind: 'pass' };

/** A TCP proxy before a server that fails in the ways networks do. */
export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #queue: Fault[] = [];
  readonly #upstream: { readonly host: string; readonly port: number };
  #always: Fault = PASS;
  #port = 0;
  /** Connections taken so far. */
  connections = 0;

  private constructor(upstream: { host: string; port: number }) {
    this.#upstream = upstream;
    this.#server = createServer((client) => this.#take(client));
  }

  /** A proxy on a free port of loopback. @param url of the server behind it */
  static async start(url: string): Promise<FaultProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new FaultProxy({ host: hostname, port: Number(port) });
    await proxy.#listen(0);
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The fault of every connection from now on. */
  set always(fault: Fault) {
    this.#always = fault;
  }

  /** The faults of the next connections, in order; then `always` again. */
  next(...faults: readonly Fault[]): void {
    this.#queue.push(...faults);
  }

  /** Refuses connections, and ends those there are, until {@link accept}. */
  async refuse(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.dropAll();
    });
  }

  async accept(): Promise<void> {
    await this.#listen(this.#port);
  }

  /** Ends all connections, as a restarted router does. */
  dropAll(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        if (typeof address === 'object' && address !== null) this.#port = address.port;
        resolve();
      });
    });
  }

  #take(client: Socket): void {
    this.connections++;
    this.#keep(client);
    const fault = this.#queue.shift() ?? this.#always;
    if (fault.kind === 'reset') {
      reset(client);
      return;
    }
    if (fault.kind === 'silence') {
      client.resume();
      return;
    }
    if (fault.kind === 'answer') {
      answer(client, fault);
      return;
    }
    const server = createConnection(this.#upstream);
    this.#keep(server);
    client.pipe(server);
    client.on('close', () => server.destroy());
    server.on('error', () => client.destroy());
    forward(server, client, fault);
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function answer(
  client: Socket,
  { status, headers = {}, body = '' }: Extract<Fault, { kind: 'answer' }>,
): void {
  // After the request's head: an answer that comes before the question is another fault.
  client.once('data', () => {
    const lines = Object.entries({
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
      ...headers,
    });
    client.end(
      `HTTP/1.1 ${status} Fault\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    );
    client.resume();
  });
}

/** The response's bytes from server to client, through the fault. */
function forward(server: Socket, client: Socket, fault: Fault): void {
  let seen = 0;
  const ended = () => client.end();
  const steps = new Steps();
  // Half-open: not even its end comes through.
  if (fault.kind !== 'half-open') server.on('end', () => steps.add(async () => void ended()));
  server.on('data', (chunk: Buffer) => {
    const from = seen;
    seen += chunk.length;
    switch (fault.kind) {
      case 'cut':
        if (seen < fault.afterBytes) {
          client.write(chunk);
          return;
        }
        // The server's own end, if it comes with this chunk, is not what ends the connection.
        server.removeAllListeners('end').destroy();
        client.write(chunk.subarray(0, fault.afterBytes - from), () => {
          // A RST overtakes what has not been read yet.
          if (fault.how === 'rst') setTimeout(() => reset(client), RST_DELAY_MS);
          else client.end();
        });
        return;
      case 'half-open':
        if (from < fault.afterBytes) client.write(chunk.subarray(0, fault.afterBytes - from));
        return;
      case 'garble':
        client.write(
          chunk.map((byte, i) =>
            from + i >= fault.atByte && from + i < fault.atByte + fault.bytes ? byte ^ 0x55 : byte,
          ),
        );
        return;
      case 'delay':
        steps.add(async () => {
          if (from === 0) await pause(fault.ms);
          client.write(chunk);
        });
        return;
      case 'throttle':
        steps.add(async () => {
          client.write(chunk);
          await pause((chunk.length / fault.bytesPerSecond) * 1000);
        });
        return;
      case 'split':
        steps.add(async () => {
          for (let at = 0; at < chunk.length; at += fault.size) {
            client.write(chunk.subarray(at, at + fault.size));
            await new Promise((resolve) => setImmediate(resolve));
          }
        });
        return;
      default:
        if (!client.write(chunk)) {
          server.pause();
          client.once('drain', () => server.resume());
        }
    }
  });
}

/** Ends a connection with a RST alone: Node's `resetAndDestroy()` sends a FIN before it, which is what clients then see. */
function reset(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

/** Steps one after the other. */
class Steps {
  #last: Promise<void> = Promise.resolve();

  add(step: () => Promise<void>): void {
    this.#last = this.#last.then(step);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
