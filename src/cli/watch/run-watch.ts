import { EXIT } from '../../errors/exit-code.js';
import { type AlertedTick, withAlerts } from '../../services/monitor/alerting.js';
import { limited } from '../../services/monitor/limits.js';
import type { WatchedServer } from '../../services/monitor/look.js';
import { ONCE } from '../../services/monitor/once.js';
import { type Pace, watchServers } from '../../services/monitor/watch.js';
import type { Output } from '../output.js';
import { alertActions } from './alert-actions.js';
import { openRecorder } from './recorder.js';
import { INTERVAL, type WatchFlags } from './watch-flags.js';

export interface WatchOptions {
  readonly servers: readonly WatchedServer[];
  readonly flags: WatchFlags;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Whether the whole terminal is used. */
  readonly onScreen: boolean;
  /** Prints one line. */
  readonly print: (tick: AlertedTick) => void;
}

/**
 * Watches until it is told to stop.
 * @returns the exit code
 * @throws what the signal is aborted with
 */
export async function runWatch(options: WatchOptions): Promise<number> {
  const { servers, flags, output, onScreen } = options;
  const left = new AbortController();
  const signal = AbortSignal.any([options.signal, left.signal]);
  const pace: Pace = {
    intervalMs: flags.once ? Math.min(ONCE, flags.interval ?? ONCE) : (flags.interval ?? INTERVAL),
  };
  // What is said while the screen is taken would be drawn over.
  const said: string[] = [];
  const say = (message: string) => (onScreen ? void said.push(message) : output.note(`! ${message}`));
  const recorder =
    flags.record === undefined ? null : await openRecorder(flags.record, (text) => output.redact(text), say);
  const exporter =
    flags.export === undefined
      ? null
      : await import('../../services/monitor/exporter.js').then(({ startExporter }) =>
          startExporter(flags.export ?? { host: '', port: 0 }),
        );
  const actions = alertActions({ webhook: flags['alert-webhook'], command: flags['alert-command'] }, say);
  let exit: number = EXIT.good;

  async function* lines(): AsyncGenerator<AlertedTick> {
    const ticks = limited(watchServers(servers, pace, signal), {
      ...(flags.once ? { lines: 2, lastOnly: true } : {}),
      ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
    });
    for await (const tick of withAlerts(ticks, flags.alert ?? [])) {
      const { firing: _, ...line } = tick;
      recorder?.write(line);
      exporter?.update(tick);
      actions.run(tick.alerts, tick.time);
      yield tick;
      if (flags['exit-on-alert'] && tick.alerts.some(({ firing }) => firing)) {
        exit = EXIT.badVerdict;
        return;
      }
    }
  }

  try {
    if (exporter !== null && !onScreen) output.note(`… exporting on ${exporter.url}`);
    if (onScreen) {
      const { showLive } = await import('./live-screen.js');
      await showLive(lines(), {
        output,
        pace,
        onQuit: (code) => {
          exit = code;
          left.abort();
        },
      });
    } else {
      for await (const tick of lines()) options.print(tick);
    }
  } catch (error) {
    if (!left.signal.aborted || options.signal.aborted) throw error;
  } finally {
    await Promise.all([recorder?.close(), exporter?.close(), actions.done()]);
    for (const message of said) output.note(`! ${message}`);
  }
  return exit;
}
