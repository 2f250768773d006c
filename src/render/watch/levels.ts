import { red, yellow } from '../symbols.js';

/** Whether a value is as it should be, needs an eye, or a hand. */
export type Level = 'good' | 'warning' | 'bad';

const MARKS: Readonly<Record<Level, string>> = { good: '', warning: ' !', bad: ' !!' };

/** A value with the mark of its level, which means the same without colour. */
export function marked(text: string, level: Level): string {
  const whole = `${text}${MARKS[level]}`;
  return level === 'bad' ? red(whole) : level === 'warning' ? yellow(whole) : whole;
}

/** Requests that wait: some are a queue, more than there are slots is trouble. */
export function queueLevel(deferred: number, slots: number | null): Level {
  return deferred === 0 ? 'good' : deferred > (slots ?? Number.POSITIVE_INFINITY) ? 'bad' : 'warning';
}

/** Part of a slot's context that is full, 0 to 1: at the end an answer is cut short. */
export function contextLevel(part: number): Level {
  return part >= 0.98 ? 'bad' : part >= 0.9 ? 'warning' : 'good';
}

/** Milliseconds that `/health` took: it is answered in a few, unless no thread is free for it. */
export function responseLevel(ms: number): Level {
  return ms >= 2000 ? 'bad' : ms >= 500 ? 'warning' : 'good';
}
