import type { Finding } from '../../catalogue/entry.js';
import type { Diagnosis } from '../../diagnose/runner.js';

export const ANNOTATIONS = { error: 'error', warning: 'warning', info: 'notice' } as const;
/** `llamactl.config.json:7` or `llamactl.config.json:7:9`, as evidence names places. */
const PLACE = /\b([\w./\\-]+\.(?:json|ya?ml)):(\d+)(?::(\d+))?/;

/** GitHub's workflow commands: each finding becomes an annotation; of a place in the configuration, where one is to blame. */
export function toGithub(diagnoses: readonly Diagnosis[]): string {
  return diagnoses
    .flatMap((diagnosis) => {
      const name = diagnosis.target ?? diagnosis.url;
      if (diagnosis.verdict === 'healthy')
        return [`::notice title=${escapeProperty(`llamactl: ${name}`)}::${escapeData('healthy')}`];
      return diagnosis.findings.map((finding) => annotation(name, finding));
    })
    .join('\n');
}

function annotation(name: string, finding: Finding): string {
  const [, file, line, col] = PLACE.exec(finding.evidence.join('\n')) ?? [];
  const properties = {
    ...(file === undefined ? {} : { file, line, ...(col === undefined ? {} : { col }) }),
    title: `${name}: ${finding.code}`,
  };
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value ?? '')}`);
  const [remedy] = finding.remedies;
  const lines = [
    finding.title,
    ...finding.evidence,
    ...(remedy === undefined ? [] : [remedy.text, ...remedy.commands]),
  ];
  return `::${ANNOTATIONS[finding.severity]} ${list.join(',')}::${escapeData(lines.join('\n'))}`;
}

/** Text of an annotation. */
export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of an annotation. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
