import type { Tick } from '../../services/monitor/watch.js';
import { detail } from './detail.js';
import { emptyScreen, rowName } from './screen.js';
import { serversTable } from './servers-table.js';

/** One line of a watch as text, for a terminal that is not taken: the table whole, and a single server in full. */
export function renderSnapshot(tick: Tick, intervalMs: number, columns: number): string {
  const series = new Map(tick.servers.map((row) => [rowName(row), [row.generationTokensPerSecond]]));
  const state = { ...emptyScreen(intervalMs), tick, history: { ticks: 1, series, events: tick.events } };
  const table = serversTable(state, tick.servers, -1, columns, tick.servers.length + 1);
  const [only, second] = tick.servers;
  const full =
    only === undefined || second !== undefined
      ? []
      : ['', ...detail(only, columns, Number.POSITIVE_INFINITY)];
  return [...table, ...full].map((line) => line.trimEnd()).join('\n');
}
