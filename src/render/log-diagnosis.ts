import type { LogDiagnosis } from '../diagnose/log.js';
import { renderRemedies } from './error.js';
import { plural } from './format.js';
import { bold, dim, mark } from './symbols.js';
import { wrap } from './width.js';

const SHOWN_REMEDIES = 3;

/** What a log shows: the cause, the lines that prove it, what to type. */
export function renderLogDiagnosis({ verdict, findings, facts }: LogDiagnosis, width: number): string {
  const { file, lines } = facts.log;
  const [first, ...others] = findings;
  if (first === undefined) {
    return wrap(
      `${mark('good')} ${file} · nothing in its ${plural(lines, 'line')} is a known failure of llama-server`,
      width,
    );
  }
  const headline = wrap(`${file} · ${first.title}`, width - 2).replaceAll('\n', '\n  ');
  return [
    `${mark(verdict === 'problem' ? 'bad' : 'warning')} ${bold(headline)}`,
    '',
    `  ${dim(first.code)}`,
    ...first.evidence.map((line) => wrap(line, width, '  ')),
    '',
    renderRemedies(first.remedies.slice(0, SHOWN_REMEDIES), width),
    ...(others.length === 0
      ? []
      : ['', ...others.map(({ code, title }) => wrap(`also: ${code} · ${title}`, width, '  '))]),
    '',
    `${plural(lines, 'line')} · llamactl explain ${first.code}`,
  ].join('\n');
}
