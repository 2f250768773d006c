import assert from 'node:assert/strict';
import { loadRecorders } from '../../../src/services/bench/histogram.js';
import { phasesOf, type RequestRecord } from '../../../src/services/bench/record.js';
import { SAMPLE_LIMIT } from '../../../src/services/bench/report.js';
import { parseSlo } from '../../../src/services/bench/slo.js';
import { type SummaryInput, summarise } from '../../../src/services/bench/summary.js';
import { failed, record } from './records.js';

let createRecorder: SummaryInput['createRecorder'];

function summary(
  records: readonly RequestRecord[],
  slos: readonly string[] = [],
  changes: Partial<SummaryInput> = {},
) {
  const gaps = createRecorder();
  for (const { itlMs } of records) if (itlMs !== null) gaps.add(itlMs.mean);
  return summarise({
    load: { kind: 'closed', concurrency: 8 },
    records,
    gaps,
    durationMs: 1000,
    drainMs: 10,
    unfinished: 0,
    partial: false,
    failedInTurn: null,
    slos: slos.map(parseSlo),
    client: { cpu: 0.1, lagP99Ms: 0 },
    networkMs: 2,
    slots: 1,
    warningFacts: { promptsAreNew: true, promptTokens: 128, sharedTokens: 0, outputTokens: 10 },
    createRecorder,
    ...changes,
  });
}
const times = (n: number, changes: Partial<RequestRecord> = {}) =>
  Array.from({ length: n }, () => record(changes));

