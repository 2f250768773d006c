/** The tests that used a real server, by full title: the reporter tells how many there were. */
interface TestRun {
  currentTest?: string;
  readonly usedServer: Set<string>;
}

declare global {
  var llamactlTestRun: TestRun | undefined;
}

/** Notes that the running test talks to a real llama-server. */
export function noteRealServer(): void {
  const run = globalThis.llamactlTestRun;
  if (run?.currentTest !== undefined) run.usedServer.add(run.currentTest);
}
