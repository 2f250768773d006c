import type { Comparison } from '../../services/bench/compare.js';
import type { BenchDocument } from '../../services/bench/document.js';
import type { Distribution } from '../../services/bench/histogram.js';
import type { RunReport } from '../../services/bench/report.js';
import { factsOf, headline, runsIn, warningsIn } from '../bench-headline.js';
import { comparedValue, latency, loadName, percent, perSecond, signed, sloValue } from '../bench-text.js';
import { count } from '../format.js';
import { SYMBOLS } from '../symbols.js';
import { type Figure, runCharts, sweepCharts } from './charts.js';
import { STYLE } from './style.js';
import { escaped } from './svg.js';

const STATISTICS = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'] as const;

/** A load test as one page that needs nothing beside itself: no script, no network. */
export function renderBenchPage(document: BenchDocument): string {
  const { symbol, text } = headline(document);
  const runs = runsIn(document);
  const [only, second] = runs;
  const title = `${document.target} · ${text}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Nothing is loaded, whatever stands in the texts below.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    '<link rel="icon" href="data:,">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1><span class="${symbol}">${SYMBOLS[symbol]}</span> ${escaped(title)}</h1>`,
    `<p class="facts">${escaped(factsOf(document).join(' · '))}</p>`,
    ...(only !== undefined && second === undefined ? singleRun(only) : severalRuns(runs)),
    ...findMax(document),
    ...(document.comparisons ?? []).map(comparison),
    warnings(document),
    footer(document),
    '</body></html>',
  ].join('\n');
}

function singleRun(run: RunReport): string[] {
  return [cards(run), slos([run]), failures([run]), figures(runCharts(run)), latencies(run)];
}

function severalRuns(runs: readonly RunReport[]): string[] {
  return [
    slos(runs),
    failures(runs),
    figures(sweepCharts(runs)),
    section(
      'Each load',
      table(
        ['load', 'requests/s', 'tokens/s', 'TTFT p50', 'TTFT p95', 'TPOT p50', 'end to end p95', 'failed'],
        runs.map((run) => [
          loadName(run.load),
          perSecond(run.requestsPerSecond),
          perSecond(run.outputTokensPerSecond),
          statistic(run.ttftMs, 'p50'),
          statistic(run.ttftMs, 'p95'),
          statistic(run.tpotMs, 'p50'),
          statistic(run.e2eMs, 'p95'),
          count(run.failed),
        ]),
      ),
    ),
  ];
}

function cards(run: RunReport): string {
  const values: readonly (readonly [string, string])[] = [
    [perSecond(run.requestsPerSecond), 'requests/s'],
    [perSecond(run.outputTokensPerSecond), 'tokens/s written'],
    ...(run.ttftMs === null ? [] : ([[latency(run.ttftMs.p50), 'time to first token, median']] as const)),
    ...(run.tpotMs === null ? [] : ([[latency(run.tpotMs.p50), 'a token after that, median']] as const)),
    ...(run.e2eMs === null ? [] : ([[latency(run.e2eMs.p95), 'end to end, 95th percentile']] as const)),
    [`${count(run.failed)} of ${count(run.requests)}`, 'requests failed'],
  ];
  return `<ul class="cards">${values.map(([value, name]) => `<li><b>${escaped(value)}</b><span>${escaped(name)}</span></li>`).join('')}</ul>`;
}

function latencies(run: RunReport): string {
  const rows: readonly (readonly [string, Distribution | null])[] = [
    ['time to first token (TTFT)', run.ttftMs],
    ['to the answer, after reasoning', run.answerMs],
    ['for each token after the first (TPOT)', run.tpotMs],
    ['between tokens (ITL)', run.itlMs],
    ['end to end', run.e2eMs],
    ['waiting for a slot (queue)', run.queueMs],
    ['reading the prompt (prefill)', run.prefillMs],
    ['writing (decode)', run.decodeMs],
  ];
  return section(
    'Latencies',
    table(
      ['', ...STATISTICS],
      rows.flatMap(([name, values]) =>
        values === null ? [] : [[name, ...STATISTICS.map((each) => latency(values[each]))]],
      ),
    ),
  );
}

