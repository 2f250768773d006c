import type { Remedy } from '../errors/llamactl-error.js';
import type { HealthReport, HealthResult } from '../services/health.js';
import { renderRemedies } from './error.js';
import { duration } from './format.js';
import { mark } from './symbols.js';
import { displayWidth, hanging, padEnd, truncate } from './width.js';

/** Servers up to which the lines tell enough; a longer list ends in a sum. */
const FEW = 8;
/** Commands that are worth printing. */
const MOST_COMMANDS = 5;

/** A server's state as one line, and what to do where it is not ready. */
export function renderHealth({ report, error, waitedMs }: HealthResult, width: number): string {
  return (
    [lineOf(report, waitedMs, width), ...requirementLines(report, width)].join('\n') +
    adviceOf(error?.remedies ?? [], report, width)
  );
}

/**
 * Several servers, a line each, and where to read more about those that are not well.
 * @param words what names each of them on the command line
 */
export function renderFleetHealth(
  results: readonly HealthResult[],
  words: readonly string[],
  width: number,
): string {
  const lines = results.flatMap(({ report, waitedMs }) => [
    lineOf(report, waitedMs, width),
    ...requirementLines({ ...report, requirements: missesOf(report) }, width),
  ]);
  const ill = words.filter((_, index) => {
    const report = results[index]?.report;
    return report !== undefined && !report.ready && report.status !== 'loading';
  });
  const shown = ill.length > MOST_COMMANDS ? ill.slice(0, MOST_COMMANDS) : ill;
  const commands = shown.map((each) => `    llamactl diagnose ${each}`);
  const well = results.filter(({ report }) => report.ready && missesOf(report).length === 0).length;
  const sum = results.length > FEW ? ['', `${well} of ${results.length} are as they should be`] : [];
  return [...lines, ...(ill.length === 0 ? [] : ['', '  Find out more:', ...commands]), ...sum].join('\n');
}

/** Each requirement, what the server has beside it. */
function requirementLines({ requirements = [] }: HealthReport, width: number): readonly string[] {
  const longest = Math.max(0, ...requirements.map(({ expression }) => displayWidth(expression)));
  return requirements.map(({ expression, held, message }) =>
    truncate(`  ${mark(held ? 'good' : 'bad')} ${padEnd(expression, longest)}  ${message}`, width),
  );
}

function missesOf({ requirements = [] }: HealthReport) {
  return requirements.filter(({ held }) => !held);
}

/** Progress while waiting, for stderr: one line that fits. */
export function renderWaiting(reports: readonly HealthReport[], elapsedMs: number, width: number): string {
  const [report, second] = reports;
  if (report === undefined) return 'asking';
  if (second === undefined) return truncate(`${stateOf(report)} · ${duration(elapsedMs)}`, width);
  const waiting = reports.filter(({ ready }) => !ready).map(({ url }) => new URL(url).host || url);
  const ready = reports.length - waiting.length;
  return truncate(
    `${ready} of ${reports.length} ready · ${duration(elapsedMs)} · waiting for ${waiting.join(', ')}`,
    width,
  );
}

function lineOf(report: HealthReport, waitedMs: number | undefined, width: number): string {
  const time = report.responseTimeMs === null ? '' : ` · ${duration(report.responseTimeMs)}`;
  const waited = waitedMs === undefined ? '' : ` · waited ${duration(waitedMs)}`;
  const missed = missesOf(report).length;
  if (missed > 0)
    return `${mark('bad')} ${report.status}, requirements missed: ${missed} of ${report.requirements?.length}${time} · ${report.url}${waited}`;
  switch (report.status) {
    case 'ready':
      return `${mark('good')} ready${time} · ${report.url}${waited}`;
    case 'asleep':
      return `${mark('asleep')} asleep, wakes on the next request${time} · ${report.url}${waited}`;
    case 'loading':
      return `${mark('waiting')} loading${time} · ${report.url}${waited}`;
    default:
      return hanging(`${stateOf(report)}${waited}`, width, `${mark('bad')} `);
  }
}

/** What is the matter, and where, which most messages tell already. */
function stateOf(report: HealthReport): string {
  const [miss] = missesOf(report);
  if (miss !== undefined)
    return `${report.status}, ${miss.expression} missed: ${miss.message} · ${report.url}`;
  const message = report.status === 'loading' ? 'loading' : (report.error?.message ?? report.status);
  return message.includes(new URL(report.url).host || report.url) ? message : `${message} · ${report.url}`;
}

function adviceOf(remedies: readonly Remedy[], { status }: HealthReport, width: number): string {
  if (status === 'loading' || remedies.length === 0) return '';
  return `\n\n${renderRemedies(remedies.slice(0, 2), width)}`;
}
