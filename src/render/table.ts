import Table from 'cli-table3';
import { bold } from './symbols.js';
import { displayWidth } from './width.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const NOTHING = '';
/** No lines: columns two spaces apart, as `kubectl get` and `docker ps` print them. */
const BORDERLESS = {
  top: NOTHING,
  'top-mid': NOTHING,
  'top-left': NOTHING,
  'top-right': NOTHING,
  bottom: NOTHING,
  'bottom-mid': NOTHING,
  'bottom-left': NOTHING,
  'bottom-right': NOTHING,
  left: NOTHING,
  'left-mid': NOTHING,
  mid: NOTHING,
  'mid-mid': NOTHING,
  right: NOTHING,
  'right-mid': NOTHING,
  middle: '  ',
};

/**
 * Rows under column titles, without lines.
 * @param width columns of the screen: where the table is wider, names of the first column that are long stand on a line of
 * their own, whole, so that they can be copied
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const whole = layOut(columns, rows);
  if (tableWidth(whole) <= width) return whole.join('\n');
  const others = layOut(
    columns.slice(1),
    rows.map((row) => row.slice(1)),
  );
  const room = width - tableWidth(others) - BORDERLESS.middle.length;
  const isLong = (name: string) => displayWidth(name) > room;
  const [head = '', ...lines] = layOut(
    columns,
    rows.map(([name = '', ...rest]) => [isLong(name) ? '' : name, ...rest]),
  );
  return [
    head,
    ...lines.flatMap((line, index) => {
      const name = rows[index]?.[0] ?? '';
      return isLong(name) ? [name, line] : [line];
    }),
  ].join('\n');
}

/** Columns that a table takes. */
export function tableWidth(lines: readonly string[]): number {
  return Math.max(0, ...lines.map(displayWidth));
}

function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const table = new Table({
    head: columns.map(({ title }) => bold(title)),
    chars: BORDERLESS,
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
