import type { Load } from '../services/bench/load.js';
import type { RequestRecord } from '../services/bench/record.js';

const COLUMNS: readonly (readonly [string, (record: RequestRecord) => string | number | null])[] = [
  ['request', ({ index }) => index],
  ['scheduled_ms', ({ scheduledMs }) => milliseconds(scheduledMs)],
  ['late_ms', ({ lateMs }) => milliseconds(lateMs)],
  ['ttft_ms', ({ ttftMs }) => milliseconds(ttftMs)],
  ['answer_ms', ({ answerMs }) => milliseconds(answerMs)],
  ['e2e_ms', ({ e2eMs }) => milliseconds(e2eMs)],
  ['itl_mean_ms', ({ itlMs }) => milliseconds(itlMs?.mean ?? null)],
  ['itl_max_ms', ({ itlMs }) => milliseconds(itlMs?.max ?? null)],
  ['prompt_tokens', ({ promptTokens }) => promptTokens],
  ['cached_tokens', ({ cachedTokens }) => cachedTokens],
  ['output_tokens', ({ outputTokens }) => outputTokens],
  ['server_prefill_ms', ({ server }) => milliseconds(server?.prefillMs ?? null)],
  ['server_decode_ms', ({ server }) => milliseconds(server?.decodeMs ?? null)],
  ['finish_reason', ({ finishReason }) => finishReason],
  ['error', ({ failure }) => failure?.code ?? null],
  ['message', ({ failure }) => failure?.message ?? null],
];

/** The first line of a CSV of requests. */
export function csvHeader(): string {
  return ['load', ...COLUMNS.map(([name]) => name)].join(',');
}

/** One request, as a line of CSV (RFC 4180). */
export function csvRow(load: Load, record: RequestRecord): string {
  const name = load.kind === 'closed' ? `c${load.concurrency}` : `r${load.rate}`;
  return [name, ...COLUMNS.map(([, of]) => quoted(of(record)))].join(',');
}

function quoted(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function milliseconds(value: number | null): string | null {
  return value === null ? null : value.toFixed(3);
}
