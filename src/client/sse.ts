import { createParser } from 'eventsource-parser';

/** One event may hold a whole answer (a tool call's arguments, log probabilities), but never this much. */
const LARGEST_EVENT_CHARACTERS = 16 * 1024 * 1024;

export interface SseListener {
  onEvent(event: { readonly event: string | undefined; readonly data: string }): void;
  /** A line that is no event stream, or an event too large to be one. */
  onMalformed(reason: string, text: string): void;
}

/**
 * Bytes → UTF-8 → server-sent events. Splits anywhere, in mid-character and mid-CRLF too, change nothing.
 * Comments (llama-server's keep-alive `:`) are dropped here, so that nothing above can mistake them for progress.
 */
export class SseDecoder {
  readonly #text = new TextDecoder('utf-8');
  readonly #parser;
  readonly #listener: SseListener;
  #overflowed = false;

  constructor(listener: SseListener) {
    this.#listener = listener;
    this.#parser = createParser({
      maxBufferSize: LARGEST_EVENT_CHARACTERS,
      onEvent: ({ event, data }) => listener.onEvent({ event, data }),
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') {
          this.#overflowed = true;
          listener.onMalformed(`an event longer than ${LARGEST_EVENT_CHARACTERS} characters`, '');
        } else if (error.type === 'unknown-field' && error.field === 'error' && error.value) {
          // Builds before 2025-10 send a failure in mid-stream as a field of its own: `error: {json}`.
          listener.onEvent({ event: 'error', data: error.value });
        } else {
          listener.onMalformed(error.message, error.line ?? '');
        }
      },
    });
  }

  /** Feeds the next bytes. After an event that was too large nothing more is read. */
  push(bytes: Uint8Array): void {
    if (this.#overflowed) return;
    this.#parser.feed(this.#text.decode(bytes, { stream: true }));
  }

  /** The stream has ended: an event without its closing blank line is delivered, as a cut answer's last words. */
  end(): void {
    if (this.#overflowed) return;
    const rest = this.#text.decode();
    // A trailing CR is kept back by the parser, since an LF might have followed.
    this.#parser.feed(`${rest}\n\n`);
  }

  get listener(): SseListener {
    return this.#listener;
  }
}
