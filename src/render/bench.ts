import type { Comparison } from '../services/bench/compare.js';
import type { BenchDocument } from '../services/bench/document.js';
import type { Distribution } from '../services/bench/histogram.js';
import type { RunReport } from '../services/bench/report.js';
import type { Progress } from '../services/bench/run.js';
import { renderFindMax } from './bench-find-max.js';
import { factsOf, headline, runsIn, warningsIn } from './bench-headline.js';
import {
  comparedValue,
  histogramLine,
  latency,
  loadName,
  percent,
  perSecond,
  signed,
  sloValue,
} from './bench-text.js';
import { count, duration } from './format.js';
import { bold, dim, mark } from './symbols.js';
import { renderTable } from './table.js';
import { hanging, truncate } from './width.js';

const NOTHING = '–';
const STATISTICS = ['p50', 'p90', 'p95', 'p99', 'max', 'mean'] as const;
const PHASES = ['client', 'network', 'queue', 'prefill', 'decode'] as const;

/**
 * A load test for people: the verdict, then the numbers.
 * @param width columns
 */
export function renderBench(document: BenchDocument, width: number): string {
  const runs = runsIn(document);
  const [only, second] = runs;
  return [
    ...renderVerdict(document, width),
    ...(document.findMax === undefined ? [] : ['', ...renderFindMax(document.findMax, width)]),
    ...(only !== undefined && second === undefined ? renderRun(only, width) : renderSweep(runs, width)),
    ...(document.comparisons ?? []).flatMap((comparison) => ['', renderComparison(comparison, width)]),
    ...renderWarnings(document, width),
  ].join('\n');
}

/**
 * What is going on, on one line.
 * @param width columns
 */
export function renderProgress(progress: Progress, width: number): string {
  if ('step' in progress) return truncate(progress.step, width);
  const { load, elapsedMs, bounds, finished, failed, underWay, tokens, ttftMs } = progress;
  const seconds = Math.max(0.001, elapsedMs / 1000);
  const of = bounds.requests === null ? '' : ` of ${count(bounds.requests)}`;
  const until = bounds.durationMs === null ? '' : ` of ${duration(bounds.durationMs)}`;
  const parts = [
    `${loadName(load)}: ${duration(elapsedMs)}${until}`,
    `${count(finished)}${of} done`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(tokens > 0 ? [`${perSecond(tokens / seconds)} tokens/s`] : []),
    ...(ttftMs === null ? [] : [`TTFT ${latency(ttftMs)}`]),
    `${count(underWay)} under way`,
  ];
  return truncate(parts.join(' · '), width);
}

function renderVerdict(document: BenchDocument, width: number): string[] {
  const { symbol, text } = headline(document);
  return [
    hanging(bold(`${document.target} · ${text}`), width, `${mark(symbol)} `),
    dim(hanging(factsOf(document).join(' · '), width, '  ')),
  ];
}

function renderRun(run: RunReport, width: number): string[] {
  const rows: readonly (readonly [string, Distribution | null])[] = [
    ['TTFT', run.ttftMs],
    ['to the answer', run.answerMs],
    ['TPOT', run.tpotMs],
    ['ITL', run.itlMs],
    ['end to end', run.e2eMs],
    ['  queue', run.queueMs],
    ['  prefill', run.prefillMs],
    ['  decode', run.decodeMs],
  ];
  const table = renderTable(
    [{ title: '' }, ...STATISTICS.map((title) => ({ title, align: 'right' as const }))],
    rows.flatMap(([name, values]) =>
      values === null ? [] : [[name, ...STATISTICS.map((statistic) => latency(values[statistic]))]],
    ),
  );
  const measured =
    run.succeeded === 0
      ? []
      : [
          '',
          ...table.replace(/^/gm, '  ').split('\n'),
          '',
          ...spreadLine(run, width),
          ...phaseLine(run, width),
          ...rateLines(run),
        ];
  return [...measured, ...renderSlos(run, width), ...renderFailures(run, width)];
}

/** How the times to the first token are spread; of answers that came whole, their whole times. */
function spreadLine({ samples: { ttftMs, e2eMs, failed } }: RunReport, width: number): string[] {
  const answered = (values: readonly (number | null)[]) =>
    values.flatMap((value, index) => (value === null || failed[index] === 1 ? [] : [value]));
  const firsts = answered(ttftMs);
  const line = histogramLine(firsts.length > 0 ? firsts : answered(e2eMs), Math.min(40, width - 36));
  if (line === null) return [];
  const name = firsts.length > 0 ? 'TTFT' : 'end to end';
  return [`  ${name.padEnd(12)} ${latency(line.low)} ${line.bars} ${latency(line.high)} (p99)`];
}

function phaseLine({ phases }: RunReport, width: number): string[] {
  if (phases === null) return [];
  const whole = PHASES.reduce((sum, phase) => sum + phases[phase], 0);
  if (whole === 0) return [];
  const shares = PHASES.filter((phase) => phases[phase] / whole >= 0.005);
  const text = shares.map((phase) => `${phase} ${percent(phases[phase] / whole)}`).join(' · ');
  return [hanging(text, width, `  ${'time'.padEnd(12)} `)];
}

