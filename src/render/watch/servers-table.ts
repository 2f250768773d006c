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

const STATE: Column = { title: 'STATE', width: 16, sort: 'state', cell: stateCell };
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
  { title: 'MODEL', width: 28, cell: (row) => row.modelName ?? UNKNOWN },
];
const GAP = 2;
const NAME = { least: 13, most: 32 } as const;
const BARS = { least: 9, most: 60, shown: 60 } as const;
/** Seconds that the bars show at least. */
const WINDOW_S = 60;

/** The table's lines: titles, then those of the rows that fit, the selected one among them. */
export function serversTable(
  state: ScreenState,
  rows: readonly ServerRow[],
  selected: number,
  columns: number,
  height: number,
): string[] {
  const names = rows.map(labelOf);
  const layout = layOut(
    names,
    columns,
    rows.some(({ model }) => model !== null),
  );
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
        const text = truncate(cell, width);
        return column?.align === 'right' ? padStart(text, width) : padEnd(text, width);
      })
      .join(' '.repeat(GAP));
  const room = Math.max(1, height - 1);
  const first = firstShown(rows.length, selected, room);
  const shown = rows.slice(first, first + room).map((row, offset) => {
    const index = first + offset;
    const series = state.history.series.get(rowName(row)) ?? [];
    const bars = sparkline(series, state.history.ticks, layout.bars, perBar);
    const isSelected = index === selected;
    const text = line([
      isSelected ? bold(names[index] ?? '') : (names[index] ?? ''),
      ...layout.columns.map((column) => column.cell(row)),
    ]);
    return `${isSelected ? cyan('▸') : ' '}${text}${' '.repeat(GAP)}${cyan(bars)}`.trimEnd();
  });
  const hidden = { above: first, below: rows.length - first - shown.length };
  const more =
    hidden.above + hidden.below === 0 ? '' : ` ${hidden.above > 0 ? '↑' : ''}${hidden.below > 0 ? '↓' : ''}`;
  const title = `LAST ${span.toUpperCase().replace('MIN', 'min').replace('S', 's')}${more}`;
  return [dim(truncate(` ${line(titles)}${' '.repeat(GAP)}${title}`, columns)), ...shown];
}

/** A model stands beneath its router. */
function labelOf(row: ServerRow): string {
  return row.model === null ? row.target : `└ ${row.model}`;
}

function layOut(names: readonly string[], columns: number, hasModels: boolean) {
  const longest = Math.max(NAME.least, ...names.map(displayWidth));
  const base = [STATE, ...NUMBERS];
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

function sortedTitle(title: string, isSorted: boolean): string {
  return isSorted ? `${title}▾` : title;
}

/** The first row that is shown, so that the selected one is seen, with some around it. */
function firstShown(total: number, selected: number, room: number): number {
  if (total <= room) return 0;
  return Math.max(0, Math.min(total - room, selected - Math.floor(room / 2)));
}