function slos(runs: readonly RunReport[]): string {
  const rows = runs.flatMap((run) =>
    run.slo.map((slo) => {
      const { expression, held, cause, detail } = slo;
      const why = cause === undefined ? '' : `${cause}: ${detail ?? ''}`;
      return `<tr><td><span class="${held ? 'good' : 'bad'}">${held ? SYMBOLS.good : SYMBOLS.bad}</span> <code>${escaped(expression)}</code></td><td>${escaped(loadName(run.load))}</td><td>${escaped(sloValue(slo))}</td><td class="text">${escaped(why)}</td></tr>`;
    }),
  );
  return rows.length === 0 ? '' : section('What was promised', `<table>${rows.join('')}</table>`);
}

function failures(runs: readonly RunReport[]): string {
  const rows = runs.flatMap((run) =>
    run.failures.map(
      ({ code, count: n, message }) =>
        `<tr><td><code>${escaped(code)}</code></td><td>${count(n)} ×</td><td>${escaped(loadName(run.load))}</td><td class="text">${escaped(message)}</td></tr>`,
    ),
  );
  return rows.length === 0 ? '' : section('Failures', `<table>${rows.join('')}</table>`);
}

function findMax({ findMax: found }: BenchDocument): string[] {
  if (found === undefined) return [];
  const rows = found.trials.map(({ rate, held, requests, why }) => [
    `${held ? SYMBOLS.good : SYMBOLS.bad} ${perSecond(rate)}/s`,
    count(requests),
    why ?? 'holds',
  ]);
  const sure =
    found.confidence === null
      ? ''
      : `<p>At the rate that was found the promises hold in ${percent(found.confidence)} of 1,000 resamples.</p>`;
  return [section('The search', table(['rate', 'requests', ''], rows) + sure)];
}

function comparison({ load, metrics }: Comparison): string {
  const rows = metrics.map(({ name, before, after, change, interval, verdict }) => [
    name,
    comparedValue(name, before),
    comparedValue(name, after),
    signed(change),
    interval === null ? 'too few requests' : `${signed(interval.low)} to ${signed(interval.high)}`,
    verdict,
  ]);
  const head = ['', 'before', 'now', 'change', '99 % sure', 'verdict'];
  return section(`Compared with the earlier run, ${loadName(load)}`, table(head, rows));
}

function warnings(document: BenchDocument): string {
  const all = warningsIn(document);
  if (all.length === 0) return '';
  return section(
    'To be read with care',
    `<ul class="notes">${all.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>`,
  );
}

function footer({ time, url, build, slots, contextPerSlot }: BenchDocument): string {
  const facts = [
    time,
    url,
    ...(build === null ? [] : [`llama.cpp ${build}`]),
    ...(slots === null ? [] : [`${count(slots)} slot${slots === 1 ? '' : 's'}`]),
    ...(contextPerSlot === null ? [] : [`${count(contextPerSlot)} tokens each`]),
    'measured by llamactl bench',
  ];
  return `<footer>${escaped(facts.join(' · '))}</footer>`;
}

function figures(all: readonly Figure[]): string {
  const each = all.map(({ title, svg, legend }) => {
    const items = legend.map(({ series, text }) => `<li><i class="${series}"></i>${escaped(text)}</li>`);
    return section(title, svg + (items.length === 0 ? '' : `<ul class="legend">${items.join('')}</ul>`));
  });
  return `<div class="grid-2">${each.join('\n')}</div>`;
}

function section(title: string, content: string): string {
  return `<section><h2>${escaped(title)}</h2>${content}</section>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, values: readonly string[]) =>
    `<tr>${values.map((value) => `<${tag}>${escaped(value)}</${tag}>`).join('')}</tr>`;
  return `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`;
}

function statistic(values: Distribution | null, name: 'p50' | 'p95'): string {
  return values === null ? SYMBOLS.skipped : latency(values[name]);
}
