/** Characters of a line that has not ended yet that are kept at most; of a longer one its two ends are. */
const LONGEST_PENDING = 65_536;
const END_KEPT = 16_384;

/** Takes a text apart into lines, chunk by chunk. Memory is bounded even where a line never ends. */
export interface LineSplitter {
  /** Each complete line goes to the callback without its line end. */
  write(chunk: Uint8Array | string): void;
  /** Gives the last line, where the text does not end with a line end. */
  end(): void;
}

/**
 * A splitter for text as it comes from files and pipes: UTF-8, or UTF-16 with a byte order mark (what PowerShell's `>`
 * writes). Bytes that are no text become replacement characters; nothing is thrown.
 */
export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let pending = '';

  function take(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = pending === '' ? text.slice(start, end) : pending + text.slice(start, end);
      pending = '';
      onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
      start = end + 1;
    }
    pending += text.slice(start);
    if (pending.length > LONGEST_PENDING) pending = pending.slice(0, END_KEPT) + pending.slice(-END_KEPT);
  }

  return {
    write(chunk) {
      if (typeof chunk === 'string') {
        take(chunk);
        return;
      }
      decoder ??= new TextDecoder(encodingOf(chunk));
      take(decoder.decode(chunk, { stream: true }));
    },
    end() {
      if (decoder !== undefined) take(decoder.decode());
      if (pending !== '') onLine(pending);
      pending = '';
    },
  };
}

function encodingOf(chunk: Uint8Array): string {
  if (chunk[0] === 0xff && chunk[1] === 0xfe) return 'utf-16le';
  if (chunk[0] === 0xfe && chunk[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}
