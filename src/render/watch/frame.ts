import type { ServerRow } from '../../services/monitor/track.js';
import { plural } from '../format.js';
import { bold, dim, inverse, red, yellow } from '../symbols.js';
import { displayWidth, truncate } from '../width.js';
import { timeOfDay } from './cells.js';
import { detail, detailHeight } from './detail.js';
import { helpLines } from './help.js';
import { eventLines } from './log.js';
import { orderRows } from './order.js';
import { rowName, type ScreenState, type Size } from './screen.js';
import { serversTable, shownRows } from './servers-table.js';

export const SMALLEST: Size = { columns: 60, rows: 10 };
/** Rows of the table that are shown before anything else gets room. */
const FEWEST_ROWS = 5;
/** Lines of the log that are shown where there is room, on a small and on a large screen. */
const LOG = { few: 2, many: 8 } as const;

/** The screen as lines: never more, and never wider, than the terminal has room for. */
export function renderFrame(state: ScreenState, size: Size): string[] {
  const { columns, rows: height } = size;
  if (columns < SMALLEST.columns || height < SMALLEST.rows) {
    const text = `${columns}×${height} is too small: ${SMALLEST.columns}×${SMALLEST.rows} is needed · q leaves`;
    return [truncate(text, columns)];
  }
  const { lines, range } = bodyOf(state, columns, height - 1);
  return [header(state, range, columns), ...lines].slice(0, height).map((line) => truncate(line, columns));
}

interface Body {
  readonly lines: readonly string[];
  /** Which of the rows are seen, where not all are. */
  readonly range: string | null;
}

function bodyOf(state: ScreenState, columns: number, height: number): Body {
  const only = (lines: readonly string[]): Body => ({ lines, range: null });
  if (state.view === 'help') return only(helpLines(state.replay !== null));
  if (state.view === 'log') return only(['', ...eventLines(state, columns, height - 1, state.logScroll)]);
  if (state.tick === null) return only(['', dim(' asking …')]);
  const rows = orderRows(state.tick.servers, state.sort);
  const selected = Math.max(
    0,
    rows.findIndex((row) => rowName(row) === state.selected),
  );
  const row = rows[selected];
  if (row === undefined) return only(['', dim(' no servers')]);
  const shares = share(state, rows.length, row, columns, height);
  const { from, to } = shownRows(rows.length, selected, shares.table);
  const lines = [
    ...serversTable(state, rows, selected, columns, shares.table),
    ...(shares.detail > 0 ? ['', ...detail(row, columns, shares.detail)] : []),
  ];
  const log = eventLines(state, columns, shares.log, 0);
  // The log stands at the bottom, where it does not move with the number of slots.
  const gap = log.length === 0 ? 0 : Math.max(1, height - lines.length - log.length);
  return {
    lines: [...lines, ...Array.from({ length: gap }, () => ''), ...log],
    range: to - from < rows.length ? `rows ${from + 1}–${to} of ${rows.length}` : null,
  };
}

interface Shares {
  readonly table: number;
  readonly detail: number;
  readonly log: number;
}

/** Lines for each part: first some rows, then the last events, then the selected row in full, then the other rows. */
function share(state: ScreenState, total: number, row: ServerRow, columns: number, height: number): Shares {
  const few = 1 + Math.min(total, FEWEST_ROWS);
  const wantedLog = Math.min(state.history.events.length, height >= 40 ? LOG.many : LOG.few);
  const log = height - few > wantedLog + 6 ? wantedLog : 0;
  // A blank line stands above each part but the first.
  const left = height - few - (log === 0 ? 0 : log + 1);
  const wanted = detailHeight(row, columns) + 1;
  const others = Math.max(0, total - FEWEST_ROWS);
  // Beside many servers their list matters more than the last slots of one.
  const shown = wanted + others <= left ? wanted : Math.min(wanted, Math.max(6, Math.floor(left / 2)), left);
  return { table: few + Math.max(0, Math.min(others, left - shown)), detail: Math.max(0, shown - 1), log };
}

function header(state: ScreenState, range: string | null, columns: number): string {
  const servers = new Set(state.tick?.servers.map(({ target }) => target));
  const left = [
    bold('llamactl'),
    plural(servers.size, 'server'),
    ...(range === null ? [] : [dim(range)]),
    ...(state.replay === null
      ? [interval(state.intervalMs)]
      : [`line ${state.replay.line + 1} of ${state.replay.length}`]),
    ...(state.paused ? [inverse(state.replay === null ? ' paused ' : ' stopped ')] : []),
    ...downs(state),
  ].join(' · ');
  const time = state.tick === null ? '' : timeOfDay(state.tick.time);
  const keys = state.replay === null ? 'q ? ↑↓' : 'q ? ←→';
  const right = `${time}  ${dim(keys)}`;
  const alerts = state.alerts.length === 0 ? '' : ` · ${red(`!! ${state.alerts.join(', ')}`)}`;
  const room = columns - displayWidth(right) - 1;
  const text = truncate(` ${left}${alerts}`, room);
  return `${text}${' '.repeat(Math.max(1, columns - displayWidth(text) - displayWidth(right)))}${right}`;
}

/** Of many servers those that are not well may be far down the list. */
function downs({ tick }: ScreenState): string[] {
  const down = (tick?.servers ?? []).filter(({ error }) => error !== null).length;
  const total = tick?.servers.length ?? 0;
  return down === 0 || total < 6 ? [] : [yellow(`${down} down`)];
}

function interval(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