function rateLines(run: RunReport): string[] {
  const { tokens, goodput, outputTokensPerSecondPerRequest: each } = run;
  const cached =
    tokens.cached > 0 ? `, ${percent(tokens.cached / Math.max(1, tokens.prompt))} from the cache` : '';
  const rates = [
    `${perSecond(run.requestsPerSecond)} requests/s`,
    `${perSecond(run.outputTokensPerSecond)} tokens/s`,
    ...(each === null ? [] : [`${perSecond(each.p50)} tokens/s for each`]),
  ];
  return [
    `  ${'rates'.padEnd(12)} ${rates.join(' · ')}`,
    `  ${'tokens'.padEnd(12)} ${count(tokens.prompt)} read${cached} · ${count(tokens.output)} written`,
    ...(run.slo.length > 0
      ? [
          `  ${'goodput'.padEnd(12)} ${perSecond(goodput.requestsPerSecond)} requests/s, ${percent(goodput.share)} of all`,
        ]
      : []),
  ];
}

function renderSlos(run: RunReport, width: number): string[] {
  if (run.slo.length === 0) return [];
  const widest = Math.max(...run.slo.map(({ expression }) => expression.length));
  return [
    '',
    ...run.slo.flatMap((slo) => {
      const { expression, held, cause, detail, advice = '' } = slo;
      const said = `  ${mark(held ? 'good' : 'bad')} ${expression.padEnd(widest)}  ${sloValue(slo)}`;
      return cause === undefined || detail === undefined
        ? [said]
        : [said, hanging(`${cause}: ${detail}`, width, '      '), hanging(advice, width, '      ')];
    }),
  ];
}

function renderFailures({ failures }: RunReport, width: number): string[] {
  if (failures.length === 0) return [];
  return [
    '',
    ...failures.map(({ code, count: n, message }) =>
      hanging(`${code}: ${message}`, width, `  ${mark('bad')} ${count(n)} × `),
    ),
    `    llamactl explain ${failures[0]?.code ?? ''}`,
  ];
}

function renderSweep(runs: readonly RunReport[], width: number): string[] {
  const cell = (values: Distribution | null, statistic: 'p50' | 'p95') =>
    values === null ? NOTHING : latency(values[statistic]);
  const withSlo = runs.some(({ slo }) => slo.length > 0);
  const right = { align: 'right' as const };
  const table = renderTable(
    [
      { title: 'LOAD' },
      { title: 'REQ/S', ...right },
      { title: 'TOKENS/S', ...right },
      { title: 'TTFT p50', ...right },
      { title: 'p95', ...right },
      { title: 'TPOT p50', ...right },
      { title: 'E2E p95', ...right },
      { title: 'FAILED', ...right },
      ...(withSlo ? [{ title: 'SLO' }] : []),
    ],
    runs.map((run) => [
      run.load.kind === 'closed' ? count(run.load.concurrency) : `${perSecond(run.load.rate)}/s`,
      perSecond(run.requestsPerSecond),
      perSecond(run.outputTokensPerSecond),
      cell(run.ttftMs, 'p50'),
      cell(run.ttftMs, 'p95'),
      cell(run.tpotMs, 'p50'),
      cell(run.e2eMs, 'p95'),
      count(run.failed),
      ...(withSlo ? [mark(run.slo.every(({ held }) => held) ? 'good' : 'bad')] : []),
    ]),
    width - 2,
  );
  const missed = runs.flatMap((run) =>
    run.slo
      .filter(({ held }) => !held)
      .map((slo) =>
        hanging(
          `${loadName(run.load)}: ${slo.expression}, ${sloValue(slo)}${slo.detail === undefined ? '' : ` · ${slo.cause}: ${slo.detail}`}`,
          width,
          `  ${mark('bad')} `,
        ),
      ),
  );
  const failures = runs.flatMap((run) => renderFailures(run, width).slice(1, -1));
  return [
    '',
    ...table.replace(/^/gm, '  ').split('\n'),
    ...(missed.length + failures.length > 0 ? [''] : []),
    ...missed,
    ...failures,
  ];
}

const CHANGE_MARKS = { regressed: 'bad', unsure: 'crashed', same: 'good', improved: 'good' } as const;

function renderComparison({ load, metrics }: Comparison, width: number): string {
  const table = renderTable(
    [
      { title: loadName(load).toUpperCase() },
      { title: 'BEFORE', align: 'right' },
      { title: 'NOW', align: 'right' },
      { title: 'CHANGE', align: 'right' },
      { title: '99 % SURE' },
      { title: '' },
    ],
    metrics.map(({ name, before, after, change, interval, verdict }) => [
      name,
      comparedValue(name, before),
      comparedValue(name, after),
      signed(change),
      interval === null ? 'too few requests' : `${signed(interval.low)} to ${signed(interval.high)}`,
      `${mark(CHANGE_MARKS[verdict])} ${verdict}`,
    ]),
    width - 2,
  );
  return table.replace(/^/gm, '  ');
}

function renderWarnings(document: BenchDocument, width: number): string[] {
  const warnings = warningsIn(document);
  return warnings.length === 0
    ? []
    : ['', ...warnings.map((warning) => hanging(warning, width, `${mark('warning')} `))];
}
