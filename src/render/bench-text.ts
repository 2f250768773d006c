import type { Load } from '../services/bench/load.js';
import type { SloResult } from '../services/bench/report.js';
import { count, rate } from './format.js';

/** Milliseconds as a load test needs them, to three digits: `1.38 ms`, `41.2 ms`, `812 ms`, `2.10 s`. */
export function latency(ms: number): string {
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 99_950 ? `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s` : `${count(ms / 1000)} s`;
}

/** A share of 1: `0 %`, `0.3 %`, `12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} %`;
}

/** Something a second, to three digits where that is less than a hundred. */
export function perSecond(value: number): string {
  return value >= 100 ? count(value) : Number(value.toPrecision(3)).toString();
}

/** What a promise measured, in its own unit. */
export function sloValue({ expression, value }: SloResult): string {
  if (value === null) return 'not measured';
  if (/^(?:rps|tps)\b/.test(expression)) return `${rate(value)}/s`;
  if (/^(?:errors|goodput)\b/.test(expression))
    return expression.endsWith('%')
      ? percent(value)
      : expression.startsWith('goodput')
        ? `${perSecond(value)}/s`
        : count(value);
  return latency(value);
}

/** `8 at a time`, `5/s (poisson)`. */
export function loadName(load: Load): string {
  return load.kind === 'closed'
    ? `${count(load.concurrency)} at a time`
    : `${perSecond(load.rate)}/s (${load.arrivals})`;
}

/** A number of a comparison, in its own unit. */
export function comparedValue(name: string, value: number): string {
  if (name === 'errors') return percent(value);
  return name === 'tps' ? `${perSecond(value)}/s` : latency(value);
}

/** `+12 %`, `−3 %`. */
export function signed(change: number): string {
  return `${change >= 0 ? '+' : '−'}${percent(Math.abs(change))}`;
}

const BARS = [...' ▁▂▃▄▅▆▇█'];

/**
 * How values are spread, as a line of bars from the least to the 99th percentile; what is above is in the last bar.
 * @param width columns of the bars
 */
export function histogramLine(
  values: readonly number[],
  width: number,
): { readonly bars: string; readonly low: number; readonly high: number } | null {
  const sorted = Float64Array.from(values).sort();
  const low = sorted[0];
  const high = sorted[Math.floor((sorted.length - 1) * 0.99)];
  if (low === undefined || high === undefined) return null;
  const buckets = new Array<number>(width).fill(0);
  for (const value of sorted) {
    const at = high === low ? 0 : Math.floor(((value - low) / (high - low)) * width);
    const bucket = Math.min(width - 1, at);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  const most = buckets.reduce((a, b) => Math.max(a, b), 0);
  const bars = buckets
    // Whatever is not nothing is seen.
    .map((n) => BARS[n === 0 ? 0 : Math.max(1, Math.round((n / most) * (BARS.length - 1)))] ?? '')
    .join('');
  return { bars, low, high };
}
