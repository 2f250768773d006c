const LF = 10;
const CR = 13;
const COLON = 58;

/**
 * Tells what moves a stream on from what only keeps it alive: a server that has stopped answering still sends comments
 * (llama-server a bare `:`, others `: ping`), whole, in pieces or several at once. Looks at each line's first byte alone.
 */
export class ProgressMeter {
  #line: 'start' | 'comment' | 'field' = 'start';

  /** Whether these bytes, the stream's next, hold anything but comments and line ends. */
  isProgress(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === LF || byte === CR) {
        // A field's own line end comes with nothing new.
        this.#line = 'start';
      } else if (this.#line === 'start') {
        this.#line = byte === COLON ? 'comment' : 'field';
      }
      if (this.#line === 'field') {
        this.#line = lineAtEndOf(bytes);
        return true;
      }
    }
    return false;
  }
}

/** In what kind of line bytes end that hold a part of a field. */
function lineAtEndOf(bytes: Uint8Array): 'start' | 'comment' | 'field' {
  const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
  if (end === -1) return 'field';
  const first = bytes[end + 1];
  if (first === undefined) return 'start';
  return first === COLON ? 'comment' : 'field';
}
