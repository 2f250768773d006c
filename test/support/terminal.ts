import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { BIN } from './cli.js';

/** The built program on a terminal of 80×24, and somebody who types. */
export interface Terminal {
  /** What it has written so far, without control sequences. */
  readonly screen: string;
  /** The same with control sequences. */
  readonly raw: string;
  type(text: string): void;
  /** Makes it 120×40, and tells the program. */
  grow(): void;
  /** Waits until the screen, from where the last wait ended, shows this. */
  until(pattern: RegExp): Promise<void>;
  /** To the program itself. */
  kill(signal: 'SIGTERM'): void;
  ended(): Promise<TerminalEnd>;
}

export interface TerminalEnd {
  readonly code: number | null;
  readonly screen: string;
  /** The same with control sequences. */
  readonly raw: string;
  /** Whether the terminal's modes (echo, line editing) are what they were. */
  readonly restored: boolean;
}

/** Milliseconds. */
const PATIENCE = 25_000;

/** Python has pseudo-terminals everywhere that Node has none. Its exit code is the program's; stderr tells the modes. */
const HOST = `
import fcntl, os, pty, select, signal, struct, sys, termios
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv.pop(1)), 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2): os.dup2(slave, fd)
    os.close(master)
    os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
def grow(*_):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
    os.kill(pid, signal.SIGWINCH)
signal.signal(signal.SIGUSR1, grow)
watched, status = [0, master], None
while True:
    ready = select.select(watched, [], [], 0.02)[0]
    if master in ready: os.write(1, os.read(master, 65536))
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed: os.write(master, typed)
        else: watched = [master]
    if status is None:
        done, value = os.waitpid(pid, os.WNOHANG)
        if done: status = value
    elif not ready: break
sys.stderr.write('restored' if termios.tcgetattr(slave) == before else 'changed')
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;

/** Starts the program on a terminal, in an empty home. @param columns 0 for one that does not tell its size */
export function onTerminal(args: readonly string[], columns = 80): Terminal {
  const home = mkdtempSync(join(tmpdir(), 'llamactl-terminal-'));
  const host: ChildProcess = spawn('python3', ['-c', HOST, String(columns), process.execPath, BIN, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, TERM: 'xterm-256color', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let raw = '';
  let told = '';
  let seen = 0;
  let onChange = () => {};
  host.stdout?.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    onChange();
  });
  host.stderr?.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const closed = new Promise<number | null>((resolve) => host.once('close', resolve));
  return {
    get screen() {
      return plain(raw);
    },
    get raw() {
      return raw;
    },
    grow: () => void host.kill('SIGUSR1'),
    type: (text) => void host.stdin?.write(text),
    kill: (signal) => void host.kill(signal),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(plain(raw).slice(seen));
          if (found === null) return;
          seen += found.index + found[0].length;
          clearTimeout(timer);
          onChange = () => {};
          resolve();
        };
        const timer = setTimeout(
          () => reject(new Error(`the terminal never showed ${pattern}:\n${JSON.stringify(raw)}`)),
          PATIENCE,
        );
        onChange = look;
        look();
      }),
    ended: async () => {
      const timer = setTimeout(() => host.kill('SIGKILL'), PATIENCE);
      const code = await closed;
      clearTimeout(timer);
      rmSync(home, { recursive: true, force: true });
      return { code, screen: plain(raw), raw, restored: told.endsWith('restored') };
    },
  };
}

/** Text as it stands on the screen: no control sequences, one line end a line. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\r+\n/g, '\n');
}
