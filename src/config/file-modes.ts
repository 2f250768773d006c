import type { Stats } from 'node:fs';

/** Whether others than its owner may read a file; never told on Windows, whose modes say nothing. */
export function readableByOthers(stats: Stats, path: string): boolean {
  // Containers mount secrets for everybody inside, which is nobody else.
  if (process.platform === 'win32' || /^(?:\/var)?\/run\/secrets\//.test(path)) return false;
  return stats.isFile() && (stats.mode & 0o044) !== 0;
}

/** A mode as `ls` and `chmod` number it: `644`. */
export function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
