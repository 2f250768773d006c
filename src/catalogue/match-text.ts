import type { CatalogueCode } from '../errors/codes.js';
import { createRedactor } from '../errors/redact.js';
import { ENTRIES } from './entries.js';
import type { CatalogueEntry, TextRule } from './entry.js';
import { capLine, normaliseLine, stripAnsi } from './normalise.js';
import { createScanner, type Scanner } from './scanner.js';
import { factsInText } from './text-facts.js';

/** A line that proves a cause. */
export interface TextEvidence {
  /** 1 for the first line of the text. */
  readonly line: number;
  /** The line without its prefixes, cut around the proof. */
  readonly text: string;
}

/** A cause that a text shows, with the lines that prove it. */
export interface TextMatch {
  readonly code: CatalogueCode;
  readonly title: string;
  /** 0 … 100; see {@link TextRule.rank}. */
  readonly rank: number;
  readonly evidence: readonly TextEvidence[];
}

/** Takes the lines of a text one by one, and at its end tells what is wrong. Memory does not grow with the text. */
export interface TextMatcher {
  push(line: string): void;
  finish(): TextMatch[];
}

const FIRST_KEPT = 3;
const EVIDENCE_PER_MATCH = 5;
const EVIDENCE_LENGTH = 240;

interface Compiled {
  readonly entry: CatalogueEntry;
  readonly rule: TextRule;
}

/** Rules with the numbers of their patterns in the scanner: the rules' own first, then what they ask of other lines. */
interface Compilation {
  readonly rules: readonly Compiled[];
  readonly context: readonly RegExp[];
  readonly contextNumbers: ReadonlyMap<RegExp, number>;
  readonly scanner: Scanner;
}

let compiled: Compilation | undefined;

/** Compiles once, and not at import: most runs of the program match no text. */
function compile(): Compilation {
  if (compiled !== undefined) return compiled;
  const rules = ENTRIES.flatMap((entry) => entry.rules.map((rule) => ({ entry, rule })));
  const context = [
    ...new Set(rules.flatMap(({ rule }) => [...(rule.requires ?? []), ...(rule.excludesAnywhere ?? [])])),
  ];
  compiled = {
    rules,
    context,
    contextNumbers: new Map(context.map((pattern, number) => [pattern, number])),
    scanner: createScanner([...rules.map(({ rule }) => rule.pattern), ...context]),
  };
  return compiled;
}

/** A matcher for one text. */
export function createTextMatcher(): TextMatcher {
  const { rules, context, contextNumbers, scanner } = compile();
  /** Where each pattern that rules ask of other lines was seen first. */
  const seen = new Array<TextEvidence | undefined>(context.length).fill(undefined);
  const hits = new Map<number, { first: TextEvidence[]; last: TextEvidence | null }>();
  let lineNumber = 0;

  function scan(raw: string): void {
    const line = stripAnsi(capLine(raw));
    const candidates = scanner.candidates(line);
    if (candidates.length === 0) return;
    const text = normaliseLine(line);
    for (const number of candidates) {
      const pattern = context[number - rules.length];
      if (pattern !== undefined) {
        if (seen[number - rules.length] !== undefined) continue;
        const proof = pattern.exec(text);
        if (proof !== null) seen[number - rules.length] = evidenceIn(text, proof);
        continue;
      }
      const rule = rules[number]?.rule;
      if (rule === undefined) continue;
      const proof = rule.pattern.exec(text);
      if (proof === null || rule.excludes?.some((exclude) => exclude.test(text))) continue;
      const evidence = evidenceIn(text, proof);
      const hit = hits.get(number) ?? { first: [], last: null };
      hits.set(number, hit);
      if (hit.first.length < FIRST_KEPT) hit.first.push(evidence);
      else hit.last = evidence;
    }
  }

  function evidenceIn(text: string, proof: RegExpExecArray): TextEvidence {
    return { line: lineNumber, text: excerpt(text, proof) };
  }

  return {
    push(raw) {
      lineNumber++;
      // A progress bar writes its line anew after each carriage return; what follows the last one may be an error.
      if (!raw.includes('\r')) scan(raw);
      else for (const part of capLine(raw).split('\r')) scan(part);
    },

    finish() {
      const firstOf = (pattern: RegExp) => seen[contextNumbers.get(pattern) ?? -1];
      const byCode = new Map<CatalogueCode, { entry: CatalogueEntry; rank: number; proofs: Proof[] }>();
      for (const [number, hit] of hits) {
        const one = rules[number];
        if (one === undefined) continue;
        const { entry, rule } = one;
        const required = rule.requires?.map(firstOf).find((first) => first !== undefined);
        if (rule.requires !== undefined && required === undefined) continue;
        if (rule.excludesAnywhere?.some((pattern) => firstOf(pattern) !== undefined)) continue;
        const proofs = [...hit.first, hit.last, required].filter((proof) => proof != null);
        if (rule.bearsOut?.(factsInText(proofs.map(({ text }) => text))) === false) continue;
        const match = byCode.get(entry.code) ?? { entry, rank: 0, proofs: [] };
        byCode.set(entry.code, match);
        match.rank = Math.max(match.rank, rule.rank);
        // A cause that is split over lines is proved by both.
        for (const evidence of proofs) match.proofs.push({ rank: rule.rank, evidence });
      }
      return [...byCode.values()]
        .map(({ entry, rank, proofs }) => ({
          code: entry.code,
          title: entry.title,
          rank,
          evidence: strongest(proofs),
        }))
        .sort((a, b) => b.rank - a.rank || (a.evidence[0]?.line ?? 0) - (b.evidence[0]?.line ?? 0));
    },
  };
}

/**
 * Finds what is wrong in a text: a server's log, an HTTP body, a client's message, Kubernetes events.
 * @param lines without their line ends; read once, nothing but a few lines of evidence is kept
 * @returns best first: a precise cause before its consequences; empty where nothing is wrong
 */
export async function matchText(lines: AsyncIterable<string> | Iterable<string>): Promise<TextMatch[]> {
  const matcher = createTextMatcher();
  for await (const line of lines) matcher.push(line);
  return matcher.finish();
}

interface Proof {
  readonly rank: number;
  readonly evidence: TextEvidence;
}

/** The best proofs, each line once, in the order of the text. */
function strongest(proofs: readonly Proof[]): TextEvidence[] {
  const byLine = new Map<number, Proof>();
  for (const proof of proofs) {
    const known = byLine.get(proof.evidence.line);
    if (known === undefined || known.rank < proof.rank) byLine.set(proof.evidence.line, proof);
  }
  return [...byLine.values()]
    .sort((a, b) => b.rank - a.rank || a.evidence.line - b.evidence.line)
    .slice(0, EVIDENCE_PER_MATCH)
    .map(({ evidence }) => evidence)
    .sort((a, b) => a.line - b.line);
}

const redact = createRedactor([]);

/** The part of a line that proves something. Secrets go first: half of one, or one that is wrapped, is recognised no more. */
function excerpt(line: string, { 0: proof, index: found }: RegExpExecArray): string {
  const text = redact(line);
  if (text.length <= EVIDENCE_LENGTH) return text;
  const index = text === line ? found : Math.max(0, text.indexOf(proof));
  const length = proof.length;
  const room = Math.max(0, EVIDENCE_LENGTH - Math.min(length, EVIDENCE_LENGTH));
  const start = Math.max(0, Math.min(index - Math.floor(room / 2), text.length - EVIDENCE_LENGTH));
  const end = start + EVIDENCE_LENGTH;
  return `${start > 0 ? '…' : ''}${text.slice(start, end).trim()}${end < text.length ? '…' : ''}`;
}
