import { padEnd, wrap } from './width.js';

/** All checks by id, with what each holds for. */
export function renderChecks(
  checks: readonly { readonly id: string; readonly title: string }[],
  width: number,
): string {
  const column = Math.max(...checks.map(({ id }) => id.length)) + 2;
  return checks
    .map(({ id, title }) => padEnd(id, column) + wrap(title, width, ' '.repeat(column)).trimStart())
    .join('\n');
}
