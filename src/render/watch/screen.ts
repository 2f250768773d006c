import type { History } from '../../services/monitor/history.js';
import type { ServerRow } from '../../services/monitor/track.js';
import type { Tick } from '../../services/monitor/watch.js';

export type SortBy = 'given' | 'name' | 'state' | 'generation' | 'queue';

/** All that a picture is made of, beside the terminal's size. */
export interface ScreenState {
  /** Null before the first line. */
  readonly tick: Tick | null;
  readonly history: History;
  readonly intervalMs: number;
  readonly view: 'servers' | 'log' | 'help';
  readonly sort: SortBy;
  /** The row that is shown in full, by its name; null: the first. */
  readonly selected: string | null;
  readonly paused: boolean;
  /** Lines that the log is scrolled up. */
  readonly logScroll: number;
  /** Which line of a recording is shown; null while it is live. */
  readonly replay: { readonly line: number; readonly length: number } | null;
  /** Alerts that are on, as texts. */
  readonly alerts: readonly string[];
}

/** A screen before anything is known. */
export function emptyScreen(intervalMs: number): ScreenState {
  return {
    tick: null,
    history: { ticks: 0, series: new Map(), events: [] },
    intervalMs,
    view: 'servers',
    sort: 'given',
    selected: null,
    paused: false,
    logScroll: 0,
    replay: null,
    alerts: [],
  };
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** How a row is called: `gpu1:8080`, or `gpu1:8080 qwen3` for a router's model. */
export function rowName({ target, model }: Pick<ServerRow, 'target' | 'model'>): string {
  return model === null ? target : `${target} ${model}`;
}
