import { renderFrame } from '../../render/watch/frame.js';
import { emptyScreen, type ScreenState } from '../../render/watch/screen.js';
import type { AlertedTick } from '../../services/monitor/alerting.js';
import { addTick } from '../../services/monitor/history.js';
import type { Pace } from '../../services/monitor/watch.js';
import type { Output } from '../output.js';
import { pressKey } from './screen-state.js';
import { openScreen } from './terminal.js';

export interface LiveOptions {
  readonly output: Output;
  readonly pace: Pace;
  /** Called when the user leaves, with the exit code. */
  readonly onQuit: (exit: number) => void;
}

/**
 * Shows lines on the whole terminal until they end.
 * @throws what they end with; the terminal is given back first
 */
export async function showLive(lines: AsyncIterable<AlertedTick>, options: LiveOptions): Promise<void> {
  const { output, pace, onQuit } = options;
  let state = emptyScreen(pace.intervalMs);
  /** What is new while the picture is paused. */
  let latest: Pick<ScreenState, 'tick' | 'history' | 'alerts'> = state;
  const draw = () => screen.draw(renderFrame(state, screen.size));
  const screen = openScreen(output, {
    resize: () => draw(),
    keys: (keys) => {
      for (const key of keys) {
        const next = pressKey(state, key);
        state = next.state;
        if (next.effect?.type === 'quit') return onQuit(next.effect.exit);
        if (next.effect?.type === 'interval') pace.intervalMs = next.effect.intervalMs;
      }
      if (!state.paused) state = { ...state, ...latest };
      draw();
    },
  });
  try {
    draw();
    for await (const tick of lines) {
      latest = { tick, history: addTick(latest.history, tick), alerts: tick.firing };
      if (!state.paused) state = { ...state, ...latest };
      if (tick.alerts.some(({ firing }) => firing)) screen.bell();
      draw();
    }
  } finally {
    screen.close();
  }
}
