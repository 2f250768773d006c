import { once } from 'node:events';
import { createServer } from 'node:http';
import { usageError } from '../../errors/llamactl-error.js';
import { createExposition } from './exposition.js';
import type { Tick } from './watch.js';

/** Where the exporter listens. */
export interface ExportAddress {
  readonly host: string;
  readonly port: number;
}

/** A Prometheus exporter of what is watched. */
export interface Exporter {
  readonly url: string;
  update(tick: Tick): void;
  close(): Promise<void>;
}

/**
 * `9464`, `:9464`, `127.0.0.1:9464`, `[::1]:9464`; without a host it is loopback.
 * @throws LlamactlError (usage)
 */
export function parseExportAddress(text: string): ExportAddress {
  const match = /^(?:(\[[0-9a-f:]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65_535)
    throw usageError(
      `${JSON.stringify(text)} is no HOST:PORT: write 127.0.0.1:9464, or :9464 for this machine only`,
    );
  return { host: match[1]?.replace(/[[\]]/g, '') || '127.0.0.1', port };
}

/**
 * Starts to serve `/metrics`.
 * @throws LlamactlError (usage) where the address cannot be listened on
 */
export async function startExporter({ host, port }: ExportAddress): Promise<Exporter> {
  const exposition = await createExposition();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== '/metrics' && path !== '/') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('try /metrics\n');
      return;
    }
    exposition.text().then(
      (text) => response.writeHead(200, { 'content-type': exposition.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`the exporter cannot listen on ${shown}:${port}: ${why}`);
  }
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${shown}:${actual}/metrics`,
    update: (tick) => exposition.update(tick),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
