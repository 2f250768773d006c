import { advanceLedger, EMPTY_LEDGER, type Ledger, restartLedger } from './ledger.js';
import { advanceMeter, type Meter, type MeterLook, NEW_METER } from './meter.js';
import type { Counters, Sample, SlotSample } from './sample.js';

/** What is kept of a server from look to look. Its size does not grow with time. */
export interface RateState {
  readonly prompt: Stream;
  readonly generation: Stream;
  /** By slot. */
  readonly slots: ReadonlyMap<number, SlotMeters>;
  readonly startedUs: number | null;
  readonly counters: Counters | null;
}

interface Stream {
  readonly ledger: Ledger;
  readonly meter: Meter;
}

interface SlotMeters {
  readonly task: number | null;
  readonly prompt: Meter;
  readonly generation: Meter;
}

/** Tokens a second: null where nobody can know, 0 only where nothing is read or generated. */
export interface Rates {
  readonly promptTokensPerSecond: number | null;
  readonly generationTokensPerSecond: number | null;
  /** By slot: of its prompt while it reads one, else of its answer. */
  readonly slots: ReadonlyMap<number, number | null>;
  /** The counters began anew: the process was started again, or its model loaded again. */
  readonly restarted: boolean;
}

export const NO_RATES: RateState = {
  prompt: { ledger: EMPTY_LEDGER, meter: NEW_METER },
  generation: { ledger: EMPTY_LEDGER, meter: NEW_METER },
  slots: new Map(),
  startedUs: null,
  counters: null,
};

/** How a total grows while a slot is in this phase. */
const PACE = { prompt: 'batches', generating: 'tokens' } as const;

type Look = Pick<Sample, 'at' | 'slots' | 'counters'>;

/** What one more look tells of the rates. A look that saw nothing leaves them as they are, or open. */
export function advanceRates(
  state: RateState,
  look: Look,
): { readonly state: RateState; readonly rates: Rates } {
  const { at, slots, counters } = look;
  if (slots === null && counters === null && !isRunning(state.prompt) && !isRunning(state.generation))
    return { state, rates: unknownRates() };
  const restarted = hasRestarted(state, counters);
  const from = restarted ? restart(state) : state;
  const hasCounters = counters !== null || from.counters !== null;
  const isBusy = slots?.some(({ phase }) => phase !== 'idle') ?? (counters?.requestsProcessing ?? 0) > 0;
  const prompt = advanceStream(from.prompt, {
    at,
    counter: counters?.promptTokens ?? null,
    // Once a prompt is read, it is in the counter.
    live: liveTokens(slots, (slot) => (hasCounters && slot.phase !== 'prompt' ? null : slot.processed)),
    activity: activityOf(from.prompt, slots, 'prompt', isBusy),
  });
  const generation = advanceStream(from.generation, {
    at,
    counter: counters?.generatedTokens ?? null,
    live: liveTokens(slots, ({ generated }) => generated),
    activity: activityOf(from.generation, slots, 'generating', isBusy),
  });
  const slotMeters = slots === null ? from.slots : advanceSlots(from.slots, slots, at);
  return {
    state: {
      prompt,
      generation,
      slots: slotMeters,
      startedUs: counters?.startedUs ?? from.startedUs,
      counters: counters ?? from.counters,
    },
    rates: {
      promptTokensPerSecond: prompt.meter.rate,
      generationTokensPerSecond: generation.meter.rate,
      slots: new Map((slots ?? []).map((slot) => [slot.id, rateOf(slot, slotMeters.get(slot.id))])),
      restarted,
    },
  };
}

/** What is kept of a server that is not ready: where it comes back with the same counters, nothing is lost. */
export function pauseRates(state: RateState): RateState {
  const rest = ({ ledger, meter }: Stream): Stream => ({
    ledger,
    meter: { ...meter, lookedAt: null, rate: null },
  });
  return { ...state, prompt: rest(state.prompt), generation: rest(state.generation), slots: new Map() };
}

/** Whether the slots said, when they were last seen, that tokens come. */
function isRunning({ ledger }: Stream): boolean {
  for (const tokens of ledger.live.values()) if (tokens > 0) return true;
  return false;
}

function unknownRates(): Rates {
  return {
    promptTokensPerSecond: null,
    generationTokensPerSecond: null,
    slots: new Map(),
    restarted: false,
  };
}

function hasRestarted(state: RateState, counters: Counters | null): boolean {
  if (counters === null || state.counters === null) return false;
  if (counters.startedUs !== null && state.startedUs !== null && counters.startedUs !== state.startedUs)
    return true;
  const fell = (name: 'promptTokens' | 'generatedTokens') =>
    (counters[name] ?? 0) < (state.counters?.[name] ?? 0);
  return fell('promptTokens') || fell('generatedTokens');
}

function restart(state: RateState): RateState {
  const anew = ({ ledger, meter }: Stream): Stream => ({ ledger: restartLedger(ledger), meter });
  return { ...state, prompt: anew(state.prompt), generation: anew(state.generation), slots: new Map() };
}

function advanceStream(
  { ledger, meter }: Stream,
  look: {
    readonly at: number;
    readonly counter: number | null;
    readonly live: ReadonlyMap<string, number> | null;
    readonly activity: MeterLook['activity'];
  },
): Stream {
  const next = advanceLedger(ledger, look);
  return {
    ledger: next,
    meter: advanceMeter(meter, { at: look.at, total: next.total, activity: look.activity }),
  };
}

function liveTokens(
  slots: readonly SlotSample[] | null,
  tokensOf: (slot: SlotSample) => number | null,
): ReadonlyMap<string, number> | null {
  if (slots === null) return null;
  const live = new Map<string, number>();
  for (const slot of slots) {
    const tokens = slot.phase === 'idle' ? null : tokensOf(slot);
    if (tokens !== null) live.set(`${slot.id}/${slot.task}`, tokens);
  }
  return live;
}

function activityOf(
  stream: Stream,
  slots: readonly SlotSample[] | null,
  phase: 'prompt' | 'generating',
  isBusy: boolean,
): MeterLook['activity'] {
  // Slots that do not answer in time are mostly busy with what they did before.
  if (slots === null) return isRunning(stream) ? PACE[phase] : isBusy ? 'sparse' : 'idle';
  return slots.some((slot) => slot.phase === phase) ? PACE[phase] : 'idle';
}

function advanceSlots(
  before: RateState['slots'],
  slots: readonly SlotSample[],
  at: number,
): ReadonlyMap<number, SlotMeters> {
  return new Map(
    slots.map((slot) => {
      const known = before.get(slot.id);
      const isSame = known !== undefined && known.task === slot.task;
      // A task that began since the last look has all its tokens from this interval.
      const fresh = (old: Meter | undefined): Meter => ({
        ...NEW_METER,
        lookedAt: old?.lookedAt ?? null,
        grewAt: old?.grewAt ?? 0,
      });
      const meter = (old: Meter | undefined, total: number, phase: 'prompt' | 'generating') =>
        advanceMeter(isSame && old !== undefined ? old : fresh(old), {
          at,
          total,
          activity: slot.phase === phase ? PACE[phase] : 'idle',
        });
      return [
        slot.id,
        {
          task: slot.task,
          prompt: meter(known?.prompt, slot.processed, 'prompt'),
          generation: meter(known?.generation, slot.generated, 'generating'),
        },
      ] as const;
    }),
  );
}

function rateOf({ phase }: SlotSample, meters: SlotMeters | undefined): number | null {
  if (phase === 'idle' || meters === undefined) return null;
  return phase === 'prompt' ? meters.prompt.rate : meters.generation.rate;
}
