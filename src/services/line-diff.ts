/** A line of a comparison: kept, taken out, put in, or a gap where lines that are the same are left out. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+' | '…';
  readonly text: string;
}

/** Lines on both sides of a change. */
const CONTEXT = 3;
/** Beyond this the table of comparisons is larger than any configuration is worth. */
const MOST_CELLS = 4_000_000;

/** Two texts compared line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  const common = a.length * b.length > MOST_CELLS ? [] : longestCommon(a, b);
  const all: DiffLine[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...common, [a.length, b.length] as const]) {
    while (i < x) all.push({ sign: '-', text: a[i++] ?? '' });
    while (j < y) all.push({ sign: '+', text: b[j++] ?? '' });
    if (x < a.length) all.push({ sign: ' ', text: a[i++] ?? '' });
    j = Math.min(y + 1, b.length);
  }
  return withoutSame(all);
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Pairs of places that are the same in both, in order. */
function longestCommon(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

function withoutSame(lines: readonly DiffLine[]): DiffLine[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  return lines.flatMap((line, index): DiffLine[] => {
    if (near[index]) return [line];
    return index > 0 && near[index - 1] ? [{ sign: '…', text: '' }] : [];
  });
}
