import type { Runnable } from 'mocha';

/** Which tests used a real server: the reporter tells how many there were. A hook stands for the tests of its suite. */
interface ServerUse {
  /** The test or hook that runs. */
  readonly running?: Runnable;
  readonly users: Set<Runnable>;
}

declare global {
  var llamactlTestRun: ServerUse | undefined;
}

/** Notes that the running test, or each test of the running hook's suite, talks to a real llama-server. */
export function noteRealServer(): void {
  const use = globalThis.llamactlTestRun;
  if (use?.running !== undefined) use.users.add(use.running);
}
