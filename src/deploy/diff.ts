/** Lines of context around a change. */
const CONTEXT = 3;
/** Over so many changed lines a file is shown as wholly other: comparing takes time in the square of it. */
const LARGEST = 3000;

interface Line {
  readonly kind: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * A unified diff of two texts; empty where they are the same.
 * @param path in its two first lines
 */
export function unifiedDiff(path: string, before: string | null, after: string): string {
  if (before === after) return '';
  const lines = compare(linesOf(before ?? ''), linesOf(after));
  const shown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== ' '),
  );
  const hunks: string[] = [];
  let [oldLine, newLine] = [1, 1];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && shown[end] === shown[at]) end++;
    const part = lines.slice(at, end);
    const oldCount = part.filter(({ kind }) => kind !== '+').length;
    const newCount = part.filter(({ kind }) => kind !== '-').length;
    if (shown[at]) {
      const range = (start: number, count: number) => `${count === 0 ? start - 1 : start},${count}`;
      hunks.push(
        `@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`,
        ...part.map(({ kind, text }) => `${kind}${text}`),
      );
    }
    oldLine += oldCount;
    newLine += newCount;
    at = end;
  }
  return [`--- ${before === null ? '/dev/null' : `a/${path}`}`, `+++ b/${path}`, ...hunks, ''].join('\n');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const same = (text: string): Line => ({ kind: ' ', text });
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** The longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): Line[] {
  const removed = (text: string): Line => ({ kind: '-', text });
  const added = (text: string): Line => ({ kind: '+', text });
  if (before.length > LARGEST || after.length > LARGEST) return [...before.map(removed), ...after.map(added)];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ kind: ' ', text: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(old));
      i++;
    } else {
      lines.push(added(fresh ?? ''));
      j++;
    }
  }
  return lines;
}
