import { execFileSync, spawn } from 'node:child_process';
import { setPriority } from 'node:os';

/**
 * Has a process share one processor with another that computes without end, as on a machine that has too much to do: it
 * answers, slowly. (Stopping it in turns would be simpler, and shows in its state.)
 * @param niceness of the process, 1 to 19: at 10 it gets a tenth of the time, at 19 a seventieth
 * @returns ends it
 * @throws Error where `taskset` (util-linux) is missing
 */
export function slowDown(pid: number, niceness: number): () => void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', '0', String(pid)], { stdio: 'ignore' });
  setPriority(pid, niceness);
  const hog = spawn('taskset', ['--cpu-list', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' });
  const kill = () => void hog.kill('SIGKILL');
  process.once('exit', kill);
  return () => {
    process.off('exit', kill);
    kill();
  };
}
