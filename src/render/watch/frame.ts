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
import { serversTable } from './servers-table.js';

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
  const head = header(state, columns);
  const body = bodyOf(state, columns, height - 1);
  return [head, ...body].slice(0, height).map((line) => truncate(line, columns));
}

function bodyOf(state: ScreenState, columns: number, height: number): string[] {
  if (state.view === 'help') return helpLines(state.replay !== null).slice(0, height);
  if (state.view === 'log') return ['', ...eventLines(state, columns, height - 1, state.logScroll)];
  const rows = orderRows(state.tick?.servers ?? [], state.sort);
  if (state.tick === null) return ['', dim(' asking …')];
  const at = rows.findIndex((row) => rowName(row) === state.selected);
  const selected = Math.max(0, at);
  const row = rows[selected];
  if (row === undefined) return ['', dim(' no servers')];
  const shares = share(state, rows.length, row, columns, height);
  const table = serversTable(state, rows, selected, columns, shares.table);
  const below = shares.detail > 0 ? ['', ...detail(row, columns, shares.detail)] : [];
  const log = eventLines(state, columns, shares.log, 0);
  const lines = [...table, ...below];
  if (log.length === 0) return lines;
  // The log stands at the bottom, where it does not move with the number of slots.
  const gap = Math.max(1, height - lines.length - log.length);
  return [...lines, ...Array.from({ length: gap }, () => ''), ...log];
}

/** Lines for each part. The table comes first, then the selected row, then the log; blank lines are counted with what follows. */
function share(state: ScreenState, total: number, row: ServerRow, columns: number, height: number) {
  const wantedLog = Math.min(state.history.events.length, height >= 40 ? LOG.many : LOG.few);
  const few = 1 + Math.min(total, FEWEST_ROWS);
  let left = height - few;
  const log = wantedLog > 0 && left > wantedLog + 6 ? wantedLog : 0;
  left -= log === 0 ? 0 : log + 1;
  const wantedDetail = detailHeight(row, columns);
  // Beside many servers their list matters more than the last slots of one.
  const mostDetail = total > FEWEST_ROWS ? Math.floor(left * 0.6) : left;
  const shown = Math.max(0, Math.min(wantedDetail, mostDetail - 1));
  left -= shown === 0 ? 0 : shown + 1;
  return {
    table: few + Math.max(0, Math.min(total - Math.min(total, FEWEST_ROWS), left)),
    detail: shown,
    log,
  };
}

function header(state: ScreenState, columns: number): string {
  const servers = new Set(state.tick?.servers.map(({ target }) => target));
  const left = [
    bold('llamactl'),
    plural(servers.size, 'server'),
    ...(state.replay === null
      ? [interval(state.intervalMs)]
      : [`line ${state.replay.line + 1} of ${state.replay.length}`]),
    ...(state.paused ? [inverse(state.replay === null ? ' paused ' : ' stopped ')] : []),
    ...downs(state),
  ].join(' · ');
  const time = state.tick === null ? '' : timeOfDay(state.tick.time);
  const keys = state.replay === null ? 'q ? ↑↓' : 'q ? ←→';
  const right = `${time}  ${dim(keys)}`;
  const alerts = state.alerts.length === 0 ? '' : ` · ${red(`‼ ${state.alerts.join(', ')}`)}`;
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
