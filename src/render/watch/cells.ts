import type { ServerRow } from '../../services/monitor/track.js';
import { count, duration, rate } from '../format.js';
import { blue, cyan, dim, green, red, yellow } from '../symbols.js';
import { marked, queueLevel, responseLevel } from './levels.js';

export const UNKNOWN = '–';

/** A state as one word, with a mark that tells it without colour. */
export function stateCell(row: ServerRow): string {
  const since = clock(row.stateMs);
  switch (row.state) {
    case 'busy':
      return cyan('● busy');
    case 'ready':
      return green('✓ ready');
    case 'asleep':
      return blue('☾ asleep');
    case 'loading':
      return yellow(`… loading ${row.loading === null ? since : `${Math.round(row.loading * 100)} %`}`);
    case 'downloading':
      return yellow('… downloading');
    case 'unloaded':
      return dim('– unloaded');
    case 'unknown':
      return dim('… asking');
    case 'failed':
      return red(`✗ failed ${since}`);
    case 'unauthorized':
      return red('✗ needs a key');
    case 'wrong-server':
      return red('✗ other program');
    case 'unresponsive':
      return red(`✗ no answer ${since}`);
    case 'unreachable':
      return red(`✗ ${row.error?.code === 'connection.refused' ? 'refused' : 'no way'} ${since}`);
  }
}

export function slotsCell({ slots, state }: ServerRow): string {
  if (state === 'asleep' || (slots.total === null && slots.busy === null)) return UNKNOWN;
  return `${slots.busy ?? UNKNOWN}/${slots.total ?? UNKNOWN}`;
}

export function queueCell({ deferred, slots }: ServerRow): string {
  return deferred === null ? UNKNOWN : marked(count(deferred), queueLevel(deferred, slots.total));
}

/** Tokens a second; nothing is told of what nobody knows yet. */
export function rateCell(perSecond: number | null): string {
  if (perSecond === null) return UNKNOWN;
  return perSecond === 0 ? '0' : perSecond < 0.1 ? '< 0.1' : rate(perSecond);
}

export function responseCell(ms: number | null): string {
  return ms === null ? UNKNOWN : marked(duration(ms), responseLevel(ms));
}

export function percentCell(part: number | null): string {
  return part === null ? UNKNOWN : `${Math.round(part * 100)} %`;
}

/** `3 d 4 h`; with `≥` where it may be longer. */
export function uptimeCell({ uptimeMs, uptimeIsMinimum }: ServerRow): string {
  if (uptimeMs === null) return UNKNOWN;
  return `${uptimeIsMinimum ? '≥ ' : ''}${uptimeMs < 1000 ? '0 s' : duration(uptimeMs)}`;
}

/** `00:41`, `1:02:05`, `3 d`: how long something has lasted. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} d`;
  const minutes = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`;
}

/** The local time of day. */
export function timeOfDay(iso: string): string {
  const time = new Date(iso);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
