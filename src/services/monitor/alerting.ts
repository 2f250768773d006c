import { type AlertChange, type AlertRule, advanceAlerts, NO_ALERTS } from './alerts.js';
import type { WatchEvent } from './track.js';
import type { Tick } from './watch.js';

/** A line, and what alerts make of it. */
export interface AlertedTick extends Tick {
  /** Alerts that began or ended with this line. */
  readonly alerts: readonly AlertChange[];
  /** Those that are on, as texts. */
  readonly firing: readonly string[];
}

/**
 * Lines with what alerts make of them, which is among the events too.
 * @throws what the lines end with
 */
export async function* withAlerts(
  ticks: AsyncIterable<Tick>,
  rules: readonly AlertRule[],
): AsyncGenerator<AlertedTick> {
  let state = NO_ALERTS;
  const firing = new Set<string>();
  for await (const tick of ticks) {
    const next = advanceAlerts(state, rules, tick.servers, performance.now());
    state = next.state;
    for (const change of next.changes) {
      if (change.firing) firing.add(textOf(change));
      else firing.delete(textOf(change));
    }
    yield {
      ...tick,
      events: [...tick.events, ...next.changes.map((change) => eventOf(change, tick.time))],
      alerts: next.changes,
      firing: [...firing],
    };
  }
}

function eventOf(change: AlertChange, time: string): WatchEvent {
  const { target, expression, firing } = change;
  const value = Number(change.value.toPrecision(3));
  return firing
    ? { time, target, level: 'bad', text: `alert ${expression} (${value})` }
    : { time, target, level: 'good', text: `over: ${expression} (${value})` };
}

function textOf({ target, expression }: AlertChange): string {
  return `${expression}: ${target}`;
}
