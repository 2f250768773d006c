const BARS = '▁▂▃▄▅▆▇█';

/**
 * A line of bars, scaled to the highest value.
 * @param values newest last; null where nobody knew, which is a gap
 * @param ticks how many values there were in all, so that a bar of several values stays what it is until it leaves
 * @param width columns; a value that is not there yet is a blank on the left
 * @param perBar values a bar
 */
export function sparkline(
  values: readonly (number | null)[],
  ticks: number,
  width: number,
  perBar: number,
): string {
  const highest = Math.max(0, ...values.slice(-width * perBar).map((value) => value ?? 0));
  const newest = ticks % perBar || perBar;
  const bars: string[] = [];
  let end = values.length;
  for (let size = newest; bars.length < width; size = perBar) {
    bars.unshift(end <= 0 ? ' ' : barOf(values.slice(Math.max(0, end - size), end), highest));
    end -= size;
  }
  return bars.join('');
}

/** Values a bar, so that so many bars show about so many values. */
export function valuesPerBar(wanted: number, width: number): number {
  return Math.max(1, Math.round(wanted / Math.max(1, width)));
}

function barOf(values: readonly (number | null)[], highest: number): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return ' ';
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (mean === 0 || highest === 0) return BARS[0] ?? ' ';
  // Whatever is not nothing is seen to be something.
  return (
    BARS[Math.max(1, Math.min(BARS.length - 1, Math.round((mean / highest) * (BARS.length - 1))))] ?? ' '
  );
}
