import type { Diagnosis } from '../diagnose/runner.js';

/** Formats that other programs read, beside `table` and `json`. */
export const REPORT_FORMATS = ['junit', 'github', 'markdown', 'sarif'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Diagnoses in a format for another program. @param version of llamactl */
export async function renderReport(
  format: ReportFormat,
  diagnoses: readonly Diagnosis[],
  version: string,
): Promise<string> {
  switch (format) {
    case 'junit':
      return (await import('./diagnosis-formats/junit.js')).toJunit(diagnoses);
    case 'github':
      return (await import('./diagnosis-formats/github.js')).toGithub(diagnoses);
    case 'markdown':
      return (await import('./diagnosis-formats/markdown.js')).toMarkdown(diagnoses);
    case 'sarif':
      return (await import('./diagnosis-formats/sarif.js')).toSarif(diagnoses, version);
  }
}