describe('a run in numbers', () => {
  before(async () => {
    createRecorder = await loadRecorders();
  });

  it('has rates over its whole time, and tokens by the server', () => {
    const report = summary(times(50));
    assert.deepEqual(
      [report.requests, report.failed, report.requestsPerSecond, report.outputTokensPerSecond],
      [50, 0, 50, 500],
    );
    assert.deepEqual(report.tokens, { prompt: 6400, cached: 0, output: 500 });
    assert.equal(report.tpotMs?.p50, 10);
    assert.equal(report.outputTokensPerSecondPerRequest?.p50, 100);
    assert.deepEqual(report.warnings, []);
  });

  it('splits the time by the timings of the server, and the parts add up to the whole', () => {
    const phases = phasesOf(record({ lateMs: 3 }), 2);
    assert.deepEqual(phases, { client: 3, network: 2, queue: 5, prefill: 90, decode: 90 });
    const late = phasesOf(record({ e2eMs: 250 }), 2);
    assert.deepEqual(late, { client: 0, network: 62, queue: 8, prefill: 90, decode: 90 });
    assert.equal(phasesOf(record({ server: null }), 2), null);
    const whole = phasesOf(record({ ttftMs: null, e2eMs: 190 }), 2);
    assert.equal(
      Object.values(whole ?? {}).reduce((sum, part) => sum + part, 0),
      190,
    );
  });

  it('has no latencies of failures, and counts them by code', () => {
    const report = summary([
      ...times(8),
      failed('connection.refused'),
      failed('connection.refused'),
      failed('server.busy'),
    ]);
    assert.deepEqual(report.errors, { 'connection.refused': 2, 'server.busy': 1 });
    assert.equal(report.e2eMs?.count, 8);
    assert.deepEqual([report.succeeded, report.failed, report.requestsPerSecond], [8, 3, 8]);
    assert.deepEqual(report.samples.failed, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  it('has nothing to show of latencies where all failed', () => {
    const report = summary([failed('connection.refused')], ['ttft.p95<=500ms', 'errors<=1%']);
    assert.deepEqual([report.ttftMs, report.itlMs, report.phases], [null, null, null]);
    assert.deepEqual(
      report.slo.map(({ value, held, cause }) => [value, held, cause]),
      [
        [null, false, 'network'],
        [1, false, 'network'],
      ],
    );
  });

  it('tells the time to the answer apart where a model reasons first', () => {
    assert.equal(summary(times(3)).answerMs, null);
    assert.equal(summary(times(3, { answerMs: 150 })).answerMs?.p50, 150);
  });

  it('keeps as many samples as a comparison needs, whatever was sent', () => {
    const { samples } = summary(times(3 * SAMPLE_LIMIT + 7));
    assert(samples.e2eMs.length >= SAMPLE_LIMIT && samples.e2eMs.length <= SAMPLE_LIMIT + 1);
    assert.equal(samples.ttftMs.length, samples.e2eMs.length);
  });
});

describe('a promise', () => {
  before(async () => {
    createRecorder = await loadRecorders();
  });

  for (const [expression, changes, cause] of [
    ['ttft.p95<=50ms', { ttftMs: 500, e2eMs: 590 }, 'queue'],
    ['ttft.p95<=50ms', {}, 'prefill'],
    ['ttft.p95<=50ms', { lateMs: 300, ttftMs: 400, e2eMs: 490 }, 'client'],
    ['tpot.p50<=5ms', {}, 'decode'],
    ['itl.p99<=5ms', {}, 'decode'],
    ['itl.p99<=5ms', { e2eMs: 1000 }, 'network'],
    [
      'e2e.max<100ms',
      {
        ttftMs: 100,
        e2eMs: 1100,
        server: { prefillMs: 90, decodeMs: 1000, promptTokens: 1, outputTokens: 9 },
      },
      'decode',
    ],
    ['queue.p90<1ms', {}, 'queue'],
    ['rps>=1000', { ttftMs: 900, e2eMs: 990 }, 'queue'],
    ['tps>=100000', { ttftMs: 900, e2eMs: 990 }, 'queue'],
    ['goodput>=1000/s', {}, 'prefill'],
  ] as const) {
    it(`${expression} that is missed names ${cause}`, () => {
      const [result] = summary(times(40, changes), [expression]).slo;
      assert.deepEqual([result?.held, result?.cause], [false, cause]);
      assert.match(result?.detail ?? '', /ms/);
    });
  }

  it('about a high percentile is explained by the slow requests alone', () => {
    const slow = { ttftMs: 2000, e2eMs: 2090 };
    const [result] = summary([...times(90), ...times(10, slow)], ['ttft.p95<=500ms']).slo;
    assert.deepEqual(
      [result?.value !== null && Math.round(result?.value ?? 0), result?.cause],
      [2000, 'queue'],
    );
    assert.match(result?.detail ?? '', /1,908 of 2,000 ms .* the one slot \(8 at a time\)/);
  });

  it('is kept where it holds, in the unit that it is written in', () => {
    const run = summary(
      [...times(99), failed('server.busy')],
      ['ttft.p50<=0.1s', 'errors<=1%', 'errors<2', 'rps>=99', 'goodput>=99%', 'goodput>=99/s', 'itl<=10.1ms'],
    );
    assert.deepEqual(
      run.slo.map(({ held }) => held),
      [true, true, true, true, true, true, true],
    );
    assert.equal(run.slo.at(-1)?.expression, 'itl.p95<=10.1ms');
  });

  it('about failures is explained by what failed most', () => {
    const causeOf = (code: Parameters<typeof failed>[0]) =>
      summary([...times(5), failed(code)], ['errors<=1%']).slo[0];
    assert.equal(causeOf('connection.refused')?.cause, 'network');
    assert.equal(causeOf('stream.truncated')?.cause, 'network');
    assert.equal(causeOf('server.busy')?.cause, 'queue');
    assert.equal(causeOf('context.overflow')?.cause, 'errors');
    assert.match(causeOf('server.busy')?.detail ?? '', /1 × server.busy: it was server.busy/);
  });

  it('has no cause where the server tells no timings, and says so by its absence', () => {
    const [result] = summary(times(5, { server: null }), ['ttft.p50<=1ms', 'queue.p50<=1ms']).slo;
    assert.deepEqual([result?.held, result?.cause], [false, undefined]);
  });

  it('makes a request good or not by what that request measured', () => {
    const run = summary([...times(6), ...times(4, { ttftMs: 700, e2eMs: 790 })], ['ttft.p50<=500ms']);
    assert.deepEqual(run.goodput, { requestsPerSecond: 6, share: 0.6 });
    assert.equal(run.slo[0]?.held, true);
  });
});

describe('a warning', () => {
  before(async () => {
    createRecorder = await loadRecorders();
  });
  const warned = (...input: Parameters<typeof summary>) => summary(...input).warnings.join('\n');

  it('says that this program was the limit', () => {
    assert.match(warned(times(50), [], { client: { cpu: 0.97, lagP99Ms: 1 } }), /97 % of a core/);
    assert.match(warned(times(50), [], { client: { cpu: 0.2, lagP99Ms: 55 } }), /55 ms late/);
    assert.match(warned(times(50, { lateMs: 70 })), /70 ms late/);
  });

  it('says that a percentile is of too few', () => {
    assert.match(warned(times(50), ['ttft.p99<=1s']), /50 requests: p99 of so few .* at least 200/);
    assert.equal(warned(times(50), ['ttft.p95<=1s', 'ttft.mean<=1s']), '');
  });

  it('says that the cache knew the prompts, unless it was meant to', () => {
    assert.match(warned(times(50, { cachedTokens: 120 })), /94 % .* --seed/);
    const meant = { promptsAreNew: true, promptTokens: 128, sharedTokens: 110, outputTokens: 10 };
    assert.equal(warned(times(50, { cachedTokens: 120 }), [], { warningFacts: meant }), '');
  });

  it('says that prompts or answers were of another length', () => {
    assert.match(warned([...times(50), record({ promptTokens: 131 })]), /128 tokens, .* 128 to 131/);
    assert.match(
      warned([...times(50), record({ outputTokens: 4 })]),
      /1 of 51 answers ended before 10 tokens \(.* 4\)/,
    );
  });
});
