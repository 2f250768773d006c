import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ProviderType } from '../../client/providers/provider.js';
import { type Baseline, checkComparable } from './baseline.js';
import { type Comparison, compareRuns } from './compare.js';
import { digits } from './digits.js';
import { type BenchDocument, type BenchVerdict, type Settings, sameLoad } from './document.js';
import { loadRecorders } from './histogram.js';
import type { Bounds, Load } from './load.js';
import { measure } from './measure.js';
import { lookAtRouted, lookAtServer, type ServerFacts } from './preflight.js';
import { type PromptSource, preparePrompts } from './prompts.js';
import type { RequestRecord } from './record.js';
import type { RunReport } from './report.js';
import { type Bench, type Progress, runOnce, warmUp } from './run.js';
import { type MaxSearch, searchMax } from './search-max.js';
import { allowsErrors, type Slo } from './slo.js';

export interface BenchOptions {
  /** Asks once, with as many connections as there are requests under way. */
  readonly client: LlamaCppClient;
  readonly openAnother: () => LlamaCppClient;
  /** For the look before: it waits for a model that loads. */
  readonly lookClient: LlamaCppClient;
  readonly target: string;
  readonly url: string;
  readonly provider: ProviderType;
  readonly model: string | undefined;
  /** Milliseconds to a first token, and for each silence after it. */
  readonly timeoutMs: number;
  /** One after the other; empty for as many at a time as the server has slots. */
  readonly loads: readonly Load[];
  readonly bounds: Bounds;
  /** Undefined: as many as run at a time. */
  readonly warmUp: number | undefined;
  readonly settings: Settings;
  readonly seed: number;
  /** In place of the loads. */
  readonly search: MaxSearch | null;
  readonly slos: readonly Slo[];
  readonly baseline: Baseline | null;
  /** 0.05 is 5 %. */
  readonly tolerance: number;
  readonly signal: AbortSignal;
  readonly onNote: (sentence: string) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly onRecord: (load: Load, record: RequestRecord) => void;
}

/** Requests at a time, where the server does not tell its slots. */
const DEFAULT_CONCURRENCY = 4;
/** More would be a load of its own. */
const WARM_UP_AT_ONCE = 16;

/**
 * Loads a server and measures it. Interrupted, it tells what was measured so far.
 * @throws LlamactlError where the server cannot answer even one request, or nothing was measured before the interruption
 */
export async function bench(options: BenchOptions): Promise<BenchDocument> {
  const { signal, settings, seed, baseline } = options;
  if (baseline !== null) checkComparable(baseline, settings, options.loads);
  const seen = await lookAtServer({ ...options, client: options.lookClient });
  options.onProgress({ step: 'asking for one token, to see that the server answers' });
  const prompts = await prepare(options, seen);
  const facts = await lookAtRouted(options.lookClient, seen, signal);
  const loads: readonly Load[] =
    options.loads.length > 0
      ? options.loads
      : [{ kind: 'closed', concurrency: facts.slots ?? DEFAULT_CONCURRENCY }];
  if (baseline !== null) checkComparable(baseline, settings, loads);
  const shared: Bench = {
    client: options.client,
    prompts,
    asking: askingOf(options, facts),
    slos: options.slos,
    seed,
    networkMs: facts.networkMs,
    slots: facts.slots,
    warningFacts: {
      promptsAreNew: settings.prompts.kind === 'synthetic',
      promptTokens: settings.prompts.kind === 'synthetic' && prompts.isExact ? settings.prompts.tokens : null,
      sharedTokens: settings.prompts.kind === 'synthetic' ? settings.prompts.sharedTokens : 0,
      outputTokens: settings.ignoreEos && facts.isLlamaServer ? settings.maxTokens : null,
    },
    createRecorder: await loadRecorders(),
    signal,
    onProgress: options.onProgress,
    onRecord: options.onRecord,
  };
  const atOnce = Math.max(...loads.map((load) => (load.kind === 'closed' ? load.concurrency : 1)));
  const warmers = Math.min(atOnce, WARM_UP_AT_ONCE);
  await warmUp(shared, options.warmUp ?? warmers, warmers);
  if (signal.aborted) throw signal.reason;
  const { runs, findMax } =
    options.search === null
      ? { runs: await runAll(shared, loads, options.bounds), findMax: undefined }
      : await searchMax(shared, options.search, options.bounds);
  const comparisons = baseline === null ? undefined : compareAll(baseline, runs, options.tolerance);
  const head = {
    schemaVersion: 1,
    time: new Date().toISOString(),
    target: options.target,
    url: options.url,
    model: facts.model,
    build: facts.build,
    slots: facts.slots,
    contextPerSlot: facts.contextPerSlot,
    networkMs: digits(facts.networkMs),
    settings,
    seed,
    exactPrompts: settings.prompts.kind === 'synthetic' ? prompts.isExact : null,
    verdict: verdictOf(runs, options.slos, {
      interrupted: signal.aborted,
      regressed: comparisons?.some(({ verdict }) => verdict === 'regressed') ?? false,
      foundNone: findMax !== undefined && findMax.rate === null,
    }),
    ...(findMax === undefined ? {} : { findMax }),
    ...(comparisons === undefined ? {} : { comparisons }),
  } as const;
  const [first] = runs;
  return first !== undefined && runs.length === 1 ? { ...head, ...first } : { ...head, runs };
}

