import type { CatalogueEntry, RemedyContext } from '../catalogue/entry.js';
import type { TextMatch } from '../catalogue/match-text.js';
import { CATALOGUE_CODES, type CatalogueCode } from '../errors/codes.js';
import { createLineSplitter } from './line-splitter.js';

export type ExplainInput =
  | { readonly kind: 'code'; readonly code: CatalogueCode; readonly context?: RemedyContext }
  | { readonly kind: 'text'; readonly text: string }
  /** A file or stdin, of any length. */
  | { readonly kind: 'stream'; readonly chunks: AsyncIterable<Uint8Array | string> };

/** A catalogue entry as plain data: texts and commands filled, without the rules. */
export type ExplainedEntry = Omit<CatalogueEntry, 'rules'>;

/** What a text shows. */
export interface ExplainedText {
  readonly kind: 'text';
  /** Best first; empty where nothing is wrong. */
  readonly matches: readonly TextMatch[];
  /** The entry of the best match, filled with what the text tells (port, model, flag). */
  readonly entry: ExplainedEntry | null;
  /** Lines that were read. */
  readonly lines: number;
}

export interface ExplainedCode {
  readonly kind: 'code';
  readonly entry: ExplainedEntry;
}

export interface ListedEntry {
  readonly code: CatalogueCode;
  readonly title: string;
}

/**
 * Explains a code of the catalogue, or finds out what a text (a log, an HTTP body, a client's message, Kubernetes
 * events) shows. A stream is read once in bounded memory.
 * @throws what reading the stream throws
 */
export async function explain(input: Extract<ExplainInput, { kind: 'code' }>): Promise<ExplainedCode>;
export async function explain(
  input: Extract<ExplainInput, { kind: 'text' | 'stream' }>,
): Promise<ExplainedText>;
export async function explain(input: ExplainInput): Promise<ExplainedCode | ExplainedText>;
export async function explain(input: ExplainInput): Promise<ExplainedCode | ExplainedText> {
  if (input.kind === 'code') {
    const { entryOf } = await import('../catalogue/entries.js');
    return { kind: 'code', entry: await fillEntry(entryOf(input.code), input.context) };
  }
  const { createTextMatcher } = await import('../catalogue/match-text.js');
  const matcher = createTextMatcher();
  let lines = 0;
  const splitter = createLineSplitter((line) => {
    lines++;
    matcher.push(line);
  });
  if (input.kind === 'text') splitter.write(input.text);
  else for await (const chunk of input.chunks) splitter.write(chunk);
  splitter.end();

  const matches = matcher.finish();
  return { kind: 'text', matches, entry: await entryOfBest(matches), lines };
}

/** All entries by code and title, in the order of the catalogue. */
export async function listEntries(): Promise<ListedEntry[]> {
  const { entryOf } = await import('../catalogue/entries.js');
  return CATALOGUE_CODES.map((code) => ({ code, title: entryOf(code).title }));
}

async function entryOfBest(matches: readonly TextMatch[]): Promise<ExplainedEntry | null> {
  const best = matches[0];
  if (best === undefined) return null;
  const [{ entryOf }, { factsInText }] = await Promise.all([
    import('../catalogue/entries.js'),
    import('../catalogue/text-facts.js'),
  ]);
  return fillEntry(entryOf(best.code), factsInText(best.evidence.map(({ text }) => text)));
}

async function fillEntry(entry: CatalogueEntry, context: RemedyContext = {}): Promise<ExplainedEntry> {
  const { fillCommand, fillRemedies } = await import('../catalogue/fill.js');
  const { rules: _, ...data } = entry;
  const diagnostics = Object.fromEntries(
    Object.entries(entry.diagnostics).map(([platform, commands]) => [
      platform,
      commands.map((command) => fillCommand(command, context)),
    ]),
  );
  return { ...data, remedies: fillRemedies(entry, context), diagnostics };
}
