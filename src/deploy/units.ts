import type { ByteRange } from './sizing.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** `2.38 GiB`, `262 MiB`, rounded up. */
export function bytesText(bytes: number): string {
  return bytes >= GIB ? `${Number((bytes / GIB).toFixed(2))} GiB` : `${Math.ceil(bytes / MIB)} MiB`;
}

/** `0.60–0.90 GiB` */
export function rangeText({ min, max }: ByteRange): string {
  const [low, high] = [bytesText(min), bytesText(max)];
  if (low === high) return low;
  const [number = '', unit] = low.split(' ');
  return high.endsWith(` ${unit}`) ? `${number}–${high}` : `${low}–${high}`;
}

/** `40,960` */
export function countText(value: number): string {
  return Math.floor(value).toLocaleString('en-US');
}
