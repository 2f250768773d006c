import type { LlamaCppClient } from '../../client/llama-client.js';
import { watchClient } from './client-watch.js';
import type { Recorder } from './histogram.js';
import { type Bounds, type Load, runLoad } from './load.js';
import { type Asking, measure } from './measure.js';
import type { PromptSource } from './prompts.js';
import type { RequestRecord } from './record.js';
import type { RunReport } from './report.js';
import type { Slo } from './slo.js';
import { summarise } from './summary.js';
import type { WarningFacts } from './warnings.js';

/** What goes on: a step before the runs, or a run, a few times a second. */
export type Progress = { readonly step: string } | RunProgress;

export interface RunProgress {
  readonly load: Load;
  readonly elapsedMs: number;
  readonly bounds: Bounds;
  readonly finished: number;
  readonly failed: number;
  readonly underWay: number;
  /** Pieces of answers so far, about as many as tokens. */
  readonly tokens: number;
  /** Median milliseconds so far; null before the first. */
  readonly ttftMs: number | null;
}

/** What all runs of one command share. */
export interface Bench {
  readonly client: LlamaCppClient;
  readonly prompts: PromptSource;
  readonly asking: Asking;
  readonly slos: readonly Slo[];
  readonly seed: number;
  readonly networkMs: number;
  readonly slots: number | null;
  readonly warningFacts: WarningFacts;
  readonly createRecorder: () => Recorder;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Told of each request as it ends. */
  readonly onRecord: (load: Load, record: RequestRecord) => void;
}

const PROGRESS_INTERVAL = 250;
/** Failures one after the other, without an answer between, after which a server is taken to be gone and left alone. */
const LAST_STRAW = 50;

/**
 * One load, measured.
 * @param firstIndex of its prompts, so that no run sends another's
 */
export async function runOnce(
  bench: Bench,
  load: Load,
  bounds: Bounds,
  firstIndex: number,
): Promise<RunReport> {
  const { client, prompts, asking, signal, createRecorder } = bench;
  const records: RequestRecord[] = [];
  const gaps = createRecorder();
  const firsts = createRecorder();
  let tokens = 0;
  let sent = 0;
  let failed = 0;
  let interrupted = 0;
  let failedInTurn = 0;
  const enough = new AbortController();
  const patience = LAST_STRAW + (load.kind === 'closed' ? load.concurrency : 0);
  const runStartedMs = performance.now();
  const tell = () =>
    bench.onProgress({
      load,
      bounds,
      elapsedMs: performance.now() - runStartedMs,
      finished: records.length,
      failed,
      underWay: sent - records.length - interrupted,
      tokens,
      ttftMs: records.length === 0 ? null : firsts.quantile(0.5),
    });
  const watch = watchClient();
  const ticking = setInterval(tell, PROGRESS_INTERVAL);
  const times = await runLoad({
    load,
    bounds,
    seed: bench.seed,
    signal: AbortSignal.any([signal, enough.signal]),
    send: async (index, scheduledMs) => {
      sent++;
      const record = await measure(client, prompts.at(firstIndex + index), asking, {
        index,
        scheduledMs,
        runStartedMs,
        onToken: () => tokens++,
        onGap: (ms) => gaps.add(ms),
      });
      if (record === null) {
        interrupted++;
        return;
      }
      records.push(record);
      if (record.failure === null) {
        failedInTurn = 0;
      } else {
        failed++;
        if (++failedInTurn >= patience) enough.abort();
      }
      if (record.ttftMs !== null) firsts.add(record.ttftMs);
      bench.onRecord(load, record);
    },
  }).finally(() => clearInterval(ticking));
  const clientLoad = watch.stop();
  return summarise({
    load,
    records,
    gaps,
    durationMs: times.endedMs - times.startedMs,
    drainMs: times.endedMs - times.lastSentMs,
    unfinished: interrupted,
    partial: signal.aborted || enough.signal.aborted,
    failedInTurn: enough.signal.aborted ? failedInTurn : null,
    slos: bench.slos,
    client: clientLoad,
    networkMs: bench.networkMs,
    slots: bench.slots,
    warningFacts: bench.warningFacts,
    createRecorder,
  });
}

/** Requests whose answers do not count: caches fill, memory is touched, the processor wakes. */
export async function warmUp(bench: Bench, requests: number, concurrency: number): Promise<void> {
  if (requests === 0) return;
  bench.onProgress({ step: `warming up by ${requests} ${requests === 1 ? 'request' : 'requests'}` });
  await runLoad({
    load: { kind: 'closed', concurrency },
    bounds: { requests, durationMs: null },
    seed: bench.seed,
    signal: bench.signal,
    send: async (index, scheduledMs) => {
      const options = { index, scheduledMs, runStartedMs: scheduledMs };
      await measure(bench.client, bench.prompts.at(-100 - index), bench.asking, options);
    },
  });
}
