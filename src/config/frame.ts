import { secretsIn } from './lint/servers.js';
import type { Problem } from './problem.js';
import type { ReadConfig } from './read.js';

export interface FrameLine {
  readonly number: number;
  readonly text: string;
}

/** The lines at a problem, to be shown with it; secrets are masked. */
export interface Frame {
  readonly before: FrameLine | null;
  readonly line: FrameLine;
  /** Characters of the line before what is meant, and of that. */
  readonly indent: number;
  readonly width: number;
}

const MASK = '***';
/** A key's value in a line that could not be read, and the password of a URL. */
const LOOKS_SECRET =
  /((?:api[-_]?key|token|secret|password|authorization)["'`]?\s*[:=]\s*["'`]?)((?!\$)[^\s"'`,}]+)|(:\/\/)([^/\s@"']+)(?=@)/gi;
/** Columns: a minified file is one line. */
const LONGEST = 72;

interface Mask {
  readonly start: number;
  readonly end: number;
}

/** Makes frames of a file's lines. */
export function framesOf(read: ReadConfig): (problem: Problem) => Frame | null {
  const lines = read.text.split('\n').map((line) => line.replace(/\r$/, ''));
  const masks = masksOf(read, lines);
  const shown = (number: number): FrameLine | null => {
    const text = lines[number - 1];
    return text === undefined
      ? null
      : { number, text: cut(masked(text, masks.get(number) ?? [], 0).text, 0).text };
  };
  return ({ line, column, endLine, endColumn }) => {
    const text = lines[line - 1];
    if (text === undefined || text.trim() === '') return null;
    const end = endLine === line ? endColumn - 1 : text.length;
    const here = masked(text, masks.get(line) ?? [], column - 1);
    const there = masked(text, masks.get(line) ?? [], end);
    const window = cut(here.text, here.at);
    const width = Math.max(1, Math.min(there.at - here.at, window.text.length - (here.at - window.offset)));
    const before = line > 1 ? shown(line - 1) : null;
    return {
      before: before?.text.trim() === '' ? null : before,
      line: { number: line, text: window.text },
      indent: here.at - window.offset,
      width,
    };
  };
}

/** What to mask, by line. */
function masksOf(read: ReadConfig, lines: readonly string[]): Map<number, Mask[]> {
  const masks = new Map<number, Mask[]>();
  const add = (line: number, start: number, end: number) =>
    masks.set(line, [...(masks.get(line) ?? []), { start, end }]);
  for (const [index, line] of lines.entries()) {
    for (const found of line.matchAll(LOOKS_SECRET)) {
      const start = found.index + (found[1] ?? found[3] ?? '').length;
      add(index + 1, start, start + (found[2] ?? found[4] ?? '').length);
    }
  }
  for (const { node } of read.tree === null ? [] : secretsIn(read.tree.root)) {
    const first = read.lines.at(node.start);
    const last = read.lines.at(node.end);
    for (let line = first.line; line <= last.line; line++) {
      const text = lines[line - 1] ?? '';
      const start = line === first.line ? first.column - 1 : 0;
      const end = line === last.line ? last.column - 1 : text.length;
      const quoted = /^["'].*["']$/.test(text.slice(start, end)) ? 1 : 0;
      add(line, start + quoted, end - quoted);
    }
  }
  return masks;
}

/** A line with masks in place, tabs as blanks, and where an offset of it has gone. */
function masked(line: string, masks: readonly Mask[], offset: number): { text: string; at: number } {
  let text = '';
  let at: number | null = null;
  for (let index = 0; index < line.length; index++) {
    if (index === offset) at = text.length;
    const mask = masks.find(({ start, end }) => index >= start && index < end);
    if (mask === undefined) text += line[index] === '\t' ? '  ' : line[index];
    else if (!text.endsWith(MASK)) text += MASK;
  }
  return { text, at: at ?? text.length };
}

/** The part of a long line that holds an offset. */
function cut(text: string, at: number): { text: string; offset: number } {
  if (text.length <= LONGEST) return { text, offset: 0 };
  const start = Math.max(0, Math.min(at - Math.floor(LONGEST / 3), text.length - LONGEST));
  if (start === 0) return { text: `${text.slice(0, LONGEST - 1)}…`, offset: 0 };
  const end = start + LONGEST - 1;
  return { text: `…${text.slice(start, end)}${end < text.length ? '…' : ''}`, offset: start - 1 };
}
