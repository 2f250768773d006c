import type { ChatEvent, ChatResult } from '../client/types.js';
import type { Answer } from '../services/chat.js';
import type { Output } from './output.js';
import type { ProgressLine } from './progress-line.js';

/** Milliseconds of silence after which somebody who watches is told what goes on. */
const PATIENCE = 1000;
const REFRESH = 250;

interface Waiting {
  readonly elapsedMs: number;
  /** Prompt tokens, where the server tells. */
  readonly prompt: { readonly processed: number; readonly total: number } | null;
}

/** Prints an answer as it comes: content on stdout, everything else on stderr. */
export class ChatPrinter {
  readonly #output: Output;
  readonly #interactive: boolean;
  #column = 0;
  #hasContent = false;
  #thinking = false;
  #prompt: Waiting['prompt'] = null;
  #timer: NodeJS.Timeout | undefined;
  #progress: ProgressLine<Waiting> | undefined;

  /** @param interactive whether people look at stderr: progress and a model's reasoning are shown only then */
  constructor(output: Output, interactive: boolean) {
    this.#output = output;
    this.#interactive = interactive;
  }

  /** Tells how long the first token, or the whole answer, has been waited for, once that is long. */
  begin(awaited: 'the first token' | 'the answer'): void {
    if (!this.#interactive) return;
    const started = performance.now();
    this.#prompt = null;
    const timer = setTimeout(async () => {
      const progress = await this.#loadProgress(awaited);
      // The first token may have come in the meantime.
      if (this.#timer !== timer) return;
      this.#progress = progress;
      const show = () => progress.update({ elapsedMs: performance.now() - started, prompt: this.#prompt });
      show();
      this.#timer = setInterval(show, REFRESH);
    }, PATIENCE);
    this.#timer = timer;
  }

  readonly onEvent = (event: ChatEvent): void => {
    if (event.type === 'prompt-progress') {
      this.#prompt = event;
      return;
    }
    this.#stopProgress();
    if (event.type === 'content') this.#content(event.text);
    else if (event.type === 'reasoning' && this.#interactive) this.#reasoning(event.text);
  };

  /** Ends a line that is open, before anything else is printed; whole answers and cut ones alike. */
  endLine(): void {
    this.#stopProgress();
    if (this.#thinking) this.#output.noteRaw('\n');
    if (this.#column > 0) this.#output.write('\n');
    this.#column = 0;
    this.#hasContent = false;
    this.#thinking = false;
  }

  /** What is told after an answer: calls of tools, and why it ended where that was not its own end. */
  async finish(result: ChatResult): Promise<void> {
    const { renderToolCalls } = await import('../render/chat.js');
    if (result.toolCalls.length > 0) this.#output.write(`${renderToolCalls(result)}\n`);
    if (result.finishReason === 'length')
      this.#output.note('! The answer ends at its token limit (--max-tokens, or the context).');
    if (result.content === '' && result.toolCalls.length === 0)
      this.#output.note(
        `! The answer is empty${result.reasoning === '' ? '' : ': the model only reasoned'}.`,
      );
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

  async #loadProgress(awaited: string): Promise<ProgressLine<Waiting>> {
    const [{ startProgressLine }, { renderWaiting }] = await Promise.all([
      import('./progress-line.js'),
      import('../render/chat.js'),
    ]);
    return startProgressLine<Waiting>({
      output: this.#output,
      interactive: true,
      render: ({ elapsedMs, prompt }) => renderWaiting(awaited, elapsedMs, prompt),
      keyOf: () => '',
    });
  }

  #stopProgress(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#progress?.pause();
    this.#progress = undefined;
  }
}
