import type { Finding } from '../../catalogue/entry.js';
import type { Diagnosis } from '../../diagnose/runner.js';

export const SARIF_LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;
const HELP = 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md';

/** SARIF 2.1.0. A server is a logical location, since it has no file. */
export function toSarif(diagnoses: readonly Diagnosis[], version: string): string {
  const findings = diagnoses.flatMap((diagnosis) =>
    diagnosis.findings.map((finding) => ({ diagnosis, finding })),
  );
  const codes = [...new Set(findings.map(({ finding }) => finding.code))].sort();
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'llamactl diagnose',
              version,
              rules: codes.map((id) => ({
                id,
                shortDescription: { text: titleOf(findings, id) },
                helpUri: HELP,
              })),
            },
          },
          invocations: [{ executionSuccessful: true }],
          results: findings.map(({ diagnosis, finding }) => resultOf(diagnosis, finding, codes)),
        },
      ],
    },
    null,
    2,
  );
}

function resultOf(
  { target, url }: Diagnosis,
  { code, severity, title, evidence, remedies, check, rank }: Finding,
  codes: readonly string[],
) {
  const advice = remedies.flatMap((remedy) => [remedy.text, ...remedy.commands]);
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: SARIF_LEVELS[severity],
    rank,
    message: { text: [title, ...evidence, ...advice].join('\n') },
    locations: [{ logicalLocations: [{ name: target ?? url, fullyQualifiedName: url, kind: 'resource' }] }],
    ...(check === undefined ? {} : { properties: { check } }),
  };
}

function titleOf(findings: readonly { readonly finding: Finding }[], code: string): string {
  return findings.find(({ finding }) => finding.code === code)?.finding.title ?? code;
}