async function runAll(shared: Bench, loads: readonly Load[], bounds: Bounds): Promise<RunReport[]> {
  const runs: RunReport[] = [];
  let sent = 0;
  for (const load of loads) {
    if (shared.signal.aborted) break;
    const report = await runOnce(shared, load, bounds, sent);
    runs.push(report);
    sent += report.requests + report.unfinished;
  }
  return runs;
}

/** The prompts; proves by the way that the server answers, so that a wrong key is one error and not a thousand. */
function prepare(options: BenchOptions, facts: ServerFacts): Promise<PromptSource> {
  const { client, settings, seed, signal, model = '' } = options;
  const asking = { ...askingOf(options, facts), maxTokens: 1 };
  return preparePrompts({
    client,
    plan: settings.prompts,
    seed,
    model,
    canTokenize: facts.isLlamaServer,
    signal,
    probe: async (prompt) => {
      const now = performance.now();
      const request = { index: 0, scheduledMs: now, runStartedMs: now, signal };
      const record = await measure(client, { messages: prompt.messages }, asking, {
        ...request,
        rethrow: true,
      });
      if (record === null) throw signal.reason;
      return record.promptTokens;
    },
  });
}

function askingOf({ settings, model = '', timeoutMs }: BenchOptions, { isLlamaServer }: ServerFacts) {
  return {
    stream: settings.stream,
    maxTokens: settings.maxTokens,
    ignoreEos: settings.ignoreEos && isLlamaServer,
    model,
    timeoutMs,
  };
}

function compareAll(
  { runs: before }: Baseline,
  after: readonly RunReport[],
  tolerance: number,
): Comparison[] {
  return after.flatMap((run) => {
    const old = before.find(({ load }) => sameLoad(load, run.load));
    return old === undefined ? [] : [compareRuns(run.load, old.samples, run.samples, tolerance)];
  });
}

/** What was promised counts more than how it compares, and a failure that no promise allows more than either. */
function verdictOf(
  runs: readonly RunReport[],
  slos: readonly Slo[],
  state: { readonly interrupted: boolean; readonly regressed: boolean; readonly foundNone: boolean },
): BenchVerdict {
  if (state.interrupted) return 'interrupted';
  if (state.foundNone || runs.some(({ requests }) => requests === 0)) return 'missed';
  if (!allowsErrors(slos) && runs.some(({ failed }) => failed > 0)) return 'failures';
  if (runs.some(({ slo }) => slo.some(({ held }) => !held))) return 'missed';
  return state.regressed ? 'regressed' : 'good';
}
