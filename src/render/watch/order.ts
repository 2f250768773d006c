import type { ServerRow } from '../../services/monitor/track.js';
import type { SortBy } from './screen.js';

/** What needs eyes comes first. Busy and ready are one, so that rows do not change places with each request. */
const URGENCY: Readonly<Record<ServerRow['state'], number>> = {
  failed: 0,
  unreachable: 0,
  unresponsive: 0,
  unauthorized: 0,
  'wrong-server': 0,
  loading: 1,
  downloading: 1,
  busy: 2,
  ready: 2,
  asleep: 3,
  unloaded: 4,
  unknown: 4,
};

const VALUES: Readonly<Record<Exclude<SortBy, 'given' | 'name'>, (row: ServerRow) => number>> = {
  state: ({ state }) => URGENCY[state],
  generation: (row) => -(row.generationTokensPerSecond ?? -1),
  queue: (row) => -(row.deferred ?? -1),
};

/** The rows as they are shown; a router's models stay beneath it. */
export function orderRows(rows: readonly ServerRow[], sort: SortBy): readonly ServerRow[] {
  if (sort === 'given') return rows;
  const groups = new Map<string, ServerRow[]>();
  for (const row of rows) groups.set(row.target, [...(groups.get(row.target) ?? []), row]);
  const of = (group: readonly ServerRow[]) => (sort === 'name' ? 0 : Math.min(...group.map(VALUES[sort])));
  return [...groups]
    .sort(([a, left], [b, right]) => of(left) - of(right) || (sort === 'name' ? compare(a, b) : 0))
    .flatMap(([, group]) => group);
}

/** `gpu2` before `gpu10`. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
