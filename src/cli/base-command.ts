import { join } from 'node:path';
import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import { boolean } from '@oclif/core/flags';
import { LlamactlError } from '../errors/llamactl-error.js';
import { terminalWidth } from '../render/width.js';
import { withoutTwice } from './connection-flags.js';
import { toFailure } from './failure.js';
import { type Interrupt, listenForInterrupt } from './interrupt.js';
import type { ConnectContext } from './open-client.js';
import { Output } from './output.js';
import { secretsIn } from './secrets-in.js';

/** What every command shares: one writer, one abort signal, errors as text or JSON, exit codes. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    'no-color': boolean({
      description: 'print without colour (as NO_COLOR does)',
      helpGroup: 'GLOBAL',
    }),
  };

  #output: Output | undefined;
  #interrupt: Interrupt | undefined;

  protected get output(): Output {
    this.#output ??= new Output(this.jsonEnabled(), (exit) => this.#listen().abort(nobodyReads(exit)));
    return this.#output;
  }

  /** Aborted by Ctrl-C and SIGTERM, and once nobody reads stdout any more. */
  protected get signal(): AbortSignal {
    return this.#listen().signal;
  }

  /** Whether the document's texts are a model's or the user's own, so that only known secrets are taken out of them. */
  protected readonly documentIsData: boolean = false;

  /** Columns of stdout. */
  protected get width(): number {
    return terminalWidth(process.stdout);
  }

  /** What connecting to servers needs of a command. */
  protected get connectContext(): ConnectContext {
    return { output: this.output, signal: this.signal, cacheDirectory: join(this.config.cacheDir, 'facts') };
  }

  /** The command as the user types it. */
  protected get typedId(): string {
    return (this.id ?? '').replaceAll(':', ' ');
  }

  /** Whether people look at stderr: progress is drawn only then. */
  protected get interactive(): boolean {
    return process.stderr.isTTY === true && process.env['TERM'] !== 'dumb' && !this.jsonEnabled();
  }

  protected override async init(): Promise<void> {
    await super.init();
    // Colour is decided when chalk is loaded, which commands do after this.
    if (this.argv.includes('--no-color')) process.env['NO_COLOR'] = '1';
    if (process.env['NO_COLOR']) process.env['FORCE_COLOR'] = '0';
    this.output.addSecrets(process.env['LLAMACTL_API_KEY'], ...secretsIn(this.argv));
  }

  /** What oclif makes of the arguments, without its own reading of stdin for one that is missing: ours are read whole. */
  protected override async parse<
    F extends Interfaces.OutputFlags<F>,
    B extends Interfaces.OutputFlags<B>,
    A extends Interfaces.OutputArgs<A>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    for (const arg of Object.values<{ ignoreStdin?: boolean }>(options?.args ?? {})) arg.ignoreStdin = true;
    const words = argv ?? this.argv;
    return super.parse(options, 'target' in (options?.flags ?? {}) ? withoutTwice(words) : words);
  }

  protected override async catch(error: Error): Promise<void> {
    const failure = toFailure(this.#interruptedBy(error), this.typedId);
    process.exitCode = failure.exit;
    if (this.jsonEnabled()) {
      const { partial, visible } = failure.details;
      // What came of a cut answer, where anything had come.
      this.output.json({ error: failure.toJSON(), ...(visible === true ? { partial } : {}) });
    } else if (failure.type !== 'INTERRUPTED') {
      await this.explain(failure);
    }
  }

  /** Prints a failure on stderr, with what to do about it. */
  protected async explain(error: unknown): Promise<void> {
    const { renderError } = await import('../render/error.js');
    const failure = toFailure(error, this.typedId);
    this.output.note(
      renderError(failure, { width: terminalWidth(process.stderr), version: this.config.version }),
    );
  }

  /**
   * Prints events as they come, as text or a JSON document a line each, until they end or somebody interrupts.
   */
  protected async follow<Event>(
    events: AsyncIterable<Event>,
    documentOf: (event: Event) => unknown,
    textOf: (event: Event) => string,
  ): Promise<void> {
    try {
      for await (const event of events) {
        if (this.jsonEnabled()) this.output.jsonLine(documentOf(event));
        else this.output.print(textOf(event));
      }
    } catch (error) {
      this.endWith(error);
    }
  }

  /**
   * The end of what prints line by line: what was printed is whole, so an interruption is only the exit code.
   * @throws the error, where it is no interruption
   */
  protected endWith(error: unknown): void {
    const failure = toFailure(this.#interruptedBy(error), this.typedId);
    if (failure.type !== 'INTERRUPTED') throw error;
    process.exitCode = failure.exit;
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#interrupt?.dispose();
    await super.finally(error);
  }

  override logJson(json: unknown): void {
    this.output.json(json, this.documentIsData);
  }

  override warn(input: Error | string): Error | string {
    this.output.note(`! ${input instanceof Error ? input.message : input}`);
    return input;
  }

  #listen(): Interrupt {
    this.#interrupt ??= listenForInterrupt();
    return this.#interrupt;
  }

  /** An abort surfaces as whatever the interrupted code makes of it; what counts is the signal's own reason. */
  #interruptedBy(error: unknown): unknown {
    const signal = this.#interrupt?.signal;
    const isAbort =
      error instanceof LlamactlError
        ? error.type === 'INTERRUPTED'
        : error instanceof Error && error.name === 'AbortError';
    return signal?.aborted && isAbort && signal.reason instanceof LlamactlError ? signal.reason : error;
  }
}

/** The reader of a pipe has what it wanted: the work ends. */
function nobodyReads(exit: number): LlamactlError {
  return new LlamactlError({
    type: 'INTERRUPTED',
    code: 'interrupted',
    message: 'nobody reads the output',
    exit,
  });
}
