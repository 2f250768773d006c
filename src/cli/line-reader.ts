import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Messages that somebody types, one after the other. */
export interface LineReader {
  /** The next message, of several lines where they were pasted or continued; null once the user has left. */
  next(): Promise<string | null>;
  /** Gives the terminal back as it was. */
  close(): void;
}

const PROMPT = '> ';
const CONTINUED = '… ';
/** Bracketed paste: the terminal says where a pasted text begins and ends, so that its line ends are not Enter. */
const PASTE_ON = '\x1b[?2004h';
const PASTE_OFF = '\x1b[?2004l';

/** How the reader that there is, of the one terminal, lets go of it and takes it again. */
let owner: { readonly release: () => void; readonly take: () => void } | undefined;

/**
 * Does what may ask on the terminal itself, such as a command that prints a key: what is typed meanwhile is not ours to read.
 * Where nobody reads, it is just done.
 */
export async function lendTerminal<Result>(work: () => Promise<Result>): Promise<Result> {
  const lender = owner;
  lender?.release();
  try {
    return await work();
  } finally {
    // It may have been closed in the meantime.
    if (lender !== undefined && lender === owner) lender.take();
  }
}

/**
 * Reads from the terminal with line editing and history. What is typed while nobody waits is not shown, and kept: whole
 * messages are handed out next, a begun one stands at the next prompt.
 * @param onInterrupt Ctrl-C while nobody waits; at the prompt it clears the line, and leaves where there is nothing to clear
 */
export function readTerminal(onInterrupt: () => void): LineReader {
  const screen = new Screen();
  const terminal = createInterface({
    input: process.stdin,
    output: screen,
    terminal: true,
    prompt: PROMPT,
    historySize: 200,
    removeHistoryDuplicates: true,
  });
  const ahead: string[] = [];
  let begun: string[] = [];
  let pasting = false;
  let ended = false;
  let waiting: ((message: string | null) => void) | undefined;

  const hand = (message: string | null) => {
    const resolve = waiting;
    waiting = undefined;
    screen.muted = true;
    resolve?.(message);
  };
  const prompt = () => {
    terminal.setPrompt(begun.length === 0 ? PROMPT : CONTINUED);
    terminal.prompt(true);
  };
  const onKey = (_: unknown, key: { readonly name?: string } | undefined) => {
    if (key?.name === 'paste-start') pasting = true;
    else if (key?.name === 'paste-end') pasting = false;
  };
  terminal.on('line', (line) => {
    if (pasting || line.endsWith('\\')) {
      begun.push(pasting ? line : line.slice(0, -1));
      if (waiting !== undefined && !pasting) prompt();
      return;
    }
    const message = [...begun, line].join('\n');
    begun = [];
    if (waiting === undefined) ahead.push(message);
    else hand(message);
  });
  // In raw mode Ctrl-C is a key, not a signal: it reaches readline.
  terminal.on('SIGINT', () => {
    if (waiting === undefined) {
      ahead.length = 0;
      onInterrupt();
    } else if (begun.length > 0 || terminal.line !== '') {
      begun = [];
      screen.write('\n');
      terminal.write(null, { ctrl: true, name: 'e' });
      terminal.write(null, { ctrl: true, name: 'u' });
      prompt();
    } else {
      screen.write('\n');
      terminal.close();
    }
  });
  terminal.on('close', () => {
    ended = true;
    hand(null);
  });
  process.stdin.on('keypress', onKey);
  screen.write(PASTE_ON);
  screen.muted = true;
  owner = {
    release: () => {
      terminal.pause();
      process.stdin.setRawMode?.(false);
      screen.control(PASTE_OFF);
    },
    take: () => {
      screen.control(PASTE_ON);
      process.stdin.setRawMode?.(true);
      terminal.resume();
    },
  };

  return {
    next: async () => {
      const typed = ahead.shift();
      screen.muted = false;
      if (typed !== undefined) {
        screen.write(`${PROMPT}${typed}\n`);
        screen.muted = true;
        return typed;
      }
      if (ended) return null;
      const message = new Promise<string | null>((resolve) => {
        waiting = resolve;
      });
      prompt();
      return message;
    },
    close: () => {
      owner = undefined;
      screen.muted = false;
      screen.write(PASTE_OFF);
      process.stdin.off('keypress', onKey);
      terminal.close();
    },
  };
}

/** The terminal as readline writes to it; shows nothing while muted. stdout may be somebody's input, so stderr comes first. */
class Screen extends Writable {
  muted = false;
  readonly isTTY = true;
  readonly #stream = process.stderr.isTTY ? process.stderr : process.stdout;

  get columns(): number {
    return this.#stream.columns || 80;
  }

  /** Muted or not. */
  control(sequence: string): void {
    this.#stream.write(sequence);
  }

  override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
    if (!this.muted) this.#stream.write(chunk);
    done();
  }
}
