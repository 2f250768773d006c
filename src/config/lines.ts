import type { Complaint, Problem } from './problem.js';
import { pathText } from './problem.js';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offsets of a text as lines and columns, both from 1. */
export class LineIndex {
  readonly #starts: readonly number[];
  readonly #length: number;

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
    this.#length = text.length;
  }

  at(offset: number): Position {
    const wanted = Math.max(0, Math.min(offset, this.#length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: wanted - (this.#starts[low] ?? 0) + 1 };
  }

  /** A complaint with its place in lines. */
  problem({ severity = 'error', code, path = [], span, message, suggestion }: Complaint): Problem {
    const start = this.at(span.start);
    const end = this.at(Math.max(span.start, span.end));
    return {
      severity,
      code,
      path: pathText(path),
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column,
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
}

/** In the order of the file; of two at the same place the error first. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) =>
      a.line - b.line || a.column - b.column || rank(a) - rank(b) || a.message.localeCompare(b.message, 'en'),
  );
}

function rank({ severity }: Problem): number {
  return severity === 'error' ? 0 : 1;
}
