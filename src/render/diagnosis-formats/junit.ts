import type { Finding } from '../../catalogue/entry.js';
import type { CheckReport, Diagnosis } from '../../diagnose/runner.js';

/**
 * JUnit's XML as CI viewers read it: a server is a suite, a check a test. What is a warning stands as a test that passed, with
 * the warning in its output, since the format knows none; the run fails by its exit code, not by this file.
 */
export function toJunit(diagnoses: readonly Diagnosis[]): string {
  const suites = diagnoses.map(suiteOf);
  const seconds = sum(diagnoses.map(({ durationMs }) => durationMs)) / 1000;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="llamactl diagnose" tests="${sum(suites.map(({ tests }) => tests))}" failures="${sum(suites.map(({ failures }) => failures))}" errors="${sum(suites.map(({ errors }) => errors))}" time="${seconds.toFixed(3)}">`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
  ].join('\n');
}

function suiteOf({ target, url, checks, findings, durationMs }: Diagnosis) {
  const name = target ?? url;
  const number = (status: CheckReport['status']) => checks.filter((check) => check.status === status).length;
  const [failures, errors, skipped] = [number('fail'), number('crash'), number('skip')];
  const xml = [
    `  <testsuite name="${xmlText(name)}" tests="${checks.length}" failures="${failures}" errors="${errors}" skipped="${skipped}" time="${(durationMs / 1000).toFixed(3)}">`,
    ...checks.map((check) =>
      testOf(
        name,
        check,
        findings.filter((finding) => finding.check === check.id),
      ),
    ),
    '  </testsuite>',
  ].join('\n');
  return { xml, tests: checks.length, failures, errors };
}

function testOf(
  server: string,
  { id, status, reason = '', durationMs }: CheckReport,
  findings: readonly Finding[],
): string {
  const layer = id.slice(0, id.indexOf('.'));
  const open = `    <testcase classname="${xmlText(`${server}.${layer}`)}" name="${xmlText(id)}" time="${(durationMs / 1000).toFixed(3)}"`;
  const inner = innerOf(status, reason, findings);
  return inner === '' ? `${open}/>` : `${open}>\n${inner}\n    </testcase>`;
}

function innerOf(status: CheckReport['status'], reason: string, findings: readonly Finding[]): string {
  const [first] = findings;
  switch (status) {
    case 'pass':
      return findings.length === 0
        ? ''
        : `      <system-out>${xmlText(findings.map(paragraph).join('\n\n'))}</system-out>`;
    case 'warn':
      return `      <system-out>${xmlText(`warning: ${findings.map(paragraph).join('\n\n') || reason}`)}</system-out>`;
    case 'skip':
      return `      <skipped message="${xmlText(reason)}"/>`;
    case 'crash':
      return `      <error type="crash" message="${xmlText(reason)}"/>`;
    case 'fail':
      return `      <failure type="${xmlText(first?.code ?? 'failed')}" message="${xmlText(first?.title ?? reason)}">${xmlText(findings.map(paragraph).join('\n\n'))}</failure>`;
  }
}

function paragraph({ code, title, evidence, remedies }: Finding): string {
  return [
    `${code}: ${title}`,
    ...evidence,
    ...remedies.flatMap((remedy) => ['', remedy.text, ...remedy.commands.map((command) => `  ${command}`)]),
  ].join('\n');
}

/** Text that XML 1.0 can hold: without the control characters that it cannot, even escaped. */
export function xmlText(given: string): string {
  return given
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
