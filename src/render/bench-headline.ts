import type { BenchDocument } from '../services/bench/document.js';
import type { RunReport } from '../services/bench/report.js';
import { loadName, percent, perSecond, signed, sloValue } from './bench-text.js';
import { count, duration, plural } from './format.js';

/** A verdict in one line. */
export interface Headline {
  readonly symbol: 'good' | 'bad' | 'warning';
  readonly text: string;
}

/** The runs of a document. */
export function runsIn(document: BenchDocument): readonly RunReport[] {
  return 'runs' in document ? document.runs : [document];
}

/** The answer to what a load test was asked. */
export function headline(document: BenchDocument): Headline {
  const runs = runsIn(document);
  switch (document.verdict) {
    case 'interrupted': {
      const unfinished = sum(runs, (run) => run.unfinished);
      const text = `interrupted: ${plural(
        sum(runs, (run) => run.requests),
        'request',
      )} until then, ${count(unfinished)} not ended`;
      return { symbol: 'warning', text };
    }
    case 'failures': {
      const codes = new Set(runs.flatMap((run) => run.failures.map(({ code }) => code)));
      const [failed, requests] = [sum(runs, (run) => run.failed), sum(runs, (run) => run.requests)];
      return {
        symbol: 'bad',
        text: `${count(failed)} of ${plural(requests, 'request')} failed: ${[...codes].join(', ')}`,
      };
    }
    case 'missed':
      return { symbol: 'bad', text: miss(document, runs) };
    case 'regressed': {
      const worse = (document.comparisons ?? []).flatMap(({ metrics }) =>
        metrics
          .filter(({ verdict }) => verdict === 'regressed')
          .map(({ name, change }) => `${name} ${signed(change)}`),
      );
      return { symbol: 'bad', text: `worse than before: ${worse.join(', ')}` };
    }
    default:
      return { symbol: 'good', text: praise(document, runs) };
  }
}

function miss({ findMax }: BenchDocument, runs: readonly RunReport[]): string {
  if (findMax?.rate === null) return 'no rate that was tried keeps what was promised';
  const missed = runs.flatMap((run) => run.slo.filter(({ held }) => !held).map((slo) => ({ slo, run })));
  const [first, ...others] = missed;
  if (first === undefined) return 'nothing was measured';
  const { slo, run } = first;
  const at = runs.length > 1 ? ` with ${loadName(run.load)}` : '';
  const cause = slo.cause === undefined ? '' : `: ${slo.cause}`;
  const more = others.length === 0 ? '' : ` (and ${count(others.length)} more)`;
  return `misses ${slo.expression}${at}, it is ${sloValue(slo)}${cause}${more}`;
}

function praise({ findMax }: BenchDocument, runs: readonly RunReport[]): string {
  if (findMax?.rate != null) return `${perSecond(findMax.rate)} requests/s keep all promises`;
  const [best] = [...runs].sort((a, b) => b.outputTokensPerSecond - a.outputTokensPerSecond);
  const rates =
    best === undefined
      ? ''
      : `${perSecond(best.requestsPerSecond)} requests/s, ${perSecond(best.outputTokensPerSecond)} tokens/s`;
  const [failed, requests] = [sum(runs, (run) => run.failed), sum(runs, (run) => run.requests)];
  const failures = `${failed === 0 ? 'none' : `${count(failed)} (${percent(failed / requests)})`} of ${count(requests)} failed`;
  const kept = runs.some(({ slo }) => slo.length > 0) ? ', all promises kept' : '';
  return `${runs.length > 1 ? 'at best ' : ''}${rates}, ${failures}${kept}`;
}

/** What was measured of what, in a few words each. */
export function factsOf(document: BenchDocument): string[] {
  const { settings, model, seed, exactPrompts } = document;
  const runs = runsIn(document);
  const [run] = runs;
  const prompts =
    settings.prompts.kind === 'file'
      ? `prompts of ${settings.prompts.path}`
      : `${exactPrompts === false ? 'about ' : ''}${plural(settings.prompts.tokens, 'prompt token')}`;
  return [
    ...(run !== undefined && runs.length === 1
      ? [loadName(run.load), `${plural(run.requests, 'request')} in ${duration(run.durationMs)}`]
      : []),
    `${prompts}, ${count(settings.maxTokens)} written`,
    ...(model === null ? [] : [model]),
    `seed ${seed}`,
  ];
}

function sum(runs: readonly RunReport[], of: (run: RunReport) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

/** What is to be read with care, of several runs with the load's name before it. */
export function warningsIn(document: BenchDocument): string[] {
  const runs = runsIn(document);
  return [
    ...new Set(
      runs.flatMap((run) =>
        run.warnings.map((warning) => (runs.length > 1 ? `${loadName(run.load)}: ${warning}` : warning)),
      ),
    ),
  ];
}
