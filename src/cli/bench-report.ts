import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT } from '../errors/exit-code.js';
import { LlamactlError, usageError } from '../errors/llamactl-error.js';
import { csvHeader, csvRow } from '../render/bench-csv.js';
import type { BenchDocument, BenchVerdict } from '../services/bench/document.js';
import type { Load } from '../services/bench/load.js';
import type { RequestRecord } from '../services/bench/record.js';
import type { Output } from './output.js';

export interface BenchFiles {
  readonly csv?: string | undefined;
  readonly html?: string | undefined;
  readonly output?: string | undefined;
}

/** Where requests are written, one a line, as they end. */
export interface RequestLines {
  readonly add: (load: Load, record: RequestRecord) => void;
  readonly finish: () => Promise<void>;
}

/** @param file `-` for stdout; undefined for nowhere */
export function requestLines(file: string | undefined, output: Output): RequestLines {
  if (file === undefined) return { add: () => undefined, finish: async () => undefined };
  if (file === '-') {
    output.print(csvHeader());
    return { add: (load, record) => output.print(csvRow(load, record)), finish: async () => undefined };
  }
  const lines = [csvHeader()];
  return {
    add: (load, record) => lines.push(csvRow(load, record)),
    finish: () => write(file, output.redact(lines.join('\n'))),
  };
}

/** Writes the files, and prints the document where stdout is not the requests'. */
export async function reportBench(
  document: BenchDocument,
  files: BenchFiles,
  lines: RequestLines,
  { output, width }: { readonly output: Output; readonly width: number },
): Promise<void> {
  await lines.finish();
  if (files.output !== undefined) await write(files.output, output.redact(JSON.stringify(document, null, 2)));
  if (files.html !== undefined) {
    const { renderBenchPage } = await import('../render/bench-page/page.js');
    await write(files.html, output.redact(renderBenchPage(document)));
  }
  const { renderBench } = await import('../render/bench.js');
  const text = renderBench(document, width);
  if (files.csv === '-') output.note(text);
  else output.print(text);
}

/**
 * Fails before the load rather than after it where a file cannot be written.
 * @throws LlamactlError (usage)
 */
export async function checkWritable(files: BenchFiles): Promise<void> {
  for (const file of [files.csv, files.html, files.output]) {
    if (file === undefined || file === '-') continue;
    await write(file, '', 'a');
  }
}

async function write(file: string, text: string, flag: 'a' | 'w' = 'w'): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text === '' || text.endsWith('\n') ? text : `${text}\n`, { flag });
  } catch (error) {
    throw usageError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What the verdict is to a script. @param signal that interrupted it, where it was */
export function benchExit(verdict: BenchVerdict, signal: AbortSignal): number {
  if (verdict === 'good') return EXIT.good;
  if (verdict !== 'interrupted') return EXIT.badVerdict;
  return signal.reason instanceof LlamactlError ? signal.reason.exit : EXIT.interrupted;
}
