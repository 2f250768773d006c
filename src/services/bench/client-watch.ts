import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the run took of this program: where it is much, it is the client that was measured. */
export interface ClientLoad {
  /** Of one core, 0 to 1 (and over, for other threads). */
  readonly cpu: number;
  /** Milliseconds that the event loop kept what had arrived waiting, at the 99th percentile. */
  readonly lagP99Ms: number;
}

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 10;

/** Watches this process until it is told to stop. */
export function watchClient(): { readonly stop: () => ClientLoad } {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  const startedMs = performance.now();
  const before = process.cpuUsage();
  delays.enable();
  return {
    stop: () => {
      delays.disable();
      const { user, system } = process.cpuUsage(before);
      const elapsedMs = Math.max(1, performance.now() - startedMs);
      const delayMs = delays.percentile(99) / 1e6;
      return {
        cpu: (user + system) / 1000 / elapsedMs,
        lagP99Ms: Number.isFinite(delayMs) ? Math.max(0, delayMs - RESOLUTION) : 0,
      };
    },
  };
}
