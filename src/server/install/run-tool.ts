import { signalChild, spawnChild } from '../children.js';

export interface ToolOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Told every line of both its outputs. */
  readonly onLine?: (line: string) => void;
}

/** Lines that an error keeps of a tool's output. */
const TAIL = 30;
/** Milliseconds that an interrupted tool has to take away what it began. */
const GRACE = 2000;

/** A tool that ended badly, with the last lines it said. */
export class ToolError extends Error {
  readonly tail: readonly string[];

  constructor(command: string, outcome: string, tail: readonly string[], cause?: unknown) {
    super(`${command} ${outcome}`, cause === undefined ? undefined : { cause });
    this.name = 'ToolError';
    this.tail = tail;
  }
}

/**
 * Runs a program to its end.
 * @returns the last lines it said
 * @throws ToolError where it fails; what the signal was aborted with, once the program has ended
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<readonly string[]> {
  const { signal, onLine, cwd, env } = options;
  signal.throwIfAborted();
  const child = spawnChild(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let partial = '';
    const take = (line: string) => {
      if (line.trim() === '') return;
      tail.push(line);
      if (tail.length > TAIL) tail.shift();
      onLine?.(line);
    };
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (partial + chunk).split(/[\r\n]+/);
      partial = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    stream?.once('end', () => take(partial));
  }

  let killing: NodeJS.Timeout | undefined;
  const abort = () => {
    signalChild(child, 'SIGTERM');
    killing = setTimeout(() => signalChild(child, 'SIGKILL'), GRACE);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const outcome = await new Promise<string | null>((resolve, reject) => {
      child.once('error', (error) => reject(new ToolError(command, 'could not be started', tail, error)));
      child.once('close', (code, ended) =>
        resolve(
          code === 0 ? null : ended === null ? `ended with exit code ${code}` : `was ended by ${ended}`,
        ),
      );
    });
    signal.throwIfAborted();
    if (outcome !== null) throw new ToolError(command, outcome, tail);
    return tail;
  } finally {
    clearTimeout(killing);
    signal.removeEventListener('abort', abort);
  }
}
