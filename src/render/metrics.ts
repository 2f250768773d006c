import type { MetricsReport } from '../services/metrics.js';
import { count, rate } from './format.js';
import { renderTable } from './table.js';

const UNKNOWN = '–';

/** Metrics as a table, one server a row. */
export function renderMetrics(report: MetricsReport, width: number): string {
  return renderTable(
    [
      { title: 'SERVER' },
      { title: 'STATE' },
      { title: 'SLOTS', align: 'right' },
      { title: 'QUEUE', align: 'right' },
      { title: 'PROMPT t/s', align: 'right' },
      { title: 'GEN t/s', align: 'right' },
      { title: 'TOKENS IN / OUT', align: 'right' },
    ],
    report.servers.map((row) => [
      row.target,
      row.state,
      `${row.slots.busy ?? UNKNOWN}/${row.slots.total ?? UNKNOWN}`,
      row.deferred === null ? UNKNOWN : count(row.deferred),
      row.promptTokensPerSecond === null ? UNKNOWN : rate(row.promptTokensPerSecond),
      row.generationTokensPerSecond === null ? UNKNOWN : rate(row.generationTokensPerSecond),
      `${number(row.totals.promptTokens)} / ${number(row.totals.generatedTokens)}`,
    ]),
    width,
  );
}

function number(value: number | null): string {
  return value === null ? UNKNOWN : count(value);
}
