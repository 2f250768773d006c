import type { WatchEvent } from '../../services/monitor/track.js';
import { dim, green, red, yellow } from '../symbols.js';
import { displayWidth, padEnd, truncate } from '../width.js';
import { timeOfDay } from './cells.js';
import type { ScreenState } from './screen.js';

const COLOURS: Readonly<Record<WatchEvent['level'], (text: string) => string>> = {
  good: green,
  info: (text) => text,
  warning: yellow,
  bad: red,
};
const MARKS: Readonly<Record<WatchEvent['level'], string>> = { good: '✓', info: '·', warning: '!', bad: '✗' };
const LONGEST_NAME = 28;

/** What happened, newest first. @param scroll lines to pass over */
export function eventLines(
  { history }: Pick<ScreenState, 'history'>,
  columns: number,
  height: number,
  scroll: number,
): string[] {
  const shown = history.events.toReversed().slice(scroll, scroll + Math.max(0, height));
  const name = Math.min(LONGEST_NAME, Math.max(0, ...shown.map(({ target }) => displayWidth(target))));
  const lines = shown.map(({ time, target, level, text }) => {
    const what = COLOURS[level](`${MARKS[level]} ${text}`);
    return truncate(` ${dim(timeOfDay(time))}  ${padEnd(truncate(target, name), name)}  ${what}`, columns);
  });
  return lines.length === 0 && height > 3 && history.ticks > 0 ? [dim(' nothing has happened yet')] : lines;
}
