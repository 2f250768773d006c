import type { ChatEvent, ChatResult } from '../client/types.js';
import type { Answer } from '../services/chat.js';
import type { Output } from './output.js';

/** Prints an answer as it comes: content on stdout, everything else on stderr. */
export class ChatPrinter {
  readonly #output: Output;
  readonly #interactive: boolean;
  #column = 0;
  #hasContent = false;
  #thinking = false;

  /** @param interactive whether people look at stderr: a model's reasoning is shown only then */
  constructor(output: Output, interactive: boolean) {
    this.#output = output;
    this.#interactive = interactive;
  }

  readonly onEvent = (event: ChatEvent): void => {
    if (event.type === 'content') this.#content(event.text);
    else if (event.type === 'reasoning' && this.#interactive) this.#reasoning(event.text);
  };

  /** Ends a line that is open, before anything else is printed; whole answers and cut ones alike. */
  endLine(): void {
    if (this.#thinking) this.#output.noteRaw('\n');
    if (this.#column > 0) this.#output.write('\n');
    this.#column = 0;
    this.#hasContent = false;
    this.#thinking = false;
  }

  /** What is told after an answer: calls of tools, and why it ended where that was not its own end. */
  finish(result: ChatResult): void {
    for (const { name, arguments: given } of result.toolCalls)
      this.#output.print(`${name}(${JSON.stringify(given)})`);
    if (result.finishReason === 'length')
      this.#output.note('! The answer ends at its token limit (--max-tokens, or the context).');
  }

  async stats({ result, firstTokenMs }: Answer, contextSize: number | null): Promise<void> {
    const { renderStats } = await import('../render/chat.js');
    this.#output.note(`\n${renderStats({ result, firstTokenMs, contextSize })}`);
  }

  #content(text: string): void {
    if (this.#thinking) {
      this.#output.noteRaw('\n\n');
      this.#thinking = false;
    }
    // Models begin with the space or line end that the template's last token called for.
    const piece = this.#hasContent ? text : text.trimStart();
    if (piece === '') return;
    this.#hasContent = true;
    this.#output.write(piece);
    this.#column = piece.endsWith('\n') ? 0 : 1;
  }

  #reasoning(text: string): void {
    this.#thinking = true;
    this.#output.noteRaw(text);
  }
}
