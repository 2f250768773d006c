import type { Remedy } from '../errors/llamactl-error.js';
import type { HealthReport } from '../services/health.js';
import { renderRemedies } from './error.js';
import { duration } from './format.js';
import { mark } from './symbols.js';

/** A server's state as one line, and what to do where it is not ready. */
export function renderHealth(report: HealthReport, remedies: readonly Remedy[], width: number): string {
  const time = report.responseTimeMs === null ? '' : ` · ${duration(report.responseTimeMs)}`;
  switch (report.status) {
    case 'ready':
      return `${mark('good')} ready${time} · ${report.url}`;
    case 'asleep':
      return `${mark('asleep')} asleep, wakes on the next request${time} · ${report.url}`;
    case 'loading':
      return `${mark('waiting')} loading${time} · ${report.url}`;
    default: {
      const message = report.error?.message ?? report.status;
      const where = message.includes(new URL(report.url).host) ? '' : ` · ${report.url}`;
      const advice = remedies.length === 0 ? '' : `\n\n${renderRemedies(remedies.slice(0, 2), width)}`;
      return `${mark('bad')} ${message}${where}${advice}`;
    }
  }
}

/** Progress while waiting, for stderr. */
export function renderWaiting(report: HealthReport, elapsedMs: number): string {
  const state = report.status === 'loading' ? 'loading' : (report.error?.message ?? report.status);
  return `${state} · ${duration(elapsedMs)} · ${report.url}`;
}
