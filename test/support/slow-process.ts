/** Milliseconds of one turn: a stopped process is never silent for longer. */
const TURN = 40;

/**
 * Lets a process run only now and then, as on a machine that has too much to do: it answers, slowly.
 * @param share of the time that it may run, 0 to 1
 * @returns ends it, and lets the process run on
 */
export function slowDown(pid: number, share: number): () => void {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  };
  let wake: NodeJS.Timeout | undefined;
  const turn = setInterval(() => {
    signal('SIGSTOP');
    wake = setTimeout(() => signal('SIGCONT'), TURN * (1 - share));
  }, TURN);
  return () => {
    clearInterval(turn);
    clearTimeout(wake);
    signal('SIGCONT');
  };
}
