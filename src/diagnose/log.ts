import { entryOf } from '../catalogue/entries.js';
import type { Finding } from '../catalogue/entry.js';
import { fillRemedies } from '../catalogue/fill.js';
import type { TextMatch } from '../catalogue/match-text.js';
import { factsInText } from '../catalogue/text-facts.js';
import type { CatalogueCode } from '../errors/codes.js';
import { explain } from '../services/explain.js';
import { logOf, nothingToRead } from '../services/text-source.js';
import { type Verdict, verdictOf } from './runner.js';

/** The JSON document of `diagnose --logs`: as of a live server, without one. */
export interface LogDiagnosis extends Verdict {
  readonly schemaVersion: 1;
  readonly target: null;
  readonly url: null;
  readonly facts: { readonly log: { readonly file: string; readonly lines: number } };
  readonly durationMs: number;
}

/** Causes with which a server runs on, though not as it was meant to. */
const RUNS_ON: ReadonlySet<CatalogueCode> = new Set(['gpu.not-used', 'gpu.no-device', 'server.busy']);

/**
 * Finds out from a server's log what is wrong. Read once, in flat memory.
 * @param file a path, or `-` for stdin
 * @throws LlamactlError (usage) where it cannot be read, or is empty
 */
export async function diagnoseLog(
  file: string,
  stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean },
): Promise<LogDiagnosis> {
  const started = performance.now();
  const { matches, lines } = await explain({ kind: 'stream', chunks: await logOf(file, stdin) });
  if (lines === 0) throw nothingToRead('llamactl diagnose --logs -');
  return {
    schemaVersion: 1,
    target: null,
    url: null,
    ...verdictOf(findingsOf(matches)),
    checks: [],
    facts: { log: { file: file === '-' ? 'stdin' : file, lines } },
    durationMs: Math.round(performance.now() - started),
  };
}

/** The causes that a text shows as findings; what stands beside the best one follows from it. */
export function findingsOf(matches: readonly TextMatch[]): Finding[] {
  const [root] = matches;
  return matches.map(({ code, title, rank, evidence }) => ({
    code,
    severity: RUNS_ON.has(code) ? 'warning' : 'error',
    title,
    evidence: evidence.map(({ line, text }) => `line ${line}: ${text}`),
    remedies: fillRemedies(entryOf(code), factsInText(evidence.map(({ text }) => text))),
    rank,
    ...(root === undefined || root.code === code ? {} : { consequenceOf: root.code }),
  }));
}
