import { advanceRates, NO_RATES, pauseRates, type RateState, type Rates } from './rates.js';
import type { MissingFlag, Sample, SlotSample, WatchedState } from './sample.js';

/** A slot's line: what it does, how full it is, how quick. */
export interface SlotRow {
  readonly id: number;
  readonly phase: SlotSample['phase'];
  readonly contextTokens: number;
  readonly contextSize: number;
  readonly generatedTokens: number;
  /** Of the prompt while it is read, else of the answer; null where nobody knows yet. */
  readonly tokensPerSecond: number | null;
}

/** One server, or one model of a router, in a line of `metrics watch`. Fields may be added, none is renamed. */
export interface ServerRow {
  readonly target: string;
  readonly url: string;
  /** Which of a router's models; null for a server of its own, and for the router itself. */
  readonly model: string | null;
  readonly router: boolean;
  readonly state: WatchedState;
  /** Milliseconds for which it has been in this state (ready and busy count as one), as far as it was watched. */
  readonly stateMs: number;
  /** Loaded part, 0 to 1; null where nobody tells. */
  readonly loading: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly slots: { readonly total: number | null; readonly busy: number | null };
  readonly slotList: readonly SlotRow[] | null;
  /** Requests that wait for a slot, and for how many milliseconds some have. */
  readonly deferred: number | null;
  readonly deferredMs: number;
  readonly promptTokensPerSecond: number | null;
  readonly generationTokensPerSecond: number | null;
  /**
   * Milliseconds that the rates are of, from the look before: rate × time adds up to the totals. 0 in a line that tells a row
   * again, since the next look at it has not ended yet.
   */
  readonly intervalMs: number;
  readonly totals: {
    readonly promptTokens: number | null;
    readonly generatedTokens: number | null;
    readonly cachedTokens: number | null;
  };
  /** Part of all prompt tokens that came from the cache; part of drafted tokens that were taken. 0 to 1. */
  readonly cacheReuse: number | null;
  readonly draftAcceptance: number | null;
  readonly responseTimeMs: number | null;
  readonly uptimeMs: number | null;
  /** Whether it may be up for longer: it was up when it was first seen, and does not tell. */
  readonly uptimeIsMinimum: boolean;
  readonly restarts: number;
  readonly modelName: string | null;
  readonly build: string | null;
  readonly source: 'metrics' | 'slots' | 'health';
  /** Flags of llama-server that would let it tell more. */
  readonly missing: readonly MissingFlag[];
  /** Milliseconds for which it is left alone, so that an idle model can fall asleep; null where it is asked. */
  readonly restingMs: number | null;
}

/** Something that happened to a server. */
export interface WatchEvent {
  /** ISO 8601. */
  readonly time: string;
  readonly target: string;
  readonly level: 'good' | 'info' | 'warning' | 'bad';
  readonly text: string;
}

/** What is kept of one row from look to look. Its size does not grow with time. */
export interface Track {
  readonly rates: RateState;
  readonly state: WatchedState | null;
  /** Milliseconds of the samples' clock. */
  readonly stateSince: number;
  readonly lookedAt: number | null;
  readonly upSince: number | null;
  readonly deferredSince: number | null;
  readonly restarts: number;
  readonly slots: readonly SlotSample[] | null;
}

export const NEW_TRACK: Track = {
  rates: NO_RATES,
  state: null,
  stateSince: 0,
  lookedAt: null,
  upSince: null,
  deferredSince: null,
  restarts: 0,
  slots: null,
};

/** The clock that {@link Sample.counters} tell the start in, where the server is of this machine: microseconds. */
export type MachineClock = (url: string) => number | null;

/** One more sample of a row: what is kept, what is shown, and what happened. */
export function advanceTrack(
  track: Track,
  sample: Sample,
  time: string,
  machineClock: MachineClock,
): { readonly track: Track; readonly row: ServerRow; readonly events: readonly WatchEvent[] } {
  const { at, counters } = sample;
  const isUp = isRunning(sample.state);
  const { state: rateState, rates } = isUp
    ? advanceRates(track.rates, sample)
    : { state: pauseRates(track.rates), rates: null };
  const restarted = rates?.restarted ?? false;
  const changed = track.state === null || kindOf(track.state) !== kindOf(sample.state);
  const deferred = counters?.requestsDeferred ?? null;
  // One that does not answer for a moment may be the same process.
  const upSince = !isUp && sample.state !== 'asleep' ? null : restarted ? at : (track.upSince ?? at);
  const next: Track = {
    rates: rateState,
    state: sample.state,
    stateSince: changed ? at : track.stateSince,
    lookedAt: at,
    upSince,
    deferredSince: deferred === null || deferred === 0 ? null : (track.deferredSince ?? at),
    restarts: track.restarts + (restarted ? 1 : 0),
    // Slots that did not answer in time are shown as they were.
    slots: sample.slots ?? (sample.state === 'busy' ? track.slots : null),
  };
  return {
    track: next,
    row: {
      ...rowOf(next, sample, rates, machineClock),
      intervalMs: track.lookedAt === null ? 0 : Math.round(at - track.lookedAt),
    },
    events: eventsOf(track, sample, restarted, time),
  };
}

