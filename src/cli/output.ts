import { createRedactor, type Redactor } from '../errors/redact.js';

/** Where a command's text goes. Nothing else writes to the process's streams. */
export class Output {
  readonly #json: boolean;
  #redact: Redactor = createRedactor([]);
  #secrets: (string | undefined)[] = [];
  #closed = false;

  /** @param json whether stdout is reserved for JSON */
  constructor(json: boolean) {
    this.#json = json;
    // `llamactl … | head` closes the pipe: what is left has no reader, and that is no failure.
    process.stdout.on('error', this.#onError);
    process.stderr.on('error', this.#onError);
  }

  /** Takes these out of everything that is written from now on. */
  addSecrets(...secrets: (string | undefined)[]): void {
    this.#secrets.push(...secrets);
    this.#redact = createRedactor(this.#secrets);
  }

  /** Human text; nothing under `--json`. */
  print(text: string): void {
    if (!this.#json) this.#stdout(`${text}\n`);
  }

  /** A piece of human text without a line end, as the tokens of an answer. */
  write(piece: string): void {
    if (!this.#json) this.#stdout(piece);
  }

  /** One JSON document, indented on a terminal, else on one line each (as NDJSON) where `compact`. */
  json(value: unknown, compact = false): void {
    // Each string by itself: in the finished text a mask could swallow the quote or backslash after a secret.
    const masked = (_: string, field: unknown) => (typeof field === 'string' ? this.#redact(field) : field);
    this.#write(`${JSON.stringify(value, masked, compact ? undefined : 2)}\n`);
  }

  /** Text as it came, such as a server's own metrics. */
  raw(text: string): void {
    this.#stdout(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Progress, warnings and errors. */
  note(text: string): void {
    process.stderr.write(`${this.#redact(text)}\n`);
  }

  /** A piece of progress without a line end. */
  noteRaw(piece: string): void {
    process.stderr.write(this.#redact(piece));
  }

  redact(text: string): string {
    return this.#redact(text);
  }

  /** Takes its listeners away. */
  dispose(): void {
    process.stdout.off('error', this.#onError);
    process.stderr.off('error', this.#onError);
  }

  #stdout(text: string): void {
    this.#write(this.#redact(text));
  }

  #write(text: string): void {
    if (!this.#closed) process.stdout.write(text);
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#closed = true;
    if (error.code !== 'EPIPE') throw error;
  };
}
