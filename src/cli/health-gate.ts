import type { HealthResult } from '../services/health.js';
import type { Connection } from './connect.js';
import type { HealthFormat } from './health-flags.js';
import type { Output } from './output.js';
import type { ReportFile } from './report-files.js';

/** What is required of servers beside being ready. */
export interface Gate {
  /** A look at a server, with how each requirement came out. */
  readonly against: (result: HealthResult, connection: Connection) => Promise<HealthResult>;
  readonly passes: (result: Pick<HealthResult, 'report'>) => boolean;
}

/**
 * Reads `--require`. Without any, nothing further is asked of a server.
 * @throws LlamactlError (usage)
 */
export async function openGate(texts: readonly string[] = [], signal: AbortSignal): Promise<Gate> {
  if (texts.length === 0) return { against: async (result) => result, passes: ({ report }) => report.ready };
  const [{ parseRequirements, modelOf }, { holdAgainst, passes }] = await Promise.all([
    import('../services/gate/requirements.js'),
    import('../services/gate/gate.js'),
  ]);
  const requirements = parseRequirements(texts);
  const against: Gate['against'] = (result, { client, target }) =>
    holdAgainst(result, requirements, {
      client,
      provider: target.provider,
      model: target.model ?? modelOf(requirements),
      signal,
    });
  return { against, passes };
}

/**
 * Prints what was found, and writes the files that are wanted.
 * @throws LlamactlError (usage) where a file cannot be written
 */
export async function reportHealth(
  results: readonly HealthResult[],
  document: object,
  options: {
    /** Of the results, in their order. */
    readonly connections: readonly Connection[];
    readonly output: Output;
    readonly width: number;
    readonly format: HealthFormat;
    readonly files: readonly ReportFile<HealthFormat>[] | undefined;
  },
): Promise<void> {
  const { output, format, files = [] } = options;
  if (files.length > 0) {
    const { writeReport } = await import('./report-files.js');
    for (const each of files)
      await writeReport(each.file, await textOf(each.format, results, document, options), output);
  }
  if (format === 'json') return output.json(document);
  const text = await textOf(format, results, document, options);
  // Where all is well, there is nothing to annotate.
  if (text !== '') output.print(text);
}

async function textOf(
  format: HealthFormat,
  results: readonly HealthResult[],
  document: object,
  { connections, width }: { readonly connections: readonly Connection[]; readonly width: number },
): Promise<string> {
  if (format === 'json') return JSON.stringify(document, null, 2);
  if (format !== 'table') {
    const { renderHealthReport } = await import('../render/health-formats.js');
    return renderHealthReport(
      format,
      results.map(({ report }) => report),
    );
  }
  const { renderFleetHealth, renderHealth } = await import('../render/health.js');
  const [first, second] = results;
  if (first !== undefined && second === undefined) return renderHealth(first, width);
  const { targetWords } = await import('../services/target-words.js');
  const words = connections.map(({ target, label }) => targetWords(target, label !== target.name));
  return renderFleetHealth(results, words, width);
}
