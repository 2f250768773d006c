import type { RunReport } from '../../services/bench/report.js';
import { latency, percent, perSecond } from '../bench-text.js';
import { count } from '../format.js';
import {
  type Axis,
  bar,
  chart,
  crosses,
  dots,
  line,
  linearAxis,
  namedAxis,
  percentileAxis,
  stack,
} from './svg.js';

/** A chart with its heading and what its colours mean. */
export interface Figure {
  readonly title: string;
  readonly svg: string;
  readonly legend: readonly { readonly series: string; readonly text: string }[];
}

export const PHASES = ['client', 'network', 'queue', 'prefill', 'decode'] as const;
const PHASE_TEXTS = {
  client: 'in this program',
  network: 'network',
  queue: 'waiting for a slot',
  prefill: 'reading the prompt',
  decode: 'writing the answer',
} as const;
const HISTOGRAM_BARS = 40;

const milliseconds = (title: string, most: number) =>
  linearAxis(title, most, (value) =>
    most >= 10_000 ? `${value / 1000} s` : `${Number(value.toPrecision(6))} ms`,
  );

/** The charts of one run. */
export function runCharts(run: RunReport): Figure[] {
  const { samples } = run;
  const answered = samples.e2eMs.flatMap((e2eMs, index) =>
    samples.failed[index] === 1
      ? []
      : [{ e2eMs, ttftMs: samples.ttftMs[index] ?? null, atMs: samples.atMs[index] ?? 0 }],
  );
  if (answered.length === 0) return timeChart(run);
  const firsts = answered.flatMap(({ ttftMs }) => ttftMs ?? []);
  const wholes = answered.map(({ e2eMs }) => e2eMs);
  return [
    percentileChart(firsts, wholes),
    histogram(firsts.length > 0 ? 'TTFT' : 'end to end', firsts.length > 0 ? firsts : wholes),
    ...timeChart(run),
    ...phaseChart(run),
  ];
}

function percentileChart(firsts: readonly number[], wholes: readonly number[]): Figure {
  const most = 1 - 1 / Math.max(2, wholes.length);
  const curve = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted.map((value, index) => [index / sorted.length, value] as const);
  };
  const x = percentileAxis('of the requests are quicker', most);
  const y = milliseconds('', maximum(wholes));
  return {
    title: 'Latency by percentile',
    svg: chart('Latency by percentile', x, y, (plane) =>
      [line(curve(wholes), 'e2e', plane), line(curve(firsts), 'ttft', plane)].join(''),
    ),
    legend: [
      ...(firsts.length > 0 ? [{ series: 'ttft', text: 'time to first token' }] : []),
      { series: 'e2e', text: 'end to end' },
    ],
  };
}

function histogram(name: string, values: readonly number[]): Figure {
  const x = milliseconds(name, maximum(values));
  const width = (x.ticks.at(-1)?.value ?? 1) / HISTOGRAM_BARS;
  const buckets = new Array<number>(HISTOGRAM_BARS).fill(0);
  for (const value of values) {
    const at = Math.min(HISTOGRAM_BARS - 1, Math.floor(value / width));
    buckets[at] = (buckets[at] ?? 0) + 1;
  }
  const y = linearAxis('', maximum(buckets), count);
  const series = name === 'TTFT' ? 'ttft' : 'e2e';
  return {
    title: `Requests by ${name}`,
    svg: chart(`Requests by ${name}`, x, y, (plane) =>
      buckets
        .map((n, index) =>
          n === 0
            ? ''
            : bar(
                index * width,
                (index + 1) * width,
                n,
                series,
                `${latency(index * width)} to ${latency((index + 1) * width)}: ${n}`,
                plane,
              ),
        )
        .join(''),
    ),
    legend: [],
  };
}

