import assert from 'node:assert/strict';
import fc from 'fast-check';
import { advanceRates, NO_RATES, pauseRates, type Rates } from '../../../src/services/monitor/rates.js';
import type { Counters, SlotSample } from '../../../src/services/monitor/sample.js';
import { type Job, SimulatedServer } from './simulated-server.js';

const SLOTS = 3;

const job: fc.Arbitrary<Job> = fc.record({
  slot: fc.nat(SLOTS - 1),
  startsAt: fc.integer({ min: 1500, max: 40_000 }),
  promptTokens: fc.integer({ min: 1, max: 5000 }),
  promptMs: fc.integer({ min: 1, max: 20_000 }),
  batch: fc.constantFrom(64, 512, 2048),
  answerTokens: fc.integer({ min: 1, max: 2000 }),
  msPerToken: fc.constantFrom(1, 7, 40, 900, 3000),
  stallMs: fc.constantFrom(0, 0, 700, 9000),
});
const run = fc.record({
  jobs: fc.array(job, { minLength: 1, maxLength: 12 }),
  intervalMs: fc.constantFrom(250, 1000, 2000, 5000),
  /** Milliseconds from the counters to the slots, which are asked after them. */
  lag: fc.integer({ min: 0, max: 200 }),
});

interface Told {
  readonly at: number;
  readonly slots: readonly SlotSample[];
  readonly rates: Rates;
  /** Prompt tokens so far, as they are known. */
  readonly read: number;
}

/** Looks at a simulated server until it has nothing more to do and a while longer. */
function watch(
  { jobs, intervalMs, lag }: { jobs: readonly Job[]; intervalMs: number; lag: number },
  sources: { readonly counters: boolean; readonly seesSlots?: (look: number) => boolean } = {
    counters: true,
  },
) {
  // A model that takes 3 s a token is watched for the tokens, not for a day.
  const short = jobs.map((each) => ({
    ...each,
    answerTokens: Math.min(each.answerTokens, Math.ceil(60_000 / each.msPerToken)),
  }));
  const server = new SimulatedServer(short, SLOTS);
  const told: Told[] = [];
  let state = NO_RATES;
  const ends = server.endsAt + 2 * intervalMs + lag;
  for (let at = 0, look = 0; at <= ends; at += intervalMs, look++) {
    const counters = sources.counters ? server.counters(at) : null;
    const slots = server.slots(at + lag);
    const seen = sources.seesSlots?.(look) ?? true;
    const next = advanceRates(state, { at, counters, slots: seen ? slots : null });
    state = next.state;
    told.push({ at, slots, rates: next.rates, read: next.state.prompt.ledger.total });
  }
  // Nothing was told of the time before the first look.
  const added = (name: 'promptTokensPerSecond' | 'generationTokensPerSecond') =>
    told.reduce((sum, { rates }) => sum + ((rates[name] ?? 0) * intervalMs) / 1000, 0);
  return {
    told,
    state,
    totals: server.totals,
    added: { prompt: added('promptTokensPerSecond'), generated: added('generationTokensPerSecond') },
  };
}

