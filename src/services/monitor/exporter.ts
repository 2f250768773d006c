import { once } from 'node:events';
import { createServer } from 'node:http';
import { usageError } from '../../errors/llamactl-error.js';
import type { ServerRow } from './track.js';
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

interface ExportedGauge {
  readonly name: string;
  readonly help: string;
  /** Null where nobody knows: then there is no sample, which is not 0. */
  of(row: ServerRow): number | null;
}

const USABLE: ReadonlySet<ServerRow['state']> = new Set(['ready', 'busy', 'asleep']);

/** What is told of each server and each model of a router, with the labels `target` and `model`. */
export const EXPORTED: readonly ExportedGauge[] = [
  {
    name: 'llamactl_probe_success',
    help: 'Whether a request would be served: ready, busy or asleep',
    of: ({ state }) => (USABLE.has(state) ? 1 : 0),
  },
  {
    name: 'llamactl_health_seconds',
    help: 'Time that /health took',
    of: ({ responseTimeMs }) => (responseTimeMs === null ? null : responseTimeMs / 1000),
  },
  { name: 'llamactl_slots', help: 'Slots of the server', of: ({ slots }) => slots.total },
  { name: 'llamactl_slots_busy', help: 'Slots that work on a request', of: ({ slots }) => slots.busy },
  { name: 'llamactl_requests_deferred', help: 'Requests that wait for a slot', of: (row) => row.deferred },
  {
    name: 'llamactl_prompt_tokens_per_second',
    help: 'Prompt tokens read a second, live',
    of: (row) => row.promptTokensPerSecond,
  },
  {
    name: 'llamactl_generation_tokens_per_second',
    help: 'Tokens generated a second, live',
    of: (row) => row.generationTokensPerSecond,
  },
  {
    name: 'llamactl_context_used_ratio',
    help: 'Context that the fullest busy slot holds, 0 to 1',
    of: ({ slotList }) =>
      slotList === null
        ? null
        : Math.max(
            0,
            ...slotList
              .filter(({ phase }) => phase !== 'idle')
              .map(({ contextTokens, contextSize }) => contextTokens / contextSize),
          ),
  },
  {
    name: 'llamactl_cache_reuse_ratio',
    help: 'Prompt tokens that came from the cache, 0 to 1, since the start of the server',
    of: (row) => row.cacheReuse,
  },
  {
    name: 'llamactl_draft_acceptance_ratio',
    help: 'Drafted tokens that were taken, 0 to 1, since the start of the server',
    of: (row) => row.draftAcceptance,
  },
  {
    name: 'llamactl_server_prompt_tokens',
    help: 'Prompt tokens read since the start of the server, as it counts them',
    of: ({ totals }) => totals.promptTokens,
  },
  {
    name: 'llamactl_server_generated_tokens',
    help: 'Tokens generated since the start of the server, as it counts them',
    of: ({ totals }) => totals.generatedTokens,
  },
  {
    name: 'llamactl_uptime_seconds',
    help: 'Time since the start of the server, or since it was first seen',
    of: ({ uptimeMs }) => (uptimeMs === null ? null : uptimeMs / 1000),
  },
  { name: 'llamactl_restarts', help: 'Restarts that were seen', of: (row) => row.restarts },
];

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
  const { default: prometheus } = await import('prom-client');
  const { Gauge, Registry } = prometheus;
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const gauges = EXPORTED.map(({ name, help, of }) => ({
    of,
    gauge: gauge(name, help, ['target', 'model']),
  }));
  const states = gauge('llamactl_state', 'The state, as a label: 1', ['target', 'model', 'state']);
  const looked = gauge('llamactl_last_look_timestamp_seconds', 'When the figures were taken', []);

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== '/metrics' && path !== '/') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('try /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
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
    update: (tick) => {
      for (const each of [...gauges.map((entry) => entry.gauge), states]) each.reset();
      for (const row of tick.servers) {
        const labels = { target: row.target, model: row.model ?? row.modelName ?? '' };
        states.set({ ...labels, state: row.state }, 1);
        for (const { gauge: each, of } of gauges) {
          const value = of(row);
          if (value !== null) each.set(labels, value);
        }
      }
      looked.set(new Date(tick.time).getTime() / 1000);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
