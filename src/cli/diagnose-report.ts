import type { Diagnosis, Verdict } from '../diagnose/runner.js';
import { EXIT } from '../errors/exit-code.js';
import type { Format } from './diagnose-flags.js';
import type { Output } from './output.js';
import { type ReportFile, writeReport } from './report-files.js';

export interface ReportOptions {
  readonly output: Output;
  readonly format: Format;
  readonly files: readonly ReportFile<Format>[];
  readonly width: number;
  readonly verbose: boolean;
  /** llamactl's. */
  readonly version: string;
  readonly strict: boolean;
  readonly failOn: readonly string[] | undefined;
}

/** The document of one diagnosis, or of several. */
function documentOf(diagnoses: readonly Diagnosis[]): Diagnosis | { targets: readonly Diagnosis[] } {
  const [first, second] = diagnoses;
  return first !== undefined && second === undefined ? first : { targets: diagnoses };
}

/**
 * Prints diagnoses in a format, writes those that files are wanted of, and sets the exit code.
 * @returns the document
 * @throws LlamactlError (usage) where a file cannot be written
 */
export async function report(diagnoses: readonly Diagnosis[], options: ReportOptions) {
  const { output, format, files } = options;
  process.exitCode = exitCodeOf(diagnoses, options.strict, options.failOn);
  for (const { format: kind, file } of files) {
    await writeReport(file, await textOf(kind, diagnoses, options), output);
  }
  if (format === 'json') output.json(documentOf(diagnoses));
  else output.print(await textOf(format, diagnoses, options));
  return documentOf(diagnoses);
}

async function textOf(
  format: Format,
  diagnoses: readonly Diagnosis[],
  { width, verbose, version }: ReportOptions,
): Promise<string> {
  if (format === 'json') return JSON.stringify(documentOf(diagnoses), null, 2);
  if (format === 'table')
    return (await import('../render/diagnosis.js')).renderDiagnoses(diagnoses, { width, verbose });
  const { renderReport } = await import('../render/diagnosis-formats.js');
  return renderReport(format, diagnoses, version);
}

/**
 * The exit code of diagnoses.
 * @param failOn `error` where empty; `warning`, `never`, or codes
 */
export function exitCodeOf(
  diagnoses: readonly Pick<Verdict, 'verdict' | 'findings'>[],
  strict: boolean,
  failOn: readonly string[] = [],
): number {
  const has = (what: string) =>
    diagnoses.some(({ verdict, findings }) =>
      what === 'error'
        ? verdict === 'problem'
        : what === 'warning'
          ? verdict !== 'healthy'
          : findings.some(({ code }) => code === what),
    );
  const conditions = failOn.length === 0 ? ['error'] : failOn;
  if (conditions.some(has)) return EXIT.badVerdict;
  return strict && has('warning') ? EXIT.warnings : EXIT.good;
}
