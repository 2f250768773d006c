/** `40960` → `40,960`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Milliseconds for people: `0.4 ms`, `41 ms`, `2.1 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const whole = Math.round(seconds);
  const first = units.findIndex(([, size]) => whole >= size);
  const [bigName, bigSize] = units[first] ?? ['s', 1];
  const [smallName, smallSize] = units[first + 1] ?? ['s', 1];
  const small = Math.floor((whole % bigSize) / smallSize);
  return `${Math.floor(whole / bigSize)} ${bigName}${small === 0 ? '' : ` ${small} ${smallName}`}`;
}

/** Bytes in binary units: `2.4 GiB`, `262 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  const digits = unit === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${Number(scaled.toFixed(digits))} ${units[unit]}`;
}

/** Counts of weights in decimal units: `4.0 B`, `137 M`. */
export function parameters(value: number): string {
  if (value >= 999.5e9) return `${(value / 1e12).toFixed(1)} T`;
  if (value >= 999.5e6) return `${(value / 1e9).toFixed(1)} B`;
  if (value >= 9.95e6) return `${Math.round(value / 1e6)} M`;
  if (value >= 999.5e3) return `${(value / 1e6).toFixed(1)} M`;
  if (value >= 1e3) return `${Math.round(value / 1e3)} K`;
  return String(value);
}

/** `1 slot`, `4 slots`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/** Tokens a second: one digit where it matters. */
export function rate(perSecond: number): string {
  return perSecond >= 10 ? count(perSecond) : perSecond.toFixed(1);
}
