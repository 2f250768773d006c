import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { custom, option } from '@oclif/core/flags';
import { makeFolder } from '../client/make-folder.js';
import { usageError } from '../errors/llamactl-error.js';
import type { Output } from './output.js';

/** A format and the file that it is written to: `junit=report.xml`. */
export interface ReportFile<Format extends string> {
  readonly format: Format;
  readonly file: string;
}

/** What stdout is for, and which files are written beside it. */
export function formatFlags<Format extends string>(formats: readonly ['table', ...Format[]]) {
  return {
    format: option({
      options: formats,
      description: 'what stdout is for',
      default: 'table' as const,
      helpGroup: 'OUTPUT',
    })(),
    output: reportFileFlag<'table' | Format>(formats)({
      description: 'write it to a file too; several may be given',
      multiple: true,
      multipleNonGreedy: true,
      helpGroup: 'OUTPUT',
    }),
  };
}

/** A flag that takes FORMAT=FILE. */
function reportFileFlag<Format extends string>(formats: readonly Format[]) {
  return custom<ReportFile<Format>>({
    helpValue: 'FORMAT=FILE',
    parse: async (text) => {
      const at = text.indexOf('=');
      const [name, file] = [text.slice(0, at), text.slice(at + 1)];
      const format = formats.find((each) => each === name);
      if (format === undefined || file === '')
        throw usageError(`${JSON.stringify(text)} is no FORMAT=FILE: formats are ${formats.join(', ')}`);
      return { format, file };
    },
  });
}

/**
 * Writes a report, secrets taken out, and the folders above it.
 * @throws LlamactlError (usage) where it cannot be written
 */
export async function writeReport(file: string, text: string, output: Output): Promise<void> {
  const redacted = output.redact(text);
  try {
    await makeFolder(dirname(file), 0o777);
    await writeFile(file, redacted.endsWith('\n') ? redacted : `${redacted}\n`);
  } catch (error) {
    throw usageError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
