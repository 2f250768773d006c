import type { MigrationPlan } from '../services/config-migrate.js';
import { renderDiffLine } from './edits.js';
import { bold, mark } from './symbols.js';
import { wrap } from './width.js';

/** What would change: the file, the lines, what is not quite as it was. */
export function renderPlan({ file, output, diff, notes }: MigrationPlan, width: number): string {
  const head = file === output ? bold(file) : `${bold(file)} → ${bold(output)}`;
  const remarks = notes.map((note) => wrap(note, width - 2, '  ').replace(/^ {2}/, `${mark('warning')} `));
  return [head, '', ...diff.map(renderDiffLine), ...(remarks.length === 0 ? [] : ['', ...remarks])].join(
    '\n',
  );
}

export function renderWritten(plan: MigrationPlan, backup: string | null): string {
  const kept = backup === null ? '' : `\n  the old one is ${backup}`;
  const stays = plan.file === plan.output ? '' : `\n  ${plan.file} stays as it was`;
  return `${mark('good')} wrote ${plan.output}${kept}${stays}\n\n  Check it, with the servers:\n    llamactl config validate ${plan.output} --live`;
}
