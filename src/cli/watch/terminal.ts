import type { Size } from '../../render/watch/screen.js';
import type { Output } from '../output.js';
import { type Key, parseKeys } from './keys.js';

/** The terminal while a program has it for itself. */
export interface Screen {
  readonly size: Size;
  /** Shows these lines; what has not changed is not written again. */
  draw(lines: readonly string[]): void;
  bell(): void;
  /** Gives the terminal back as it was. May be called twice. */
  close(): void;
}

const ESC = '\u001b[';
/** The other screen, no cursor, no wrapping of long lines. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;
/** Terminals that know it show what stands between at once. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;
/** What ends a process without a word to it, unless it listens. */
const SILENT_ENDS = ['SIGHUP', 'SIGQUIT'] as const;

/**
 * Takes the terminal: the alternate screen, and keys one by one. It is given back by {@link Screen.close}, and however else the
 * process ends.
 */
export function openScreen(
  output: Output,
  on: { readonly keys: (keys: readonly Key[]) => void; readonly resize: () => void },
): Screen {
  const { stdin, stdout } = process;
  let shown: readonly string[] = [];
  let open = true;
  const onData = (typed: string) => on.keys(parseKeys(typed));
  const onResize = () => {
    shown = [];
    output.write(`${ESC}2J`);
    on.resize();
  };
  const close = () => {
    if (!open) return;
    open = false;
    stdin.off('data', onData);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.off('resize', onResize);
    process.off('exit', close);
    for (const name of SILENT_ENDS) process.off(name, onSilentEnd);
    output.write(LEAVE);
  };
  const onSilentEnd = (name: NodeJS.Signals) => {
    close();
    process.kill(process.pid, name);
  };

  output.write(ENTER);
  process.on('exit', close);
  for (const name of SILENT_ENDS) process.on(name, onSilentEnd);
  stdout.on('resize', onResize);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.setEncoding('utf8').on('data', onData).resume();
  }
  return {
    get size() {
      return { columns: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    draw: (lines) => {
      if (!open) return;
      const { length } = lines;
      const changes = Array.from({ length: Math.max(length, shown.length) }, (_, row) => {
        const line = lines[row] ?? '';
        return line === (shown[row] ?? '') ? '' : `${ESC}${row + 1};1H${ESC}0m${ESC}2K${line}`;
      }).join('');
      shown = lines;
      // Cleared before it is written: in the last column, what stands there would be cleared after it.
      if (changes !== '') output.write(`${BEGIN}${changes}${ESC}0m${END}`);
    },
    bell: () => output.write('\u0007'),
    close,
  };
}
