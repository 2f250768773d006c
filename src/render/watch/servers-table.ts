import { stripVTControlCharacters } from 'node:util';
import type { ServerRow } from '../../services/monitor/track.js';
import { bold, cyan, dim } from '../symbols.js';
import { displayWidth, padEnd, padStart, truncate } from '../width.js';
import {
  percentCell,
  queueCell,
  rateCell,
  responseCell,
  slotsCell,
  stateCell,
  UNKNOWN,
  uptimeCell,
} from './cells.js';
import { rowName, type ScreenState, type SortBy } from './screen.js';
import { sparkline, valuesPerBar } from './sparkline.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: 'right';
  /** Which order it is the sign of. */
  readonly sort?: SortBy;
  cell(row: ServerRow): string;
}

/** As wide as the states that there are, so that names get what is left. */
const STATE = { title: 'STATE', least: 9, sort: 'state', cell: stateCell } as const;
const NUMBERS: readonly Column[] = [
  { title: 'SLOTS', width: 5, align: 'right', cell: slotsCell },
  { title: 'QUEUE', width: 6, align: 'right', sort: 'queue', cell: queueCell },
  { title: 'PROMPT t/s', width: 10, align: 'right', cell: (row) => rateCell(row.promptTokensPerSecond) },
  {
    title: 'GEN t/s',
    width: 8,
    align: 'right',
    sort: 'generation',
    cell: (row) => rateCell(row.generationTokensPerSecond),
  },
];
/** Where there is room, in this order. */
const MORE: readonly Column[] = [
  { title: 'HEALTH', width: 9, align: 'right', cell: (row) => responseCell(row.responseTimeMs) },
  { title: 'CACHE', width: 6, align: 'right', cell: (row) => percentCell(row.cacheReuse) },
  { title: 'UP', width: 12, align: 'right', cell: uptimeCell },
  { title: 'MODEL', width: 26, cell: (row) => row.modelName ?? UNKNOWN },
];
const GAP = 2;
const NAME = { least: 13, most: 32 } as const;
const BARS = { least: 9, most: 60, shown: 60 } as const;
/** Seconds that the bars show at least. */
const WINDOW_S = 60;

/** The rows that fit, by number: the first, and the one after the last. */
export interface ShownRows {
  readonly from: number;
  readonly to: number;
}

/** Which rows fit beneath the titles, so that the selected one is seen, with some around it. */
export function shownRows(total: number, selected: number, height: number): ShownRows {
  const room = Math.max(1, height - 1);
  const from = total <= room ? 0 : Math.max(0, Math.min(total - room, selected - Math.floor(room / 2)));
  return { from, to: Math.min(total, from + room) };
}

/** The table's lines: titles, then those of the rows that fit. @param selected -1 for none */
export function serversTable(
  state: ScreenState,
  rows: readonly ServerRow[],
  selected: number,
  columns: number,
  height: number,
): string[] {
  const names = rows.map(labelOf);
  const layout = layOut(names, rows, columns);
  const wanted = Math.ceil((WINDOW_S * 1000) / state.intervalMs);
  const perBar = valuesPerBar(wanted, layout.bars);
  const seconds = Math.round((layout.bars * perBar * state.intervalMs) / 1000);
  const span = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  const titles = [
    sortedTitle('SERVER', state.sort === 'name'),
    ...layout.columns.map(({ title, sort }) => sortedTitle(title, sort !== undefined && sort === state.sort)),
  ];
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const column = layout.columns[index - 1];
        const width = column?.width ?? layout.name;
        const text = index === 0 ? middle(cell, width) : truncate(cell, width);
        return column?.align === 'right' ? padStart(text, width) : padEnd(text, width);
      })
      .join(' '.repeat(GAP));
  const { from, to } = shownRows(rows.length, selected, height);
  const shown = rows.slice(from, to).map((row, offset) => {
    const index = from + offset;
    const series = state.history.series.get(rowName(row)) ?? [];
    const bars = sparkline(series, state.history.ticks, layout.bars, perBar);
    const isSelected = index === selected;
    const text = line([
      isSelected ? bold(names[index] ?? '') : (names[index] ?? ''),
      ...layout.columns.map((column) => column.cell(row)),
    ]);
    return `${isSelected ? cyan('▸') : ' '}${text}${' '.repeat(GAP)}${cyan(bars)}`.trimEnd();
  });
  return [dim(truncate(` ${line(titles)}${' '.repeat(GAP)}LAST ${span}`, columns)), ...shown];
}

/** A model stands beneath its router. */
function labelOf(row: ServerRow): string {
  return row.model === null ? row.target : `└ ${row.model}`;
}

function layOut(names: readonly string[], rows: readonly ServerRow[], columns: number) {
  const hasModels = rows.some(({ model }) => model !== null);
  const longest = Math.max(NAME.least, ...names.map(displayWidth));
  const states = Math.max(STATE.least, ...rows.map((row) => displayWidth(stateCell(row))));
  const base: readonly Column[] = [{ ...STATE, width: states }, ...NUMBERS];
  const widthOf = (chosen: readonly Column[]) => chosen.reduce((sum, { width }) => sum + width + GAP, 0);
  const room = columns - 1 - GAP;
  // A name is cut before the bars are too short to tell anything.
  const name = Math.max(
    NAME.least,
    Math.min(longest, columns >= 120 ? NAME.most * 2 : NAME.most, room - widthOf(base) - BARS.least),
  );
  let chosen = base;
  for (const column of MORE) {
    if (column.title === 'MODEL' && hasModels) continue;
    const wider = [...chosen, column];
    if (room - name - widthOf(wider) >= BARS.shown / 2) chosen = wider;
  }
  const bars = Math.max(0, Math.min(BARS.most, room - name - widthOf(chosen)));
  return { name, columns: chosen, bars };
}

/** Cuts a name in its middle: beginnings of names are alike, and their ends tell which one it is. */
function middle(name: string, width: number): string {
  const plain = stripVTControlCharacters(name);
  if (displayWidth(plain) <= width) return name;
  const tail = plain.slice(-Math.max(1, Math.floor((width - 1) / 2)));
  const cut = `${plain.slice(0, Math.max(1, width - 1 - tail.length))}…${tail}`;
  return plain === name ? cut : name.replace(plain, cut);
}

function sortedTitle(title: string, isSorted: boolean): string {
  return isSorted ? `${title}▾` : title;
}
