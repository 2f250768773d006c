import type { HealthReport } from '../services/health.js';
import { escapeData, escapeProperty } from './diagnosis-formats/github.js';
import { xmlText } from './diagnosis-formats/junit.js';

/** What was found, in a format for another program. */
export function renderHealthReport(format: 'junit' | 'github', reports: readonly HealthReport[]): string {
  return format === 'junit' ? toJunit(reports) : toGithub(reports);
}

/** One thing that was asked of a server: that it is ready, or a requirement. */
interface Outcome {
  readonly name: string;
  readonly held: boolean;
  readonly message: string;
}

function outcomesOf({ status, ready, error, requirements = [] }: HealthReport): readonly Outcome[] {
  return [
    { name: 'ready', held: ready, message: error?.message ?? status },
    ...requirements.map(({ expression, held, message }) => ({ name: expression, held, message })),
  ];
}

/** JUnit's XML as CI viewers read it: a server is a suite; that it is ready, and each requirement, are its tests. */
function toJunit(reports: readonly HealthReport[]): string {
  const suites = reports.map((report) => {
    const outcomes = outcomesOf(report);
    const failures = outcomes.filter(({ held }) => !held).length;
    const seconds = ((report.responseTimeMs ?? 0) / 1000).toFixed(3);
    const cases = outcomes.map(({ name, held, message }) => {
      const open = `    <testcase classname="${xmlText(report.url)}" name="${xmlText(name)}"`;
      return held
        ? `${open}/>`
        : `${open}>\n      <failure type="${xmlText(report.error?.code ?? 'requirement')}" message="${xmlText(message)}"/>\n    </testcase>`;
    });
    const xml = [
      `  <testsuite name="${xmlText(report.url)}" tests="${outcomes.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}">`,
      ...cases,
      '  </testsuite>',
    ].join('\n');
    return { xml, tests: outcomes.length, failures };
  });
  const total = (count: 'tests' | 'failures') => suites.reduce((sum, suite) => sum + suite[count], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="llamactl health" tests="${total('tests')}" failures="${total('failures')}" errors="0">`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
  ].join('\n');
}

/** GitHub's workflow commands: an annotation for each miss; nothing where all is well. */
function toGithub(reports: readonly HealthReport[]): string {
  return reports
    .flatMap((report) =>
      outcomesOf(report)
        .filter(({ held }) => !held)
        .map(
          ({ name, message }) =>
            `::error title=${escapeProperty(`llamactl: ${name}`)}::${escapeData(`${report.url}: ${message}`)}`,
        ),
    )
    .join('\n');
}
