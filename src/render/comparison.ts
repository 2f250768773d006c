import type { Comparison, FactChange } from '../diagnose/compare.js';
import { bold, dim, mark } from './symbols.js';
import { wrap } from './width.js';

const VERDICTS = { healthy: 'good', warning: 'warning', problem: 'bad' } as const;

/** What changed between two diagnoses, the gravest first. */
export function renderComparison(
  { verdict, rootCause, appeared, disappeared, facts }: Comparison,
  width: number,
): string {
  const line = (symbol: string, text: string) =>
    wrap(text, width - 4)
      .replace(/^/, `  ${symbol} `)
      .replaceAll('\n', '\n    ');
  const same = verdict.before === verdict.after;
  const headline = same
    ? `still ${verdict.after}${rootCause.after === null ? '' : `: ${rootCause.after}`}`
    : `${verdict.before} → ${verdict.after}${rootCause.after === null ? '' : `: ${rootCause.after}`}`;
  const nothing = appeared.length + disappeared.length + facts.length === 0;
  return [
    `${mark(VERDICTS[verdict.after])} ${bold(headline)}`,
    ...(appeared.length > 0
      ? ['', ...appeared.map(({ code, title }) => line('+', `${code} · ${title}`))]
      : []),
    ...(disappeared.length > 0
      ? ['', ...disappeared.map(({ code, title }) => line('-', `${code} · ${title}`))]
      : []),
    ...(facts.length > 0 ? ['', ...facts.map((change) => line(dim('·'), sentence(change)))] : []),
    ...(nothing && same ? ['', '  nothing that matters is otherwise'] : []),
  ].join('\n');
}

function sentence({ path, before, after }: FactChange): string {
  return `${path}: ${shown(before)} → ${shown(after)}`;
}

function shown(value: FactChange['before']): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  return value === null ? 'not known' : String(value);
}
