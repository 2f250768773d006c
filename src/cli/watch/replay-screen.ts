import { renderFrame } from '../../render/watch/frame.js';
import { emptyScreen, type ScreenState } from '../../render/watch/screen.js';
import { addTick, type History, LONGEST, NO_HISTORY } from '../../services/monitor/history.js';
import type { WatchRecord } from '../../services/monitor/record.js';
import type { Output } from '../output.js';
import { lineAfter, pressKey } from './screen-state.js';
import { openScreen } from './terminal.js';

/** The screen as it was at a line of a recording. */
export function replayed(record: WatchRecord, line: number, state: ScreenState): ScreenState {
  return {
    ...state,
    tick: record.at(line),
    history: historyAt(record, line),
    replay: { line, length: record.length },
  };
}

/** What a live screen would have kept by then. */
function historyAt(record: WatchRecord, line: number): History {
  let history = NO_HISTORY;
  for (let index = Math.max(0, line - LONGEST + 1); index <= line; index++)
    history = addTick(history, record.at(index));
  const events = record.events.filter((each) => each.line <= line).map(({ event }) => event);
  return { ...history, ticks: line + 1, events: events.slice(-200) };
}

/** Milliseconds between the lines of a recording, mostly. */
export function intervalOf(record: WatchRecord): number {
  const gaps = Array.from({ length: Math.min(50, record.length - 1) }, (_, index) => {
    const [before, after] = [record.at(index), record.at(index + 1)];
    return new Date(after.time).getTime() - new Date(before.time).getTime();
  }).sort((a, b) => a - b);
  return Math.max(100, gaps[Math.floor(gaps.length / 2)] ?? 1000);
}

/**
 * Shows a recording on the whole terminal, from its last line on, until the user leaves.
 * @returns the exit code
 * @throws what the signal is aborted with
 */
export function showReplay(record: WatchRecord, output: Output, signal: AbortSignal): Promise<number> {
  const intervalMs = intervalOf(record);
  return new Promise((resolve, reject) => {
    let line = record.length - 1;
    let state: ScreenState = replayed(record, line, { ...emptyScreen(intervalMs), paused: true });
    let timer: NodeJS.Timeout | undefined;
    const go = (to: number) => {
      line = to;
      state = replayed(record, line, state);
    };
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      screen.close();
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    const play = () => {
      clearTimeout(timer);
      if (state.paused) return;
      timer = setTimeout(() => {
        if (line + 1 < record.length) go(line + 1);
        else state = { ...state, paused: true };
        draw();
        play();
      }, state.intervalMs);
    };
    const draw = () => screen.draw(renderFrame(state, screen.size));
    const screen = openScreen(output, {
      resize: () => draw(),
      keys: (keys) => {
        for (const key of keys) {
          const to = state.view === 'servers' ? lineAfter(line, record.length, key) : null;
          if (to !== null) {
            go(to);
            continue;
          }
          const next = pressKey(state, key);
          if (next.effect?.type === 'quit') {
            end();
            resolve(next.effect.exit);
            return;
          }
          // Played at its end, it begins anew.
          if (state.paused && !next.state.paused && line === record.length - 1) line = 0;
          state = replayed(record, line, next.state);
        }
        draw();
        play();
      },
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else draw();
  });
}
