import type { FindMaxReport } from '../services/bench/document.js';
import { percent, perSecond } from './bench-text.js';
import { count, plural } from './format.js';
import { mark } from './symbols.js';
import { hanging } from './width.js';

/** The rates that were tried, in order, and how sure the one that was found is. */
export function renderFindMax(
  { rate, missedAt, trials, confidence }: FindMaxReport,
  width: number,
): string[] {
  const widest = Math.max(0, ...trials.map((trial) => perSecond(trial.rate).length));
  const lines = trials.map((trial) =>
    hanging(
      `${perSecond(trial.rate).padStart(widest)}/s  ${count(trial.requests)} requests${trial.why === null ? '' : `  ${trial.why}`}`,
      width,
      `  ${mark(trial.held ? 'good' : 'bad')} `,
    ),
  );
  const sure = [
    `${plural(trials.length, 'run')}`,
    ...(rate === null || missedAt === null
      ? []
      : [`holds at ${perSecond(rate)}/s and misses at ${perSecond(missedAt)}/s`]),
    ...(rate !== null && missedAt === null ? ['the limit is higher than what was tried: --max-runs'] : []),
    ...(confidence === null ? [] : [`at that rate it holds in ${percent(confidence)} of 1,000 resamples`]),
  ];
  return [...lines, hanging(sure.join(' · '), width, '  ')];
}
