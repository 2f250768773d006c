import type { ManifestFinding, Verification } from '../deploy/verify/verify.js';
import { ANNOTATIONS, escapeData, escapeProperty } from './diagnosis-formats/github.js';
import { SARIF_LEVELS } from './diagnosis-formats/sarif.js';

/** What was found, in a format for another program. @param version of llamactl */
export function renderVerificationReport(
  format: 'json' | 'github' | 'sarif',
  verification: Verification,
  version: string,
): string {
  if (format === 'json') return JSON.stringify(verification, null, 2);
  return format === 'github'
    ? verification.findings.map(annotation).join('\n')
    : toSarif(verification, version);
}

/** GitHub's workflow command: an annotation of the line. */
function annotation(finding: ManifestFinding): string {
  const { file, line, check, severity } = finding;
  const properties = { file, line: String(line), title: `llamactl: ${check}` };
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${ANNOTATIONS[severity]} ${list.join(',')}::${escapeData(textOf(finding))}`;
}

/** SARIF 2.1.0, which code scanning takes. The rules are those of `src/deploy/verify/rules/`. */
function toSarif({ findings }: Verification, version: string): string {
  const ids = [...new Set(findings.map(({ check }) => check))].sort();
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'llamactl deploy-gen verify', version, rules: ids.map((id) => ({ id })) } },
          results: findings.map((finding) => ({
            ruleId: finding.check,
            ruleIndex: ids.indexOf(finding.check),
            level: SARIF_LEVELS[finding.severity],
            rank: finding.rank,
            message: { text: textOf(finding) },
            properties: { code: finding.code },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(finding.file.replaceAll('\\', '/')) },
                  region: { startLine: finding.line },
                },
                ...(finding.path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: finding.path }] }),
              },
            ],
          })),
        },
      ],
    },
    null,
    2,
  );
}

function textOf({ title, evidence, remedies }: ManifestFinding): string {
  return [title, ...evidence, ...remedies.flatMap(({ text, commands }) => [text, ...commands])].join('\n');
}
