import type { Finding } from '../../catalogue/entry.js';
import type { Diagnosis } from '../../diagnose/runner.js';
import { duration } from '../format.js';
import { SYMBOLS } from '../symbols.js';

const VERDICTS = { healthy: SYMBOLS.good, warning: SYMBOLS.warning, problem: SYMBOLS.bad } as const;
const STATUSES = {
  pass: SYMBOLS.good,
  fail: SYMBOLS.bad,
  warn: SYMBOLS.warning,
  skip: SYMBOLS.skipped,
  crash: SYMBOLS.crashed,
} as const;

/** For an issue, a pull request, or `$GITHUB_STEP_SUMMARY`. */
export function toMarkdown(diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map(sectionOf).join('\n\n');
}

function sectionOf(diagnosis: Diagnosis): string {
  const { verdict, findings, checks, durationMs } = diagnosis;
  return [
    `## ${VERDICTS[verdict]} ${inline(diagnosis.target ?? diagnosis.url)} · ${verdict}`,
    ...findings.flatMap(findingOf),
    '',
    '| check | | what was seen |',
    '| --- | --- | --- |',
    ...checks.map(({ id, status, reason = '' }) => `| \`${id}\` | ${STATUSES[status]} | ${cell(reason)} |`),
    '',
    `${diagnosis.url} · ${duration(durationMs)}`,
  ].join('\n');
}

function findingOf({ code, severity, title, evidence, remedies }: Finding): string[] {
  return [
    '',
    `### ${inline(title)}`,
    '',
    `\`${code}\` · ${severity}`,
    '',
    ...fence(evidence, 'text'),
    ...remedies.flatMap(({ text, commands }) => [
      '',
      inline(text),
      ...(commands.length > 0 ? ['', ...fence(commands, 'sh')] : []),
    ]),
  ];
}

/** A fence longer than any in the lines. */
function fence(lines: readonly string[], language: string): string[] {
  if (lines.length === 0) return [];
  const longest = Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const mark = '`'.repeat(longest + 1);
  return [`${mark}${language}`, ...lines, mark];
}

function inline(text: string): string {
  return text.replace(/[\\*_[\]<>#|]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

function cell(text: string): string {
  return inline(text);
}