describe('rates', () => {
  it("end at the server's own totals, whatever runs and whenever is looked", () => {
    fc.assert(
      fc.property(run, (given) => {
        const { state, totals } = watch(given);
        assert.equal(state.generation.ledger.total, totals.generated);
        assert.equal(state.prompt.ledger.total, totals.prompt);
      }),
      { numRuns: 40 },
    );
  });

  it('never read 0 while a slot generates', () => {
    fc.assert(
      fc.property(run, fc.boolean(), (given, counters) => {
        for (const { at, slots, rates } of watch(given, { counters }).told) {
          const generates = slots.some(({ phase }) => phase === 'generating');
          if (generates) assert.notEqual(rates.generationTokensPerSecond, 0, `at ${at} ms`);
          for (const slot of slots)
            if (slot.phase !== 'idle')
              assert.notEqual(rates.slots.get(slot.id), 0, `slot ${slot.id}, ${at} ms`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are never negative, endless, or there where nothing was seen', () => {
    fc.assert(
      fc.property(run, fc.boolean(), (given, counters) => {
        for (const { rates } of watch(given, { counters }).told) {
          for (const rate of [
            rates.promptTokensPerSecond,
            rates.generationTokensPerSecond,
            ...rates.slots.values(),
          ])
            assert.ok(rate === null || (Number.isFinite(rate) && rate >= 0), String(rate));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('add up to the tokens of the run within 1 %, quick or slow, steady or not', () => {
    fc.assert(
      fc.property(run, (given) => {
        const { added, totals, told } = watch(given);
        const apart = Math.abs(added.generated - totals.generated);
        // What was told a moment too early is taken off what comes next; after the last request nothing comes.
        assert.ok(apart <= Math.max(4, totals.generated / 100), `${added.generated} of ${totals.generated}`);
        // A last batch that is slower than the one before is told early for a while, and none comes after it.
        const steps = told.map(({ read }, look) => read - (told[look - 1]?.read ?? 0));
        const early = 2.1 * Math.max(...steps);
        const apartRead = Math.abs(added.prompt - totals.prompt);
        assert.ok(apartRead <= Math.max(early, totals.prompt / 100), `${added.prompt} of ${totals.prompt}`);
      }),
      { numRuns: 60 },
    );
  });

  it('end at the totals too where the slots do not always answer in time', () => {
    fc.assert(
      fc.property(run, fc.infiniteStream(fc.boolean()), (given, answers) => {
        const seen: boolean[] = [];
        const seesSlots = (look: number) => {
          while (seen.length <= look) seen.push(answers.next().value ?? true);
          return seen[look] ?? true;
        };
        const { state, totals, told } = watch(given, { counters: true, seesSlots });
        // The last look may be one that saw no slots; then what ran is still held as live, and nothing is lost.
        assert.ok(state.generation.ledger.total >= totals.generated - 1, 'none lost');
        if (seen[told.length - 1] && seen[told.length - 2])
          assert.equal(state.generation.ledger.total, totals.generated);
      }),
      { numRuns: 40 },
    );
  });

  describe('of one look after the other', () => {
    const counters = (given: Partial<Counters>): Counters => ({
      promptTokens: 0,
      promptTokensCached: 0,
      generatedTokens: 0,
      requestsProcessing: 0,
      requestsDeferred: 0,
      draftedTokens: null,
      acceptedTokens: null,
      startedUs: 1,
      ...given,
    });
    const slot = (given: Partial<SlotSample>): SlotSample => ({
      id: 0,
      phase: 'generating',
      held: 100,
      size: 1000,
      generated: 0,
      task: 1,
      processed: 20,
      ...given,
    });
    const rates = (looks: readonly (readonly [number, Counters | null, readonly SlotSample[] | null])[]) => {
      let state = NO_RATES;
      return looks.map(([seconds, given, slots]) => {
        const next = advanceRates(state, { at: seconds * 1000, counters: given, slots });
        state = next.state;
        return next.rates;
      });
    };

    it('come from the slots while the counters stand still, and the spike of the counters adds nothing', () => {
      const told = rates([
        [0, counters({}), [slot({ generated: 10 })]],
        [1, counters({}), [slot({ generated: 60 })]],
        [2, counters({}), [slot({ generated: 110 })]],
        [3, counters({ generatedTokens: 150 }), [slot({ phase: 'idle', generated: 0 })]],
        [4, counters({ generatedTokens: 150 }), [slot({ phase: 'idle', generated: 0 })]],
      ]);
      assert.deepEqual(
        told.map(({ generationTokensPerSecond }) => generationTokensPerSecond),
        [null, 50, 50, 40, 0],
      );
    });

    it('hold between two tokens of a slow model', () => {
      const told = rates([
        [0, counters({}), [slot({ phase: 'idle', task: null })]],
        [2, counters({}), [slot({ generated: 1 })]],
        [3, counters({}), [slot({ generated: 1 })]],
        [4, counters({}), [slot({ generated: 2 })]],
      ]);
      assert.deepEqual(
        told.map(({ generationTokensPerSecond }) => generationTokensPerSecond),
        [0, 0.5, 0.5, 0.5],
      );
    });

    it('tell a restart from the start of the process, and count on', () => {
      const told = rates([
        [0, counters({ generatedTokens: 500 }), []],
        [1, counters({ generatedTokens: 550 }), []],
        [2, counters({ generatedTokens: 600, startedUs: 2 }), []],
        [3, counters({ generatedTokens: 620, startedUs: 2 }), []],
      ]);
      assert.deepEqual(
        told.map(({ restarted, generationTokensPerSecond }) => [restarted, generationTokensPerSecond]),
        [
          [false, 0],
          [false, 50],
          [true, 600],
          [false, 20],
        ],
      );
    });

    it('tell a restart from counters that fell, where the build tells no start', () => {
      const old = (generatedTokens: number) => counters({ generatedTokens, startedUs: null });
      const told = rates([
        [0, old(500), []],
        [1, old(3), []],
      ]);
      assert.deepEqual([told[1]?.restarted, told[1]?.generationTokensPerSecond], [true, 3]);
    });

    it('are open, not 0, where only counters are seen and something runs', () => {
      const told = rates([
        [0, counters({}), null],
        [1, counters({ requestsProcessing: 1 }), null],
        [2, counters({ requestsProcessing: 1 }), null],
        [3, counters({ generatedTokens: 300 }), null],
        [4, counters({ generatedTokens: 300 }), null],
      ]);
      assert.deepEqual(
        told.map(({ generationTokensPerSecond }) => generationTokensPerSecond),
        [0, null, null, 100, 0],
      );
    });

    it('are open where nothing was seen at all', () => {
      const [first] = rates([[0, null, null]]);
      assert.deepEqual([first?.promptTokensPerSecond, first?.generationTokensPerSecond], [null, null]);
    });

    it('do not spike after a time without looks', () => {
      const before = advanceRates(NO_RATES, {
        at: 0,
        counters: counters({ generatedTokens: 10 }),
        slots: [],
      });
      const after = advanceRates(pauseRates(before.state), {
        at: 60_000,
        counters: counters({ generatedTokens: 9000 }),
        slots: [],
      });
      assert.deepEqual([after.rates.restarted, after.rates.generationTokensPerSecond], [false, 0]);
    });
  });
});
