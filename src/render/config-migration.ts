import type { MigrationPlan } from '../services/config-migrate.js';
import type { DiffLine } from '../services/line-diff.js';
import { bold, dim, green, mark, red } from './symbols.js';
import { wrap } from './width.js';

/** What would change: the file, the lines, what is not quite as it was. */
export function renderPlan({ file, output, diff, notes }: MigrationPlan, width: number): string {
  const head = file === output ? bold(file) : `${bold(file)} → ${bold(output)}`;
  const remarks = notes.map((note) => wrap(note, width - 2, '  ').replace(/^ {2}/, `${mark('warning')} `));
  return [head, '', ...diff.map(renderLine), ...(remarks.length === 0 ? [] : ['', ...remarks])].join('\n');
}

export function renderWritten(plan: MigrationPlan, backup: string | null): string {
  const kept = backup === null ? '' : `\n  the old one is ${backup}`;
  const stays = plan.file === plan.output ? '' : `\n  ${plan.file} stays as it was`;
  return `${mark('good')} wrote ${plan.output}${kept}${stays}\n\n  Check it, with the servers:\n    llamactl config validate ${plan.output} --live`;
}

function renderLine({ sign, text }: DiffLine): string {
  const line = `${sign} ${text}`.trimEnd();
  if (sign === '+') return green(line);
  return sign === '-' ? red(line) : dim(line);
}
