/**
 * The first lines of an endless watch.
 * @param limits.lines so many at most; only the last of them is told where `lastOnly` is set
 * @param limits.durationMs milliseconds, from the first line on
 */
export async function* limited<Line>(
  lines: AsyncIterable<Line>,
  limits: { readonly lines?: number; readonly lastOnly?: boolean; readonly durationMs?: number },
): AsyncGenerator<Line> {
  let seen = 0;
  let started: number | null = null;
  for await (const line of lines) {
    seen++;
    started ??= performance.now();
    const isLast = seen === limits.lines;
    if (isLast || !limits.lastOnly) yield line;
    if (isLast) return;
    if (limits.durationMs !== undefined && performance.now() - started >= limits.durationMs) return;
  }
}
