import type { MetricsReport } from '../services/metrics.js';
import { count, rate } from './format.js';
import { mark } from './symbols.js';
import { renderTable } from './table.js';
import { hanging } from './width.js';

const UNKNOWN = '–';

/** Metrics as a table, one server a row, and why of some there is nothing. */
export function renderMetrics(report: MetricsReport, width: number): string {
  const table = renderTable(
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
  const failures = report.servers.flatMap(({ target, error }) =>
    error === undefined ? [] : [hanging(`${target}: ${error.message}`, width, `${mark('bad')} `)],
  );
  return [table, ...(failures.length === 0 ? [] : ['', ...failures])].join('\n');
}

function number(value: number | null): string {
  return value === null ? UNKNOWN : count(value);
}
