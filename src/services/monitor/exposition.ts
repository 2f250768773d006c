import type { ServerRow } from './track.js';
import type { Tick } from './watch.js';

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

/** The figures of a line in Prometheus' text format. */
export interface Exposition {
  readonly contentType: string;
  update(tick: Tick): void;
  text(): Promise<string>;
}

/** An exposition that is empty until it is told a line. */
export async function createExposition(): Promise<Exposition> {
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
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    update: (tick) => {
      for (const each of [...gauges.map((entry) => entry.gauge), states]) each.reset();
      for (const row of tick.servers) {
        const labels = { target: row.target, model: row.model ?? '' };
        states.set({ ...labels, state: row.state }, 1);
        for (const { gauge: each, of } of gauges) {
          const value = of(row);
          if (value !== null) each.set(labels, value);
        }
      }
      looked.set(new Date(tick.time).getTime() / 1000);
    },
  };
}
