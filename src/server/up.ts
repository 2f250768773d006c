import { LlamactlError } from '../errors/llamactl-error.js';
import { explainExit } from './failed-start.js';
import { findServer, notInstalled, type ServerBinary } from './find.js';
import type { InstallEvent } from './install/progress.js';
import type { LoadProgress } from './load-progress.js';
import { requireFreePort } from './port.js';
import { RunningServer } from './run.js';
import { type PlanOptions, planUp, type UpPlan } from './up-plan.js';

/** What `up` is doing. */
export type UpEvent =
  | { readonly type: 'install'; readonly event: InstallEvent }
  | { readonly type: 'starting'; readonly binary: ServerBinary; readonly plan: UpPlan }
  | {
      readonly type: 'loading';
      readonly plan: UpPlan;
      readonly progress: LoadProgress;
      readonly elapsedMs: number;
    };

export interface UpOptions extends PlanOptions {
  /** `--bin`. */
  readonly bin?: string | undefined;
  /**
   * Asked, with what would be downloaded, where no llama-server is found: true to go on. Absent: nothing is downloaded.
   * May throw in place of false.
   */
  readonly mayInstall?: ((description: string) => Promise<boolean>) | undefined;
  readonly onEvent: (event: UpEvent) => void;
  readonly signal: AbortSignal;
}

/** A server that is up. */
export interface UpServer {
  readonly server: RunningServer;
  readonly binary: ServerBinary;
  readonly plan: UpPlan;
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly readyAfterMs: number;
}

/**
 * Starts a llama-server on this machine and waits until it is ready. It ends when this process does.
 * @throws LlamactlError: no model named (usage), none such file, no llama-server here (exit 2), the port is taken, or it does
 * not start, explained from its log; what the signal was aborted with, once the server has ended
 */
export async function up(options: UpOptions): Promise<UpServer> {
  const { signal, onEvent } = options;
  const plan = await planUp(options);
  await requireFreePort(plan.host, plan.port, plan.onPort);
  const binary = await binaryFor(options);
  signal.throwIfAborted();
  onEvent({ type: 'starting', binary, plan });
  const started = performance.now();
  const start = () => startOnce(binary, plan, started, options);
  const server = await start().catch((error: unknown) => {
    if (!isUnexplained(error)) throw error;
    return start();
  });
  return { server, binary, plan, pid: server.pid ?? 0, readyAfterMs: performance.now() - started };
}

/**
 * Whether it ended by itself and left no word why: builds like v0.1.0 lose the last lines of their log in one of twenty starts
 * that fail, so that another one tells.
 */
function isUnexplained(error: unknown): boolean {
  return error instanceof LlamactlError && error.code === 'server.crashed' && error.details['exitCode'] === 1;
}

async function startOnce(
  binary: ServerBinary,
  plan: UpPlan,
  started: number,
  { env, signal, onEvent }: UpOptions,
): Promise<RunningServer> {
  const server = new RunningServer({
    binary,
    args: plan.args,
    url: plan.url,
    apiKey: plan.apiKey,
    env,
  });
  try {
    const ended = await server.waitUntilReady({
      signal,
      onProgress: (progress) =>
        onEvent({ type: 'loading', plan, progress, elapsedMs: performance.now() - started }),
    });
    if (ended !== null) throw await explainExit(ended, server.log(), 'did not start', remedyContext(plan));
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/**
 * Keeps a server until it ends or the signal is aborted, when it is stopped.
 * @param onStopping told when stopping begins
 * @returns once it was stopped as asked
 * @throws LlamactlError where it ended by itself, explained from its log
 */
export async function keepUp(
  { server, plan }: UpServer,
  signal: AbortSignal,
  onStopping: () => void,
): Promise<void> {
  const stop = () => {
    onStopping();
    void server.stop();
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const exit = await server.exited;
  signal.removeEventListener('abort', stop);
  if (!exit.requested) throw await explainExit(exit, server.log(), 'ended', remedyContext(plan));
}

async function binaryFor({
  bin,
  env,
  cacheDirectory,
  tiny,
  mayInstall,
  onEvent,
  signal,
}: UpOptions): Promise<ServerBinary> {
  const find = () => findServer({ bin, env, cacheDirectory, anyModel: !tiny });
  const found = await find();
  if (found !== null) return found;
  if (mayInstall === undefined) throw await notInstalled();
  // The prebuilt one is only good for the built-in model.
  const prefer = tiny ? 'prebuilt' : 'source';
  const { describeInstall, ensureServer } = await import('./install/ensure.js');
  const onProgress = (event: InstallEvent) => onEvent({ type: 'install', event });
  const install = { prefer, cacheDirectory, env, signal, onProgress } as const;
  if (!(await mayInstall(await describeInstall(install)))) throw await notInstalled();
  await ensureServer(install);
  return (await find()) ?? Promise.reject(await notInstalled());
}

function remedyContext({ host, port, url, model, tiny }: UpPlan) {
  return { host, port, url, ...(tiny || model === '' ? {} : { model }) };
}
