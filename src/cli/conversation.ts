import type { ChatResult, Message } from '../client/types.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { readTerminal } from './line-reader.js';
import type { Output } from './output.js';

export interface ConversationOptions {
  readonly system: readonly Message[];
  /** Asks and prints; the signal ends the answer. */
  readonly turn: (messages: readonly Message[], signal: AbortSignal) => Promise<ChatResult>;
  /** Prints a failure; the conversation goes on. */
  readonly fail: (error: unknown) => Promise<void>;
  readonly output: Output;
  readonly url: string;
  /** Ends the conversation (SIGTERM). */
  readonly signal: AbortSignal;
}

const HELP = [
  '/clear  forget the conversation',
  '/exit   leave (Ctrl-D too)',
  '/help   this',
  'Ctrl-C  stop the answer; at the prompt, clear the line, or leave',
  '\\       at the end of a line: the message goes on in the next (pasted lines do)',
].join('\n');

/**
 * Several turns on a terminal, until /exit, Ctrl-D or Ctrl-C at the prompt.
 * @throws what the signal was aborted with
 */
export async function converse(options: ConversationOptions): Promise<void> {
  const { output, system, signal } = options;
  let answering: AbortController | undefined;
  const reader = readTerminal(() => answering?.abort());
  const onSignal = () => reader.close();
  signal.addEventListener('abort', onSignal, { once: true });
  output.note(`${options.url} · /help for commands, /exit to leave`);
  let messages: readonly Message[] = system;
  try {
    for (;;) {
      const line = (await reader.next())?.trim();
      signal.throwIfAborted();
      if (line === undefined || line === '/exit' || line === '/quit') return;
      if (line === '/clear') {
        messages = system;
        output.note('The conversation is forgotten.');
      } else if (/^\/[a-z]*$/.test(line)) {
        output.note(HELP);
      } else if (line !== '') {
        answering = new AbortController();
        messages = await answer(options, [...messages, { role: 'user', content: line }], answering.signal);
        answering = undefined;
      }
    }
  } finally {
    signal.removeEventListener('abort', onSignal);
    reader.close();
  }
}

/** One turn. @returns the history to go on from: without the question where it got no answer, with what came of a cut one */
async function answer(
  options: ConversationOptions,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<readonly Message[]> {
  try {
    const result = await options.turn(messages, signal);
    return [...messages, { role: 'assistant', content: result.content }];
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof LlamactlError && error.type === 'INTERRUPTED') options.output.note('(stopped)');
    else await options.fail(error);
    const came = contentOf(error);
    return came === '' ? messages.slice(0, -1) : [...messages, { role: 'assistant', content: came }];
  }
}

/** What had come of an answer that ended early. */
function contentOf(error: unknown): string {
  const partial = error instanceof LlamactlError ? error.details['partial'] : undefined;
  if (typeof partial !== 'object' || partial === null || !('content' in partial)) return '';
  return typeof partial.content === 'string' ? partial.content : '';
}
