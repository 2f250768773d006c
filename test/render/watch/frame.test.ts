import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { renderFrame } from '../../../src/render/watch/frame.js';
import { emptyScreen, type ScreenState } from '../../../src/render/watch/screen.js';
import { displayWidth } from '../../../src/render/width.js';
import { addTick, NO_HISTORY } from '../../../src/services/monitor/history.js';
import type { ServerRow } from '../../../src/services/monitor/track.js';
import { rowOf } from '../../services/monitor/row.js';

const TIME = '2026-11-24T14:02:31.000Z';

function screenOf(rows: readonly ServerRow[], given: Partial<ScreenState> = {}): ScreenState {
  const tick = { time: TIME, servers: rows, events: [] };
  return { ...emptyScreen(2000), tick, history: addTick(NO_HISTORY, tick), ...given };
}

const text = (state: ScreenState, columns = 80, rows = 24) =>
  renderFrame(state, { columns, rows }).map(stripVTControlCharacters);

const slot = fc.record({
  id: fc.nat(200),
  phase: fc.constantFrom('idle' as const, 'prompt' as const, 'generating' as const),
  contextTokens: fc.nat(2_000_000),
  contextSize: fc.nat(1_000_000),
  generatedTokens: fc.nat(1_000_000),
  tokensPerSecond: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
});
const word = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('日本語モデル', 'gpu1.example.com:8080', '🦙'),
);
const row: fc.Arbitrary<ServerRow> = fc
  .record({
    target: word,
    model: fc.option(word),
    state: fc.constantFrom<ServerRow['state']>(
      ...([
        'ready',
        'busy',
        'asleep',
        'loading',
        'unreachable',
        'unresponsive',
        'unloaded',
        'failed',
      ] as const),
    ),
    stateMs: fc.nat(1e9),
    slots: fc.record({ total: fc.option(fc.nat(999)), busy: fc.option(fc.nat(999)) }),
    slotList: fc.option(fc.array(slot, { maxLength: 40 })),
    deferred: fc.option(fc.nat(99_999)),
    generationTokensPerSecond: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
    responseTimeMs: fc.option(fc.nat(90_000)),
    modelName: fc.option(word),
    error: fc.option(fc.record({ code: fc.constant('connection.refused'), message: word })),
    missing: fc.subarray<'--metrics' | '--slots'>(['--metrics', '--slots']),
    restingMs: fc.option(fc.nat(1e6)),
  })
  .map(rowOf);

describe('the picture of metrics watch', () => {
  it('is never wider or higher than the terminal, whatever it shows', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 70 }),
        fc.record({
          view: fc.constantFrom('servers' as const, 'log' as const, 'help' as const),
          sort: fc.constantFrom(...(['given', 'name', 'state', 'generation', 'queue'] as const)),
          selected: fc.option(word),
          paused: fc.boolean(),
          alerts: fc.array(word, { maxLength: 3 }),
        }),
        fc.record({ columns: fc.integer({ min: 20, max: 220 }), rows: fc.integer({ min: 3, max: 60 }) }),
        (rows, given, size) => {
          const lines = renderFrame(screenOf(rows, given), size);
          assert.ok(lines.length <= size.rows, `${lines.length} lines`);
          for (const line of lines) assert.ok(displayWidth(line) <= size.columns, JSON.stringify(line));
          for (const line of lines) assert.doesNotMatch(line, /\n/);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells states, queue and rates in a line each, with marks that need no colour', () => {
    const rows = [
      rowOf({
        state: 'busy',
        slots: { total: 4, busy: 4 },
        deferred: 3,
        promptTokensPerSecond: 1204,
        generationTokensPerSecond: 143,
      }),
      rowOf({ target: 'gpu2:8080', state: 'asleep', slotList: null, generationTokensPerSecond: null }),
      rowOf({
        target: 'gpu3:8080',
        state: 'unreachable',
        stateMs: 41_000,
        error: { code: 'connection.refused', message: 'nothing listens on gpu3:8080' },
        slots: { total: null, busy: null },
        deferred: null,
        promptTokensPerSecond: null,
        generationTokensPerSecond: null,
      }),
      rowOf({ target: 'gpu4:8080', state: 'loading', loading: 0.64, deferred: 9 }),
    ];
    const [, , busy, asleep, down, loading] = text(screenOf(rows));
    assert.match(busy ?? '', /^▸gpu1:8080 +● busy +4\/4 +3 ! +1,204 +143 +█$/);
    assert.match(asleep ?? '', /^ gpu2:8080 +☾ asleep +– /);
    assert.match(down ?? '', /^ gpu3:8080 +✗ refused 00:41 +– +– +– +–$/);
    assert.match(loading ?? '', /^ gpu4:8080 +… loading 64 % +0\/4 +9 !! /);
  });

  it('has the selected row in full: slots, what waits, what would tell more', () => {
    const lines = text(
      screenOf([
        rowOf({
          state: 'busy',
          deferred: 3,
          deferredMs: 4200,
          cacheReuse: 0.71,
          draftAcceptance: 0.6,
          restarts: 2,
          uptimeIsMinimum: true,
          missing: ['--slots'],
          slotList: [
            {
              id: 0,
              phase: 'generating',
              contextTokens: 7700,
              contextSize: 8192,
              generatedTokens: 812,
              tokensPerSecond: 36,
            },
          ],
        }),
      ]),
    ).join('\n');
    assert.match(lines, / gpu1:8080 · qwen3-32b Q4_K_M · b11434 · up ≥ 1 min · 2 restarts\n/);
    assert.match(lines, / 0 +generating +█{15}░ +7,700 \/ 8,192 ! +812 +36\n/);
    assert.match(lines, /cache reuse 71 % · drafts taken 60 % · 3 waiting for 4\.2 s/);
    assert.match(lines, /slots are off, start it with --slots/);
  });

  it('keeps the selected row in sight, and says which rows are', () => {
    const rows = Array.from({ length: 60 }, (_, index) => rowOf({ target: `gpu${index}` }));
    const lines = text(screenOf(rows, { selected: 'gpu37' }));
    assert.ok(lines.some((line) => line.startsWith('▸gpu37')));
    assert.match(lines[0] ?? '', /^ llamactl · 60 servers · rows \d+–\d+ of 60 · 2\.0 s /);
  });

  it('has a router’s models beneath it, also when sorted', () => {
    const rows = [
      rowOf({ target: 'router', router: true }),
      rowOf({ target: 'router', model: 'alpha', generationTokensPerSecond: 5 }),
      rowOf({ target: 'quick', generationTokensPerSecond: 50 }),
    ];
    const names = text(screenOf(rows, { sort: 'generation' }))
      .slice(2, 5)
      .map((line) => line.slice(1, 9).trim());
    assert.deepEqual(names, ['quick', 'router', '└ alpha']);
  });

  it('of a terminal that is too small says so', () => {
    assert.deepEqual(text(screenOf([rowOf()]), 50, 8), ['50×8 is too small: 60×10 is needed · q leaves']);
  });
});
