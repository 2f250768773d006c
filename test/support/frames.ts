import { stripVTControlCharacters } from 'node:util';

const ESC = '\u001b';
/** Where the cursor goes, what is cleared, and everything else that is a control sequence. */
const PIECE = new RegExp(`${ESC}\\[(\\d+);1H|${ESC}\\[2J|${ESC}\\[2K|${ESC}\\[[0-9;?]*[@-~]|[^${ESC}]+`, 'g');

/**
 * What stands on the alternate screen, line by line, after all that a program has written (as `metrics watch` writes it: whole
 * lines from the first column).
 * @returns null where the alternate screen is not shown
 */
export function frameOf(raw: string): readonly string[] | null {
  const [entered, left] = [raw.lastIndexOf(`${ESC}[?1049h`), raw.lastIndexOf(`${ESC}[?1049l`)];
  if (entered < 0 || left > entered) return null;
  let lines: string[] = [];
  let row = 0;
  // A picture that is only half there is none yet.
  const whole = raw.slice(entered, Math.max(entered, raw.lastIndexOf(`${ESC}[?2026l`)));
  for (const [piece, moved] of whole.matchAll(PIECE)) {
    if (moved !== undefined) row = Number(moved) - 1;
    else if (piece === `${ESC}[2J`) lines = [];
    else if (piece === `${ESC}[2K`) lines[row] = '';
    else if (!piece.startsWith(ESC)) lines[row] = (lines[row] ?? '') + stripVTControlCharacters(piece);
  }
  return Array.from(lines, (line) => line ?? '');
}
