import { setMaxListeners } from 'node:events';

/**
 * The signals that there are. Each request under way listens to them, so that Node's warning of more than ten listeners
 * would be a false alarm.
 */
export function presentSignals(signals: readonly (AbortSignal | undefined)[]): AbortSignal[] {
  const present = signals.filter((signal) => signal !== undefined);
  if (present.length > 0) setMaxListeners(0, ...present);
  return present;
}