function timeChart({ samples }: RunReport): Figure[] {
  if (samples.atMs.length === 0) return [];
  const x = linearAxis(
    'since the start',
    maximum(samples.atMs),
    (value) => `${Number((value / 1000).toPrecision(4))} s`,
  );
  const y = milliseconds('', maximum(samples.e2eMs));
  const points = samples.atMs.map((at, index) => ({
    at,
    e2e: samples.e2eMs[index] ?? 0,
    ttft: samples.ttftMs[index] ?? null,
    failed: samples.failed[index] === 1,
  }));
  const good = points.filter(({ failed }) => !failed);
  const bad = points.filter(({ failed }) => failed);
  return [
    {
      title: 'Requests over time',
      svg: chart('Requests over time', x, y, (plane) =>
        [
          dots(
            good.map(({ at, e2e }) => ({ at, value: e2e, title: `end to end ${latency(e2e)}` })),
            'e2e',
            plane,
          ),
          dots(
            good.flatMap(({ at, ttft }) =>
              ttft === null ? [] : [{ at, value: ttft, title: `TTFT ${latency(ttft)}` }],
            ),
            'ttft',
            plane,
          ),
          crosses(
            bad.map(({ at, e2e }) => ({ at, title: `failed after ${latency(e2e)}` })),
            plane,
          ),
        ].join(''),
      ),
      legend: [
        { series: 'ttft', text: 'time to first token' },
        { series: 'e2e', text: 'end to end' },
        ...(bad.length > 0 ? [{ series: 'failed', text: 'failed' }] : []),
      ],
    },
  ];
}

function phaseChart({ phases }: RunReport): Figure[] {
  if (phases === null) return [];
  const whole = PHASES.reduce((sum, phase) => sum + phases[phase], 0);
  if (whole === 0) return [];
  const parts = PHASES.map((phase) => ({
    share: phases[phase] / whole,
    series: phase,
    title: `${PHASE_TEXTS[phase]}: ${latency(phases[phase])}, ${percent(phases[phase] / whole)}`,
  }));
  return [
    {
      title: 'Where the time goes',
      svg: stack('Where the time goes', parts),
      legend: parts.map(({ series, title }) => ({ series, text: title })),
    },
  ];
}

interface SweepMetric {
  readonly title: string;
  readonly series: string;
  readonly of: (run: RunReport) => number | null;
  readonly format: (value: number) => string;
  readonly axis: (most: number) => Axis;
}

const time = (title: string, series: string, of: SweepMetric['of']): SweepMetric => ({
  title,
  series,
  of,
  format: latency,
  axis: (most) => milliseconds('', most),
});

const SWEEP_METRICS: readonly SweepMetric[] = [
  {
    title: 'Tokens a second',
    series: 'decode',
    of: (run) => run.outputTokensPerSecond,
    format: (value) => `${perSecond(value)} tokens/s`,
    axis: (most) => linearAxis('', most, count),
  },
  time('Time to first token, 95th percentile', 'ttft', (run) => run.ttftMs?.p95 ?? null),
  time('End to end, 95th percentile', 'e2e', (run) => run.e2eMs?.p95 ?? null),
  time('For each token after the first, median', 'ttft', (run) => run.tpotMs?.p50 ?? null),
];

/** The charts of several loads, one after the other. */
export function sweepCharts(runs: readonly RunReport[]): Figure[] {
  const names = runs.map(({ load }) =>
    load.kind === 'closed' ? String(load.concurrency) : `${perSecond(load.rate)}/s`,
  );
  const x = namedAxis(runs[0]?.load.kind === 'open' ? 'requests a second' : 'requests at a time', names);
  return SWEEP_METRICS.flatMap(({ title, series, of, format, axis }) => {
    const points = runs.flatMap((run, at) => {
      const value = of(run);
      return value === null ? [] : [{ at, value, title: `${names[at]}: ${format(value)}` }];
    });
    if (points.length === 0) return [];
    const curve = points.map(({ at, value }) => [at, value] as const);
    const y = axis(maximum(points.map(({ value }) => value)));
    const svg = chart(title, x, y, (plane) =>
      [line(curve, series, plane), dots(points, series, plane, 4)].join(''),
    );
    return [{ title, svg, legend: [] }];
  });
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
