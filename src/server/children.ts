import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Child processes that never outlive this one. Each has a process group of its own: a terminal's Ctrl-C reaches us alone, so
 * that we decide how it ends, and what it has started (compilers, pip's helpers) ends with it.
 */
const live = new Set<ChildProcess>();

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** Windows has no process groups; `detached` would open a console window there. */
const HAS_GROUPS = process.platform !== 'win32';

/** Starts a program that ends, with all that it starts, at the latest when we do. */
export function spawnChild(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: HAS_GROUPS, windowsHide: true });
  if (child.pid === undefined) return child;
  if (live.size === 0) watch();
  live.add(child);
  child.once('exit', () => {
    live.delete(child);
    if (live.size === 0) unwatch();
  });
  return child;
}

/** Sends a signal to a child and to what it has started. Nothing happens where they are gone. */
export function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (HAS_GROUPS) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    // ESRCH: it is gone. EPERM: macOS says so of a group in which only the dead are left.
    if (!(error instanceof Error && 'code' in error && GONE.has(String(error.code)))) throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(['ESRCH', 'EPERM']);

function killAll(): void {
  for (const child of live) signalChild(child, 'SIGKILL');
}

/** Where somebody else listens too (the CLI's Ctrl-C), ending in good order is their business, and `exit` still comes. */
function onSignal(signal: EndingSignal): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  unwatch();
  // As if nobody had listened, so that our parent sees what ended us.
  process.kill(process.pid, signal);
}

function watch(): void {
  process.on('exit', killAll);
  for (const signal of ENDING_SIGNALS) {
    if (signal in constants.signals) process.on(signal, onSignal);
  }
}

function unwatch(): void {
  process.off('exit', killAll);
  for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
}
