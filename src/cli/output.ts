import { EXIT } from '../errors/exit-code.js';
import { createMask, createRedactor, type Redactor } from '../errors/redact.js';

/** Where a command's text goes. Nothing else writes to the process's streams. */
export class Output {
  readonly #json: boolean;
  readonly #onReaderGone: (exit: number) => void;
  #redact: Redactor = createRedactor([]);
  #mask: Redactor = createMask([]);
  #secrets: (string | undefined)[] = [];
  #closed = false;

  /**
   * @param json whether stdout is reserved for JSON
   * @param onReaderGone called once nobody reads stdout any more, with the exit code of that: good for a pipe that was
   * closed (`llamactl … | head`), and not for a full disk. What is left to do is for nobody
   */
  constructor(json: boolean, onReaderGone: (exit: number) => void = () => {}) {
    this.#json = json;
    this.#onReaderGone = onReaderGone;
    // oclif's own throws what is not EPIPE: a full disk would read as a bug of ours.
    process.stdout.removeAllListeners('error');
    process.stdout.on('error', this.#onStdoutError);
    process.stderr.on('error', this.#onStderrError);
  }

  /** Takes these out of everything that is written from now on. */
  addSecrets(...secrets: (string | undefined)[]): void {
    this.#secrets.push(...secrets);
    this.#redact = createRedactor(this.#secrets);
    this.#mask = createMask(this.#secrets);
  }

  /** Human text; nothing under `--json`. */
  print(text: string): void {
    if (!this.#json) this.#stdout(`${this.#redact(text)}\n`);
  }

  /**
   * Text that is a model's or the user's own, as it comes, without a line end; nothing under `--json`. Known secrets are
   * taken out, and what only looks like one is left: an answer about headers is an answer.
   */
  write(piece: string): void {
    if (!this.#json) this.#stdout(this.#mask(piece));
  }

  /**
   * One JSON document.
   * @param isData whether its texts are a model's or the user's own (see {@link write})
   */
  json(value: unknown, isData = false): void {
    // Text by text: a mask over the whole document could take a quotation mark with it.
    const redact = isData ? this.#mask : this.#redact;
    const text = JSON.stringify(
      value,
      (_, inner: unknown) => (typeof inner === 'string' ? redact(inner) : inner),
      2,
    );
    this.#stdout(`${text}\n`);
  }

  /** One document of several, a line each (NDJSON). */
  jsonLine(value: unknown): void {
    const masked = (_: string, inner: unknown) => (typeof inner === 'string' ? this.#redact(inner) : inner);
    this.#stdout(`${JSON.stringify(value, masked)}\n`);
  }

  /** Text as it came, such as a server's own metrics. */
  raw(text: string): void {
    this.#stdout(this.#redact(text.endsWith('\n') ? text : `${text}\n`));
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

  #stdout(text: string): void {
    if (!this.#closed) process.stdout.write(text);
  }

  readonly #onStdoutError = (error: NodeJS.ErrnoException): void => {
    if (this.#closed) return;
    this.#closed = true;
    const isPipe = error.code === 'EPIPE';
    if (!isPipe) {
      process.exitCode = EXIT.usage;
      this.note(`✗ stdout cannot be written: ${error.message}`);
    }
    this.#onReaderGone(isPipe ? EXIT.good : EXIT.usage);
  };

  /** There is nobody to tell. */
  readonly #onStderrError = (): void => {};
}
