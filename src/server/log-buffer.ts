/** Lines that tell what a start is about, and the last ones before an end: a server may run for weeks in between. */
const HEAD_LINES = 200;
const TAIL_LINES = 800;
const LINE_LENGTH = 4096;

/** A program's output in bounded memory: its first lines and its last ones. */
export class LogBuffer {
  readonly #head: string[] = [];
  #tail: string[] = [];
  #partial = '';

  push(chunk: string): void {
    const pieces = (this.#partial + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#partial = (pieces.pop() ?? '').slice(0, LINE_LENGTH);
    for (const piece of pieces) this.#add(piece);
  }

  /** The lines that are kept, the unfinished last one too. */
  lines(): string[] {
    return [
      ...this.#head,
      ...this.#tail.slice(-TAIL_LINES),
      ...(this.#partial === '' ? [] : [this.#partial]),
    ];
  }

  #add(line: string): void {
    const kept = line.slice(0, LINE_LENGTH);
    if (this.#head.length < HEAD_LINES) {
      this.#head.push(kept);
      return;
    }
    this.#tail.push(kept);
    // Dropped in bulk: taking the first off an array each time would move all the others.
    if (this.#tail.length >= 2 * TAIL_LINES) this.#tail = this.#tail.slice(-TAIL_LINES);
  }
}
