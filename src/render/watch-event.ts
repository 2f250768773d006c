import type { WatchEvent } from '../diagnose/watch.js';
import { renderComparison } from './comparison.js';
import { type DiagnosisLayout, renderDiagnosis } from './diagnosis.js';

/** What is new of a watched server: all of it the first time, then what changed, with the time. */
export function renderWatchEvent(
  { time, diagnosis, comparison }: WatchEvent,
  layout: DiagnosisLayout,
): string {
  if (comparison === null) return renderDiagnosis(diagnosis, layout);
  const name = diagnosis.target ?? diagnosis.url;
  return `\n${time.toTimeString().slice(0, 8)} ${name}\n${renderComparison(comparison, layout.width)}`;
}
