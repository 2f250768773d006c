import type { EditPlan } from '../services/config-edit.js';
import type { DiffLine } from '../services/line-diff.js';
import { bold, dim, green, red } from './symbols.js';

/** What would change in the configuration, and why. */
export function renderEdits({ file, diff, done }: EditPlan): string {
  return [
    bold(file),
    '',
    ...diff.map(renderDiffLine),
    '',
    ...done.map(({ path, reason }) => `  ${path.slice(1).map(String).join('.')}: ${reason}`),
  ].join('\n');
}

/** A line of a comparison, with its sign. */
export function renderDiffLine({ sign, text }: DiffLine): string {
  const line = `${sign} ${text}`.trimEnd();
  if (sign === '+') return green(line);
  return sign === '-' ? red(line) : dim(line);
}