function rowOf(
  track: Track,
  sample: Sample,
  rates: Rates | null,
  machineClock: MachineClock,
): Omit<ServerRow, 'intervalMs'> {
  const { at, counters } = sample;
  const { slots } = track;
  const clock = counters?.startedUs == null ? null : machineClock(sample.url);
  const uptime = clock === null || counters?.startedUs == null ? null : (clock - counters.startedUs) / 1000;
  const known = uptime !== null && uptime >= 0;
  const seen = track.upSince === null ? null : at - track.upSince;
  return {
    target: sample.target,
    url: sample.url,
    model: sample.model,
    router: sample.isRouter,
    state: sample.state,
    stateMs: Math.round(at - track.stateSince),
    loading: sample.loading,
    error: sample.error,
    slots: {
      total: sample.totalSlots,
      busy: slots?.filter(({ phase }) => phase !== 'idle').length ?? counters?.requestsProcessing ?? null,
    },
    slotList:
      slots?.map((slot) => ({
        id: slot.id,
        phase: slot.phase,
        contextTokens: slot.held,
        contextSize: slot.size,
        generatedTokens: slot.generated,
        tokensPerSecond: rounded(rates?.slots.get(slot.id) ?? null),
      })) ?? null,
    deferred: counters?.requestsDeferred ?? null,
    deferredMs: track.deferredSince === null ? 0 : Math.round(at - track.deferredSince),
    promptTokensPerSecond: rounded(rates?.promptTokensPerSecond ?? null),
    generationTokensPerSecond: rounded(rates?.generationTokensPerSecond ?? null),
    totals: {
      promptTokens: counters?.promptTokens ?? null,
      generatedTokens: counters?.generatedTokens ?? null,
      cachedTokens: counters?.promptTokensCached ?? null,
    },
    cacheReuse: partOf(
      counters?.promptTokensCached,
      (counters?.promptTokens ?? 0) + (counters?.promptTokensCached ?? 0),
    ),
    draftAcceptance: partOf(counters?.acceptedTokens, counters?.draftedTokens),
    responseTimeMs: sample.responseTimeMs,
    uptimeMs: known ? Math.round(uptime) : seen === null ? null : Math.round(seen),
    uptimeIsMinimum: !known && seen !== null,
    restarts: track.restarts,
    modelName: sample.modelName,
    build: sample.build,
    source: counters !== null ? 'metrics' : slots !== null ? 'slots' : 'health',
    missing: sample.missing,
    restingMs: sample.restingMs === null ? null : Math.round(sample.restingMs),
  };
}

function eventsOf(track: Track, sample: Sample, restarted: boolean, time: string): readonly WatchEvent[] {
  const { state, error } = sample;
  const target = nameOf(sample);
  const event = (level: WatchEvent['level'], text: string): WatchEvent => ({ time, target, level, text });
  const before = track.state === null ? null : kindOf(track.state);
  const now = kindOf(state);
  const changed = before !== now && (before !== null || LEVELS[now] === 'bad');
  return [
    ...(restarted
      ? [event('warning', sample.model === null ? 'restarted: its counters began anew' : 'loaded anew')]
      : []),
    ...(changed
      ? [
          event(
            before === null || now !== 'ready' ? LEVELS[now] : 'good',
            textOf(now, before, error?.message),
          ),
        ]
      : []),
  ];
}

/** Ready and busy are one: which of them is seen is a matter of the moment. */
function kindOf(state: WatchedState): Exclude<WatchedState, 'busy'> {
  return state === 'busy' ? 'ready' : state;
}

function isRunning(state: WatchedState): boolean {
  return kindOf(state) === 'ready';
}

const LEVELS: Readonly<Record<Exclude<WatchedState, 'busy'>, WatchEvent['level']>> = {
  ready: 'info',
  asleep: 'info',
  loading: 'info',
  downloading: 'info',
  unloaded: 'info',
  unknown: 'info',
  failed: 'bad',
  unreachable: 'bad',
  unauthorized: 'bad',
  'wrong-server': 'bad',
  unresponsive: 'bad',
};

function textOf(
  now: Exclude<WatchedState, 'busy'>,
  before: Exclude<WatchedState, 'busy'> | null,
  message: string | undefined,
): string {
  if (now === 'ready') return before === 'asleep' ? 'woke up' : before === 'unloaded' ? 'loaded' : 'ready';
  if (now === 'asleep') return 'fell asleep';
  return LEVELS[now] === 'bad' ? (message ?? now) : now;
}

/** How a row is called in the log, and in alerts: `gpu1:8080`, or `gpu1:8080 qwen3` for a router's model. */
export function nameOf({ target, model }: Pick<ServerRow, 'target' | 'model'>): string {
  return model === null ? target : `${target} ${model}`;
}

function partOf(part: number | null | undefined, whole: number | null | undefined): number | null {
  return part == null || !whole ? null : Math.round((part / whole) * 1000) / 1000;
}

function rounded(rate: number | null): number | null {
  if (rate === null) return null;
  // Three digits that count, so that a model of one token in ten seconds is not read as 0.
  return rate >= 100 ? Math.round(rate * 10) / 10 : Number(rate.toPrecision(4));
}
