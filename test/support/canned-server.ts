import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** An answer that a test writes by hand, or takes from a recorded exchange. */
export interface Canned {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

export type Route =
  | Canned
  | ((request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>);

export interface CannedServer {
  readonly url: string;
  readonly port: number;
  /** What was asked: `GET /health`. */
  readonly requests: readonly {
    readonly line: string;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: string;
  }[];
  stop(): Promise<void>;
}

/**
 * An HTTP server with given answers, for what no llama-server does: other programs on the port, answers of other builds.
 * @param routes by `GET /path` (without the query), `*` for everything else
 * @param at default a free port of 127.0.0.1
 */
export async function cannedServer(
  routes: Readonly<Record<string, Route>>,
  headers: Readonly<Record<string, string>> = {},
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<CannedServer> {
  const requests: { line: string; headers: Readonly<Record<string, unknown>>; body: string }[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const line = `${request.method} ${(request.url ?? '').split('?', 1)[0]}`;
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const route = routes[line] ?? routes['*'] ?? { status: 404, body: 'not here' };
    if (typeof route === 'function') {
      await route(request, response, body);
      return;
    }
    const isText = typeof route.body === 'string' || route.body === undefined;
    response.writeHead(route.status ?? 200, {
      'content-type': isText ? 'text/plain' : 'application/json',
      ...headers,
      ...route.headers,
    });
    response.end(isText ? route.body : JSON.stringify(route.body));
  });
  server.listen(at);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://${at.host}:${port}`,
    port,
    requests,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** llama-server's `Server:` header. */
export const LLAMA_HEADERS = { server: 'llama.cpp' } as const;

/** A route that streams events: each string is a `data:` line's text; numbers pause so many milliseconds; `cut` breaks off. */
export function eventStream(parts: readonly (string | number | 'cut')[]): Route {
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...LLAMA_HEADERS });
    for (const part of parts) {
      if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part));
      else if (part === 'cut') return void response.destroy();
      else response.write(part.startsWith(':') ? `${part}\n\n` : `data: ${part}\n\n`);
    }
    response.end();
  };
}

/** A chunk of a streamed chat, as llama-server writes it. */
export function chunk(delta: Readonly<Record<string, unknown>>, finish: string | null = null): string {
  return JSON.stringify({
    choices: [{ index: 0, delta, finish_reason: finish }],
    model: 'tiny',
    object: 'chat.completion.chunk',
  });
}
